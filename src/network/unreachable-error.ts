/** Why there is no usable answer from a server. */
export type UnreachableReason =
  | "invalid_address"
  | "forbidden_address"
  | "insecure"
  | "dns"
  | "refused"
  | "tls"
  | "timeout"
  | "reset"
  | "too_large"
  | "not_json"
  | "unexpected_answer"
  | "too_many_redirects"
  | "redirect_refused"
  | "aborted";

/**
 * A request without a usable answer. It names only the host and never a path, query, header or
 * body, so it may be logged and shown. `detail` is a short code for the log (ECONNREFUSED,
 * CERT_HAS_EXPIRED, a field's name).
 */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  readonly reason: UnreachableReason;
  readonly host: string;
  readonly detail: string | null;

  constructor(reason: UnreachableReason, host: string, detail: string | null = null) {
    super(`${host}: ${reason}${detail === null ? "" : ` (${detail})`}`);
    this.reason = reason;
    this.host = host;
    this.detail = detail;
  }
}
