import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { SignInProblem } from "../../sign-in.ts";
import { HomeserverError, accountProblemOf, isLimited } from "../api/homeserver-error.ts";
import { PageError } from "../api/page-error.ts";

/**
 * The problem that a failed request means for a sign-in.
 * @throws anything that is neither a server's error nor a failed connection
 */
export function toSignInProblem(error: unknown): SignInProblem {
  if (error instanceof PageError && error.status >= 500)
    return { code: "server_trouble", status: error.status, retryAfterMs: error.retryAfterMs };
  if (error instanceof UnreachableError)
    return { code: "unreachable", reason: error.reason, host: error.host };
  if (!(error instanceof HomeserverError)) throw error;
  const { errcode, status, text, retryAfterMs } = error;
  if (isLimited(error)) return { code: "limited", retryAfterMs };
  if (status >= 500) return { code: "server_trouble", status, retryAfterMs };
  if (errcode === "M_GUEST_ACCESS_FORBIDDEN") return { code: "guest" };
  return accountProblemOf(error) ?? { code: "server_refused", status, errcode, text };
}
