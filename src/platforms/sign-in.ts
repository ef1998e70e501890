import type { AccountProblem } from "../model/account-problem.ts";
import type { Account, SessionTokens, SignInMethod, SignedInAccount } from "../model/account.ts";
import type { SignInLink } from "../model/sign-in-link.ts";
import type { UnreachableReason } from "../network/unreachable-error.ts";

/** Why an account is not signed in, or no longer. The sentences for these are in `view`. */
export type SignInProblem =
  | AccountProblem
  | { readonly code: "wrong_password" }
  | { readonly code: "password_not_offered" }
  | { readonly code: "guest" }
  /** The server named an account other than the one that the user named. */
  | { readonly code: "wrong_account"; readonly expected: string; readonly actual: string }
  /** `retryAfterMs` is null where the server did not say how long. */
  | { readonly code: "limited"; readonly retryAfterMs: number | null }
  | { readonly code: "unreachable"; readonly reason: UnreachableReason; readonly host: string }
  /** The server has an internal error (5xx); trying later makes sense. */
  | { readonly code: "server_trouble"; readonly status: number; readonly retryAfterMs: number | null }
  /** Any other refusal. `text`: the server's own words, cleaned and cut to 300 characters. */
  | {
      readonly code: "server_refused";
      readonly status: number;
      readonly errcode: string;
      readonly text: string;
    };

export const SERVER_NOT_FOUND_CODES = [
  "invalid_server_name",
  "well_known_invalid",
  "unreachable",
  "insecure",
  "forbidden_address",
  "not_a_homeserver",
  "too_old",
] as const;

/** Why no server of the platform was found behind a server name. */
export interface ServerNotFound {
  readonly code: (typeof SERVER_NOT_FOUND_CODES)[number];
  readonly serverName: string;
  readonly reason: UnreachableReason | null;
  /** The error status of the server's answer, if that was the reason. */
  readonly status: number | null;
}

/** Everything that can keep a person from a signed-in account. */
export type AccountRefusal =
  | SignInProblem
  | { readonly code: "no_homeserver"; readonly error: ServerNotFound }
  | { readonly code: "same_account"; readonly userId: string };

/** The ways of signing in that a server offers. */
export interface LoginOptions {
  readonly password: boolean;
  /** A one-time login token. */
  readonly token: boolean;
  readonly sso: boolean;
  /** The server delegates to an authorization server. */
  readonly oauth: boolean;
}

/**
 * Proven access to an account. `deviceId` is null for tokens without a device, which
 * administrators make. `tokens` are a secret.
 */
export interface Session {
  readonly userId: string;
  readonly deviceId: string | null;
  readonly tokens: SessionTokens;
}

/**
 * How a sign-in ended. `leftoverDeviceId` names a session that the bot made, may not use and could
 * not log out again; the user finds it in the list of devices.
 */
export type SignInOutcome =
  | { readonly kind: "signed_in"; readonly session: Session }
  | { readonly kind: "problem"; readonly problem: SignInProblem; readonly leftoverDeviceId: string | null };

/** How the bot introduces itself on servers' consent pages. */
export interface ClientIntroduction {
  readonly clientName: string;
  /** An https page about this bot; servers require one and show it. */
  readonly clientUri: string;
}

/** A link that has begun: what is stored of it besides whose it is. */
export type BegunLink = Pick<SignInLink, "userCode" | "verificationUri" | "intervalMs" | "expiresAt"> &
  Readonly<Record<string, unknown>>;

/**
 * What became of a link. `lost`: its tokens reached nobody. `away`: a server did not answer; the
 * link stays valid.
 */
export type LinkAnswer =
  | { readonly kind: "pending" | "slow_down" | "away" | "refused" | "expired" | "lost" }
  | { readonly kind: "confirmed"; readonly tokens: SessionTokens }
  | { readonly kind: "failed"; readonly problem: SignInProblem };

/**
 * Whether the session that a link became is the account's. `away`: its server could not be asked.
 * `isGone`: the refused session was ended.
 */
export type LinkProof =
  | { readonly kind: "signed_in"; readonly session: Session }
  | { readonly kind: "away" }
  | { readonly kind: "refused"; readonly refusal: AccountRefusal; readonly isGone: boolean };

/** The server of an account that is about to be signed in. */
export interface SignInServer {
  /** Client API address. */
  readonly baseUrl: string;
  /**
   * Requests a code for a sign-in by link; null where the server offers none.
   * @param deviceId of the session that the link becomes
   */
  beginLink(deviceId: string): Promise<BegunLink | null>;
  options(): Promise<LoginOptions>;
  /** The same `deviceId` on a second try replaces a session whose answer was lost. */
  withPassword(attempt: { userId: string; password: string; deviceId: string }): Promise<SignInOutcome>;
  withToken(attempt: { userId: string; accessToken: string }): Promise<SignInOutcome>;
  /** Whether a pasted token expires within minutes. */
  isShortLived(accessToken: string): Promise<boolean>;
}

/** What a server says about a session. */
export type SessionCheck =
  { readonly kind: "valid" } | { readonly kind: "problem"; readonly problem: SignInProblem };

/** What became of a session that the bot no longer uses. `page`: where its owner can end it. */
export type SessionEnding =
  | { readonly ending: "logged_out" | "left_alone" }
  | { readonly ending: "not_reached"; readonly problem: SignInProblem; readonly page: string | null }
  /** The server was asked to end it, and whether it did could not be checked. */
  | { readonly ending: "not_checked"; readonly page: string | null };

/** Sign-in, and what concerns sessions, on one platform. */
export interface PlatformSignIn {
  /** The ways that the platform knows, safest first. */
  readonly methods: readonly SignInMethod[];
  /** Finds the server of an account. @throws errors that `refusalOf` reads */
  serverOf(userId: string): Promise<SignInServer>;
  /** Asks once what became of a link that waits for its person. */
  pollLink(link: SignInLink): Promise<LinkAnswer>;
  /**
   * Proves that a confirmed link is the account's; ends the session of another account.
   * @param keep stores renewed tokens; it is awaited before they are used
   */
  proveLink(link: SignInLink, keep: (tokens: SessionTokens) => Promise<void>): Promise<LinkProof>;
  /** Ends the session that a link became. @returns whether it is certainly gone */
  discardLink(link: SignInLink): Promise<boolean>;
  /** Asks the server whether a session still works. */
  check(account: Account, signal: AbortSignal): Promise<SessionCheck>;
  /** Ends the bot's own session; a pasted one is the user's and is left alone. */
  end(account: Account): Promise<SessionEnding>;
  /** The page on which the account's owner manages the bot's session; null where there is none. */
  sessionPage(signedIn: SignedInAccount): string | null;
  /**
   * What a failed request to an account's server means for its owner.
   * @throws what is neither a server's error nor a failed connection: a bug
   */
  refusalOf(error: unknown): AccountRefusal;
}
