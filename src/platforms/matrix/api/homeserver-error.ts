import { z } from "zod";
import type { AccountProblem } from "../../../model/account-problem.ts";
import { cleanServerText, holdsSecret } from "./server-text.ts";

/** An answer of a homeserver with an error status. */
export interface HomeserverErrorFields {
  readonly errcode: string;
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly method: string;
  readonly path: string;
  readonly text: string;
  readonly isUnconfirmed?: boolean;
  readonly isSoftLogout?: boolean;
  readonly consentUri?: string;
  readonly infoUri?: string;
}

/**
 * An error answer of a homeserver (CS API, "Standard error response"). Never holds the request's
 * headers, query or body. The message leaves out the server's own text. `text` has it, cleaned and
 * cut to 300 characters. An answer without JSON comes from something in front of the homeserver and
 * is a `PageError`.
 */
export class HomeserverError extends Error {
  override readonly name = "HomeserverError";
  /** "M_UNKNOWN" if the server sent none (seen with Dendrite). */
  readonly errcode: string;
  readonly status: number;
  /** The delay that the server asked for, in milliseconds; null for none. */
  readonly retryAfterMs: number | null;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly text: string;
  /**
   * The account's server passed on the answer of another server and did not confirm it. So the
   * error says nothing about the account (platforms/matrix/README.md, "Errors of servers").
   */
  readonly isUnconfirmed: boolean;
  /**
   * With M_UNKNOWN_TOKEN: the session still exists, and its owner may sign in again with the same
   * device. Without meaning under OAuth (platforms/matrix/README.md, "How sessions end").
   */
  readonly isSoftLogout?: boolean;
  /** With M_CONSENT_NOT_GIVEN: the page on which the user agrees to the server's terms. */
  readonly consentUri?: string;
  /** With a limit of the account: the page that explains the limit (MSC4335). */
  readonly infoUri?: string;

  readonly #fields: HomeserverErrorFields;

  constructor(fields: HomeserverErrorFields) {
    super(`${fields.method} ${fields.path}: ${fields.status} ${fields.errcode}`);
    this.#fields = fields;
    this.errcode = fields.errcode;
    this.status = fields.status;
    this.retryAfterMs = fields.retryAfterMs;
    this.method = fields.method;
    this.path = fields.path;
    this.text = fields.text;
    this.isUnconfirmed = fields.isUnconfirmed ?? false;
    if (fields.isSoftLogout !== undefined) this.isSoftLogout = fields.isSoftLogout;
    if (fields.consentUri !== undefined) this.consentUri = fields.consentUri;
    if (fields.infoUri !== undefined) this.infoUri = fields.infoUri;
  }

  /** The same error, passed on from another server and not confirmed. */
  asUnconfirmed(): HomeserverError {
    return new HomeserverError({ ...this.#fields, isUnconfirmed: true });
  }
}

const webPage = z
  .url({ protocol: /^https?$/ })
  .max(1_000)
  .optional()
  .catch(undefined);

const errorBodySchema = z.object({
  errcode: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  retry_after_ms: z.number().nonnegative().optional().catch(undefined),
  soft_logout: z.boolean().optional().catch(undefined),
  consent_uri: webPage,
  info_uri: webPage,
  // The unstable names (MSC4335). The code had its own field at first.
  "org.matrix.msc4335.errcode": z.string().optional().catch(undefined),
  "org.matrix.msc4335.info_uri": webPage,
});

/**
 * The longest delay of a server that is believed. Then the server is asked again: the limit may
 * have been raised, or another server may have sent an absurd delay.
 */
export const MAX_WAIT_MS = 3_600_000;

/** The parts of an error answer that its error is made from. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body; undefined if it is not JSON. */
  readonly body: unknown;
}

/**
 * Makes the error of an answer.
 * @param secrets values of the request that the error must not repeat: token, password
 */
export function toHomeserverError(
  answer: ErrorAnswer,
  request: { readonly method: string; readonly path: string },
  secrets: readonly string[],
  now: Date,
): HomeserverError {
  const parsed = errorBodySchema.safeParse(answer.body);
  const body = parsed.success ? parsed.data : {};
  const errcode = body["org.matrix.msc4335.errcode"] ?? body.errcode ?? "";
  const consentUri = unlessSecret(body.consent_uri, secrets);
  const infoUri = unlessSecret(body.info_uri ?? body["org.matrix.msc4335.info_uri"], secrets);
  return new HomeserverError({
    errcode:
      /^[A-Za-z0-9_.-]{1,100}$/.test(errcode) && !holdsSecret(errcode, secrets) ? errcode : "M_UNKNOWN",
    status: answer.status,
    retryAfterMs: retryAfterMs(answer.headers["retry-after"], body.retry_after_ms, now),
    method: request.method,
    path: request.path,
    text: cleanServerText(body.error ?? "", secrets),
    ...(body.soft_logout === undefined ? {} : { isSoftLogout: body.soft_logout }),
    ...(consentUri === undefined ? {} : { consentUri }),
    ...(infoUri === undefined ? {} : { infoUri }),
  });
}

function unlessSecret(text: string | undefined, secrets: readonly string[]): string | undefined {
  return text === undefined || holdsSecret(text, secrets) ? undefined : text;
}

/**
 * The delay that the server asks for. The header, whole seconds or a date, is preferred since v1.10
 * (CS §Rate limiting). Synapse also sends the older field and rounds the header up
 * (platforms/matrix/README.md, "Rate limits"). The field counts if it is the exact form of the
 * header's time.
 */
export function retryAfterMs(
  header: string | undefined,
  field: number | undefined,
  now: Date,
): number | null {
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
 * The answer, or `undefined` if the server reports that the thing does not exist: 404 with
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

/** Whether the server lacks the endpoint (CS §Common error codes). */
export function isUnrecognized(error: unknown): boolean {
  return (
    error instanceof HomeserverError &&
    error.errcode === "M_UNRECOGNIZED" &&
    (error.status === 404 || error.status === 405)
  );
}

/** The answer, or `undefined` if the server lacks the endpoint. */
export async function unlessUnrecognized<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isUnrecognized(error)) return undefined;
    throw error;
  }
}

/**
 * A problem that only the owner of the account can resolve, by error code (CS §Standard error
 * response). The unstable codes are those of MSC3939 (locked) and MSC3823 (suspended). `null` for
 * an unconfirmed error of another server.
 */
export function accountProblemOf({
  errcode,
  consentUri,
  isUnconfirmed,
}: HomeserverError): AccountProblem | null {
  if (isUnconfirmed) return null;
  switch (errcode) {
    case "M_UNKNOWN_TOKEN":
    case "M_MISSING_TOKEN":
      return { code: "session_ended" };
    case "M_USER_LOCKED":
    case "ORG_MATRIX_MSC3939_USER_LOCKED":
      return { code: "account_locked" };
    case "M_USER_SUSPENDED":
    case "ORG.MATRIX.MSC3823.USER_ACCOUNT_SUSPENDED":
      return { code: "account_suspended" };
    case "M_USER_DEACTIVATED":
      return { code: "account_deactivated" };
    case "M_CONSENT_NOT_GIVEN":
      return { code: "consent_needed", consentUri: consentUri ?? null };
    default:
      return null;
  }
}

/**
 * Whether the account's server limits the request for now (CS §Rate limiting). The code alone is no
 * limit: a server of a room can send it with any status, and the account's server passes it on.
 */
export function isLimited({ status }: HomeserverError): boolean {
  return status === 429;
}

/**
 * Why the same request may succeed later; `null` if it will not. A server that does not know a
 * request (501) will not know it later either.
 */
export function passingCause(error: HomeserverError): "limit" | "server" | null {
  if (isLimited(error)) return "limit";
  return error.status >= 500 && error.status !== 501 ? "server" : null;
}

/**
 * Whether the account has used up what its server allows it, for example in joined rooms
 * (MSC4335). Unlike a rate limit, this does not end by itself. False for an unconfirmed error of
 * another server.
 */
export function isAccountLimit({ errcode, isUnconfirmed }: HomeserverError): boolean {
  if (isUnconfirmed) return false;
  return errcode === "M_USER_LIMIT_EXCEEDED" || errcode === "ORG.MATRIX.MSC4335_USER_LIMIT_EXCEEDED";
}
