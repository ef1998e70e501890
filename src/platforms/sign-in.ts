import type { AccountProblem } from "../model/account-problem.ts";
import type { Account, SessionTokens, SignInMethod, SignedInAccount } from "../model/account.ts";
import type { SignInLink } from "../model/sign-in-link.ts";
import type { UnreachableReason } from "../network/unreachable-error.ts";

/** Why an account is not signed in, or no longer is. `view` has the sentences. */
export type SignInProblem =
  | AccountProblem
  | { readonly code: "wrong_password" }
  | { readonly code: "password_not_offered" }
  | { readonly code: "guest" }
  /** The server named an account other than the one that the user named. */
  | { readonly code: "wrong_account"; readonly expected: string; readonly actual: string }
  /** `retryAfterMs` is null if the server names no delay. */
  | { readonly code: "limited"; readonly retryAfterMs: number | null }
  | { readonly code: "unreachable"; readonly reason: UnreachableReason; readonly host: string }
  /** The server has an internal error (5xx). A later try may succeed. */
  | { readonly code: "server_trouble"; readonly status: number; readonly retryAfterMs: number | null }
  /** Any other refusal. `text`: the server's own words, cleaned and cut to 300 characters. */
  | {
      readonly code: "server_refused";
      readonly status: number;
      readonly errcode: string;
      readonly text: string;
    };

/** The codes of `ServerNotFound`. */
export const SERVER_NOT_FOUND_CODES = [
  "invalid_server_name",
  "well_known_invalid",
  "unreachable",
  "insecure",
  "forbidden_address",
  "not_a_homeserver",
  "too_old",
] as const;

/** Why no server of the platform was found for a server name. */
export interface ServerNotFound {
  readonly code: (typeof SERVER_NOT_FOUND_CODES)[number];
  readonly serverName: string;
  readonly reason: UnreachableReason | null;
  /** The error status of the server's answer, if that was the reason. */
  readonly status: number | null;
}

/** Everything that can keep a person from signing in to an account. */
export type AccountRefusal =
  | SignInProblem
  | { readonly code: "no_homeserver"; readonly error: ServerNotFound }
  | { readonly code: "same_account"; readonly userId: string }
  /** The server signs people in on the page of another homeserver. `other`: that server's name. */
  | { readonly code: "page_of_other_server"; readonly page: string; readonly other: string };

/** The sign-in methods that a server offers. */
export interface LoginOptions {
  readonly password: boolean;
  /** A one-time login token. */
  readonly token: boolean;
  readonly sso: boolean;
  /** The server delegates sign-in to an authorization server. */
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
 * not log out. The user finds it in the list of devices.
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

/** A link that has begun: everything that is stored of it except its owner and account. */
export type BegunLink = Pick<
  SignInLink,
  "userCode" | "verificationUri" | "intervalMs" | "expiresAt" | "issuer" | "foreignHost"
> &
  Readonly<Record<string, unknown>>;

/**
 * What happened to a link. `lost`: the bot did not receive its tokens. `away`: a server did not
 * answer, and the link stays valid.
 */
export type LinkAnswer =
  | { readonly kind: "pending" | "slow_down" | "away" | "refused" | "expired" | "lost" }
  | { readonly kind: "confirmed"; readonly tokens: SessionTokens }
  | { readonly kind: "failed"; readonly problem: SignInProblem };

/**
 * Whether the session of a link belongs to the account. `away`: the account's server did not
 * answer. `isGone`: the refused session was ended.
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
   * Requests a code for a sign-in by link; null if the server offers none.
   * @param deviceId the device of the new session
   */
  beginLink(deviceId: string): Promise<BegunLink | null>;
  options(): Promise<LoginOptions>;
  /** The same `deviceId` on a second try replaces a session whose answer was lost. */
  withPassword(attempt: { userId: string; password: string; deviceId: string }): Promise<SignInOutcome>;
  withToken(attempt: { userId: string; accessToken: string }): Promise<SignInOutcome>;
  /** Ends a session that the bot made. Returns whether it has certainly ended. */
  end(session: Session): Promise<boolean>;
  /** Whether a pasted token expires within minutes. */
  isShortLived(accessToken: string): Promise<boolean>;
}

/** What a server says about a session. */
export type SessionCheck =
  { readonly kind: "valid" } | { readonly kind: "problem"; readonly problem: SignInProblem };

/**
 * What happened to a session that the bot no longer uses. `page`: the page on which its owner can
 * end it.
 */
export type SessionEnding =
  | { readonly ending: "logged_out" | "left_alone" }
  | { readonly ending: "not_reached"; readonly problem: SignInProblem; readonly page: string | null }
  /** The server was asked to end the session. Whether it has ended could not be checked. */
  | { readonly ending: "not_checked"; readonly page: string | null };

/** Sign-in and sessions on one platform. */
export interface PlatformSignIn {
  /** The platform's sign-in methods, safest first. */
  readonly methods: readonly SignInMethod[];
  /** Finds the server of an account. @throws errors that `refusalOf` reads */
  serverOf(userId: string): Promise<SignInServer>;
  /** Asks once for the state of a link that waits for its person. */
  pollLink(link: SignInLink): Promise<LinkAnswer>;
  /**
   * Proves that a confirmed link belongs to the account. Ends the session if it belongs to another
   * one.
   * @param keep stores renewed tokens; it is awaited before they are used
   */
  proveLink(link: SignInLink, keep: (tokens: SessionTokens) => Promise<void>): Promise<LinkProof>;
  /**
   * Ends the session of a link.
   * @returns whether the session has certainly ended
   */
  discardLink(link: SignInLink): Promise<boolean>;
  /** Asks the server whether a session still works. */
  check(account: Account, signal: AbortSignal): Promise<SessionCheck>;
  /** Ends the bot's own session. A pasted token's session is the user's and is left alone. */
  end(account: Account): Promise<SessionEnding>;
  /** The page on which the account's owner manages the bot's session; null for none. */
  sessionPage(signedIn: SignedInAccount): string | null;
  /**
   * What a failed request to an account's server means for its owner.
   * @throws anything that is neither a server's error nor a failed connection: a bug
   */
  refusalOf(error: unknown): AccountRefusal;
}
