import type { Account } from "../migration/account.ts";
import type { DiscoveryError } from "../platforms/matrix/discovery-error.ts";
import type { LoginOptions } from "../platforms/matrix/login-options.ts";
import type { SignInProblem } from "../platforms/matrix/sign-in-problem.ts";

/** Everything that can stand between a person and a signed-in account. */
export type Refusal = SignInProblem | { code: "no_homeserver"; error: DiscoveryError } | { code: "same_account"; userId: string };

/** `leftoverDeviceId`: a session the bot made, may not use and could not log out again. */
export type SignInResult =
  | { status: "signed_in"; account: Account; other: Account | null; replaced: SignOutResult | null }
  | { status: "refused"; refusal: Refusal; leftoverDeviceId: string | null };

/** What a server offers to someone who wants to sign in. */
export type OfferResult = { status: "offered"; options: LoginOptions } | { status: "refused"; refusal: Refusal };

/** One account as `!whoami` shows it: `sessionState` is what the server says now. */
export interface AccountState {
  account: Account;
  sessionState: { kind: "works" } | { kind: "ended"; problem: SignInProblem } | { kind: "not_checked"; problem: SignInProblem };
}

/** What became of a session when the bot stopped using it. */
export type SignOutResult =
  { account: Account; ending: "logged_out" | "left_alone" } | { account: Account; ending: "not_reached"; problem: SignInProblem };

/** What `!forget` did; `messages` were kept of the conversation. */
export interface Forgotten {
  signedOut: SignOutResult[];
  erased: { messages: number };
}
