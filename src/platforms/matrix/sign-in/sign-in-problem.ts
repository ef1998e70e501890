import { HomeserverError } from "../api/homeserver-error.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { UnreachableReason } from "../../../network/unreachable-error.ts";

/** Why an account is not signed in, or no longer. Sentences for these live in `view`. */
export type SignInProblem =
  | { readonly code: "wrong_password" }
  | { readonly code: "password_not_offered" }
  /** The token is unknown to the server: expired, logged out or mistyped. */
  | { readonly code: "expired_token" }
  | { readonly code: "guest" }
  | { readonly code: "locked" }
  | { readonly code: "deactivated" }
  | { readonly code: "suspended" }
  /** `whoami` named another account than the user did. */
  | { readonly code: "wrong_account"; readonly expected: string; readonly actual: string }
  /** `retryAfterMs` is null where the server did not say how long. */
  | { readonly code: "limited"; readonly retryAfterMs: number | null }
  /** The server asks the user to agree to its terms first. */
  | { readonly code: "consent_needed"; readonly consentUri: string | null }
  | { readonly code: "unreachable"; readonly reason: UnreachableReason; readonly host: string }
  /** The server is in trouble (5xx); trying later makes sense. */
  | { readonly code: "server_trouble"; readonly status: number; readonly retryAfterMs: number | null }
  /**
   * Anything else the server said no to, in its own words (cleaned, at most 300 characters,
   * possibly empty).
   */
  | {
      readonly code: "server_refused";
      readonly status: number;
      readonly errcode: string;
      readonly text: string;
    };

/**
 * Reads a failed request as a problem of signing in.
 * @throws what is neither a server's error nor a failed connection
 */
export function toSignInProblem(error: unknown): SignInProblem {
  if (error instanceof UnreachableError)
    return { code: "unreachable", reason: error.reason, host: error.host };
  if (!(error instanceof HomeserverError)) throw error;
  const { errcode, status, text, retryAfterMs } = error;
  if (status === 429 || errcode === "M_LIMIT_EXCEEDED") return { code: "limited", retryAfterMs };
  if (status >= 500) return { code: "server_trouble", status, retryAfterMs };
  switch (errcode) {
    case "M_USER_LOCKED":
    case "ORG_MATRIX_MSC3939_USER_LOCKED":
      return { code: "locked" };
    case "M_USER_DEACTIVATED":
      return { code: "deactivated" };
    case "M_USER_SUSPENDED":
    case "ORG.MATRIX.MSC3823.USER_ACCOUNT_SUSPENDED":
      return { code: "suspended" };
    case "M_UNKNOWN_TOKEN":
    case "M_MISSING_TOKEN":
      return { code: "expired_token" };
    case "M_GUEST_ACCESS_FORBIDDEN":
      return { code: "guest" };
    case "M_CONSENT_NOT_GIVEN":
      return { code: "consent_needed", consentUri: error.consentUri ?? null };
    default:
      return { code: "server_refused", status, errcode, text };
  }
}
