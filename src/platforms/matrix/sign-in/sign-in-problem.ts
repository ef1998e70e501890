import type { AccountProblem } from "../../../model/account-problem.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { UnreachableReason } from "../../../network/unreachable-error.ts";
import { HomeserverError, accountProblemOf } from "../api/homeserver-error.ts";

/** Why an account is not signed in, or no longer. The sentences for these are in `view`. */
export type SignInProblem =
  | AccountProblem
  | { readonly code: "wrong_password" }
  | { readonly code: "password_not_offered" }
  | { readonly code: "guest" }
  /** `whoami` named an account other than the one that the user named. */
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

/**
 * The problem that a failed request means for a sign-in.
 * @throws what is neither a server's error nor a failed connection
 */
export function toSignInProblem(error: unknown): SignInProblem {
  if (error instanceof UnreachableError)
    return { code: "unreachable", reason: error.reason, host: error.host };
  if (!(error instanceof HomeserverError)) throw error;
  const { errcode, status, text, retryAfterMs } = error;
  if (status === 429 || errcode === "M_LIMIT_EXCEEDED") return { code: "limited", retryAfterMs };
  if (status >= 500) return { code: "server_trouble", status, retryAfterMs };
  if (errcode === "M_GUEST_ACCESS_FORBIDDEN") return { code: "guest" };
  return accountProblemOf(error) ?? { code: "server_refused", status, errcode, text };
}
