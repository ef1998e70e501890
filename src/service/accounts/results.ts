import type { AccountProblem } from "../../model/account-problem.ts";
import type { Account, Side } from "../../model/account.ts";
import type { AccountRefusal, LoginOptions, SessionEnding, SignInProblem } from "../../platforms/sign-in.ts";

/**
 * An account that was just signed in. `replaced`: what happened to the session that it replaced.
 */
export interface SignedIn {
  account: Account;
  other: Account | null;
  replaced: SignOutResult | null;
  /** Work between the two accounts goes on by itself. */
  continues?: true;
  /** When the person's files of the old account were written; only if that is not signed in. */
  filesOf?: number;
}

/**
 * - `leftoverDeviceId`: a session that the bot made, must not use and could not log out again.
 * - `isShortLived`: the pasted token expires within minutes, as on servers with OAuth.
 */
export type SignInResult =
  | ({ status: "signed_in"; isShortLived: boolean } & SignedIn)
  | { status: "refused"; refusal: AccountRefusal; leftoverDeviceId: string | null };

/** The data of a pending sign-in by link that its person needs. Nothing in it is a secret. */
export interface WaitingLink {
  /** Who asked for it, if other people can read it; `null` in a direct chat. */
  askedBy: string | null;
  side: Side;
  userId: string;
  verificationUri: string;
  userCode: string;
  remainingMs: number;
  /** The host of the page if it shares no domain with the account's server. */
  foreignHost: string | null;
  /** The name of the bot on the server's page. */
  clientName: string;
  clientUri: string;
}

/**
 * How a sign-in continues.
 * - `link`: the sign-in by link has begun and is pending. `isRepeat`: the same message began it
 *   before a crash.
 * - `offered`: the other methods, if the server offers no link.
 */
export type OfferResult =
  | { status: "link"; link: WaitingLink; isRepeat: boolean }
  | { status: "offered"; options: LoginOptions }
  | { status: "refused"; refusal: AccountRefusal };

/** A change of a sign-in by link. `lost`: it was confirmed, and its tokens were lost. */
export type LinkNews =
  | { kind: "waiting"; link: WaitingLink; isServerAway: boolean }
  | ({ kind: "signed_in" } & SignedIn)
  | { kind: "refusal"; refusal: AccountRefusal; leftoverDeviceId: string | null }
  | { kind: "denied" | "expired" | "cancelled" | "replaced" }
  | { kind: "lost"; deviceId: string };

/**
 * One account as `!whoami` shows it. `sessionState`: the server's current answer. `page`: where its
 * owner manages the bot's session.
 */
export interface AccountState {
  account: Account;
  page: string | null;
  sessionState:
    | { kind: "works" }
    | { kind: "ended"; problem: AccountProblem }
    | { kind: "not_checked"; problem: SignInProblem };
}

/** What happened to a session when the bot stopped using it. */
export type SignOutResult = { account: Account } & SessionEnding;

/**
 * What `!forget` did. `messages`: how many messages of the conversation were stored. `hadFiles`:
 * whether the person had imported files.
 */
export interface Forgotten {
  signedOut: SignOutResult[];
  erased: { messages: number; hadFiles: boolean };
}
