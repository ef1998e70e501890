import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { ErrorAnswer } from "./homeserver-error.ts";
import { HomeserverError, retryAfterMs } from "./homeserver-error.ts";
import { isJsonObject } from "./json.ts";

/** The statuses of a proxy whose homeserver has not answered in time. 524 is Cloudflare's. */
const TIMEOUT_STATUSES: ReadonlySet<number> = new Set([408, 504, 524]);
/** The statuses that a gateway sends for itself, often with its own JSON (`{"message": …}`). */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);
/** Cloudflare's statuses begin here. */
const FIRST_CLOUDFLARE_STATUS = 520;
/**
 * The statuses that also count without JSON: the request is too large, or it comes too soon.
 * Proxies limit both.
 */
const REQUEST_STATUSES: ReadonlySet<number> = new Set([413, 414, 429]);

/**
 * An error status without a homeserver's JSON: the page of a proxy, a web server or a firewall in
 * front of it. It is never a verdict of the homeserver, so the server counts as away. The page's
 * text is not kept.
 */
export class PageError extends UnreachableError {
  readonly status: number;
  /** The delay that the page asks for, in milliseconds; null for none. */
  readonly retryAfterMs: number | null;

  constructor(host: string, status: number, retryAfter: number | null) {
    super(TIMEOUT_STATUSES.has(status) ? "timeout" : "not_json", host, String(status));
    this.status = status;
    this.retryAfterMs = retryAfter;
  }
}

/** The delay that a failed request was answered with, in milliseconds; null for none. */
export function askedDelayMs(error: unknown): number | null {
  return error instanceof HomeserverError || error instanceof PageError ? error.retryAfterMs : null;
}

/**
 * The error of an answer that no homeserver gave; `null` for an answer of a homeserver. Every
 * refusal of a homeserver has an `errcode` (CS §Standard error response). Dendrite leaves it out of
 * internal errors only.
 */
export function pageErrorOf(answer: ErrorAnswer, host: string, now: Date): PageError | null {
  const { status, headers, body } = answer;
  if (REQUEST_STATUSES.has(status)) return null;
  const isOfGateway = GATEWAY_STATUSES.has(status) || status >= FIRST_CLOUDFLARE_STATUS;
  const mayLackCode = status >= 500 && !isOfGateway;
  if (
    isJsonObject(body) &&
    (mayLackCode ? Object.keys(body).length > 0 : typeof body["errcode"] === "string")
  )
    return null;
  return new PageError(host, status, retryAfterMs(headers["retry-after"], undefined, now));
}
