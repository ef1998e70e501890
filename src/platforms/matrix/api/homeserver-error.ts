import { z } from "zod";
import { cleanServerText, holdsSecret } from "./server-text.ts";

/** What a homeserver answered with an error status. */
export interface HomeserverErrorFields {
  readonly errcode: string;
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly method: string;
  readonly path: string;
  readonly text: string;
  readonly isJson: boolean;
  readonly isSoftLogout?: boolean;
  readonly consentUri?: string;
}

/**
 * An error answer of a homeserver (CS API, "Standard error response"). Never holds the request's
 * headers, query or body. The message leaves out the server's own words; those are in `text`,
 * cleaned and cut to 300 characters.
 */
export class HomeserverError extends Error {
  override readonly name = "HomeserverError";
  /** "M_UNKNOWN" where the server gave none, or no JSON (seen with Dendrite and with proxies). */
  readonly errcode: string;
  readonly status: number;
  /** How long the server asked to wait, in milliseconds; null where it did not say. */
  readonly retryAfterMs: number | null;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly text: string;
  /** False for what no homeserver writes: the page of a proxy in front of one that is down. */
  readonly isJson: boolean;
  /**
   * With M_UNKNOWN_TOKEN: the session lives on and may sign in again with its device. Means nothing
   * under OAuth (oauth.md).
   */
  readonly isSoftLogout?: boolean;
  /** With M_CONSENT_NOT_GIVEN: the page on which the user agrees to the server's terms. */
  readonly consentUri?: string;

  constructor(fields: HomeserverErrorFields) {
    super(`${fields.method} ${fields.path}: ${fields.status} ${fields.errcode}`);
    this.errcode = fields.errcode;
    this.status = fields.status;
    this.retryAfterMs = fields.retryAfterMs;
    this.method = fields.method;
    this.path = fields.path;
    this.text = fields.text;
    this.isJson = fields.isJson;
    if (fields.isSoftLogout !== undefined) this.isSoftLogout = fields.isSoftLogout;
    if (fields.consentUri !== undefined) this.consentUri = fields.consentUri;
  }
}

const errorBodySchema = z.object({
  errcode: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  retry_after_ms: z.number().nonnegative().optional().catch(undefined),
  soft_logout: z.boolean().optional().catch(undefined),
  consent_uri: z
    .url({ protocol: /^https?$/ })
    .max(1_000)
    .optional()
    .catch(undefined),
});

/** Timers beyond this run out at once (Node), so no wait may be longer: about 25 days. */
const MAX_WAIT_MS = 2_147_483_647;

/** An answer with an error status, as far as its error is made from it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body, or undefined where it is no JSON. */
  readonly body: unknown;
}

/**
 * Makes the error of an answer.
 * @param secrets what the request carried and the error must not repeat: token, password
 */
export function toHomeserverError(
  answer: ErrorAnswer,
  request: { readonly method: string; readonly path: string },
  secrets: readonly string[],
  now: Date,
): HomeserverError {
  const parsed = errorBodySchema.safeParse(answer.body);
  const body = parsed.success ? parsed.data : {};
  const errcode = body.errcode ?? "";
  const consentUri = body.consent_uri;
  return new HomeserverError({
    errcode:
      /^[A-Za-z0-9_.-]{1,100}$/.test(errcode) && !holdsSecret(errcode, secrets) ? errcode : "M_UNKNOWN",
    status: answer.status,
    retryAfterMs: retryAfterMs(answer.headers["retry-after"], body.retry_after_ms, now),
    method: request.method,
    path: request.path,
    text: cleanServerText(body.error ?? "", secrets),
    isJson: parsed.success,
    ...(body.soft_logout === undefined ? {} : { isSoftLogout: body.soft_logout }),
    ...(consentUri === undefined || holdsSecret(consentUri, secrets) ? {} : { consentUri }),
  });
}

/**
 * The header is preferred since v1.10 (CS API, "Rate limiting"): whole seconds or a date. Where the
 * older field says the same time more exactly, as Synapse's does (protocol-facts.md section 13), it
 * counts: the header is rounded up.
 */
function retryAfterMs(header: string | undefined, field: number | undefined, now: Date): number | null {
  const value = header?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(value)) {
    const isExact = field !== undefined && Math.ceil(field / 1_000) === Number(value);
    return limitWait(isExact ? field : Number(value) * 1_000);
  }
  const at = /[A-Za-z]/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(at)) return limitWait(at - now.getTime());
  return field === undefined ? null : limitWait(field);
}

function limitWait(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), MAX_WAIT_MS);
}

/**
 * The answer, or `undefined` where the server says that the thing does not exist: 404 with
 * M_NOT_FOUND. No other 404 counts: a proxy and a server without the endpoint answer 404 as well.
 */
export async function unlessAbsent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HomeserverError && error.status === 404 && error.errcode === "M_NOT_FOUND")
      return undefined;
    throw error;
  }
}

/** Whether a server has no such endpoint (CS §Common error codes). */
export function isUnrecognized(error: unknown): boolean {
  return (
    error instanceof HomeserverError &&
    error.errcode === "M_UNRECOGNIZED" &&
    (error.status === 404 || error.status === 405)
  );
}
