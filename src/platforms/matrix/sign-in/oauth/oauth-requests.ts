import type { CustomFetch, FetchBody } from "openid-client";
import {
  ClientError,
  Configuration,
  None,
  ResponseBodyError,
  allowInsecureRequests,
  customFetch,
} from "openid-client";
import type { GuardedFetch, HttpMethod } from "../../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../../network/unreachable-error.ts";
import { HomeserverError, toHomeserverError } from "../../api/homeserver-error.ts";
import { pageErrorOf } from "../../api/page-error.ts";
import { cleanServerText } from "../../api/server-text.ts";
import type { AuthorizationServerMetadata } from "./authorization-server.ts";

/** The timeout after which an authorization server counts as unreachable. A person waits for it. */
const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 65_536;

/**
 * The library's configuration for one authorization server and one registered client. It uses only
 * the guarded fetch.
 */
export function oauthConfiguration(
  server: AuthorizationServerMetadata,
  clientId: string,
  fetch: GuardedFetch,
): Configuration {
  const { issuer, token_endpoint, device_authorization_endpoint, revocation_endpoint } = server;
  const endpoints = {
    issuer,
    token_endpoint,
    ...(device_authorization_endpoint === undefined ? {} : { device_authorization_endpoint }),
    ...(revocation_endpoint === undefined ? {} : { revocation_endpoint }),
  };
  const configuration = new Configuration(endpoints, clientId, undefined, None());
  configuration[customFetch] = guardedFetchForLibrary(fetch);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated only as a warning
  allowPlainHttp(configuration);
  return configuration;
}

/**
 * The guarded fetch decides for each address whether plain HTTP is permitted
 * (network.allowPrivate). So the library permits it always.
 */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated only as a warning
export const allowPlainHttp = allowInsecureRequests;

/**
 * The guarded fetch in the form that the library calls. An answer with 5xx or 429 is thrown before
 * the library reads it. The caller then gets a `PageError` or a `HomeserverError`.
 */
export function guardedFetchForLibrary(fetch: GuardedFetch): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    // Servers show the User-Agent as the name of the bot's session, and the library would send its
    // own name (platforms/matrix/README.md, "Sign-in by link").
    const { "user-agent": _own, ...rest } = headers;
    const response = await fetch(url, {
      method: toMethod(method),
      headers: rest,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      ...(body === undefined || body === null ? {} : { body: textOf(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const { status } = response;
    if (status >= 500 || status === 429) {
      const answer = { status, headers: response.headers, body: undefined };
      const { host, pathname } = new URL(url);
      throw (
        pageErrorOf(answer, host, new Date()) ??
        toHomeserverError(answer, { method, path: pathname }, [], new Date())
      );
    }
    return new Response(status === 204 ? null : response.body.slice(), {
      status,
      headers: { ...response.headers, ...PLAIN },
    });
  };
}

// The guarded fetch has already decoded the body.
const PLAIN = { "content-encoding": "identity" };

/** The library sends forms and JSON, both as text. */
function textOf(body: FetchBody): string {
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("the library sent a body that is not text");
}

function toMethod(method: string): HttpMethod {
  return method === "POST" ? "POST" : "GET";
}

/**
 * Makes a request with the library.
 * @throws HomeserverError for a refusal, with the OAuth error as its code (RFC 6749 section 5.2:
 * `invalid_grant`, …), and for 429
 * @throws PageError for 5xx
 * @throws UnreachableError if there is no answer, or one that does not follow OAuth
 */
export async function askAuthorizationServer<Answer>(
  endpoint: string,
  secrets: readonly string[],
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const { host, pathname } = new URL(endpoint);
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ResponseBodyError) {
      const body = { errcode: error.error, error: cleanServerText(error.error_description ?? "", secrets) };
      const answer = { status: error.status, headers: {}, body };
      throw toHomeserverError(answer, { method: "POST", path: pathname }, secrets, new Date());
    }
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      if (cause instanceof UnreachableError || cause instanceof HomeserverError) throw cause;
    throw new UnreachableError("unexpected_answer", host, codeOf(error));
  }
}

/**
 * The OAuth error code of an answer that the library rejected; null for none.
 * @throws the error itself if it is a bug
 */
function codeOf(error: unknown): string | null {
  if (!(error instanceof ClientError) || error.cause instanceof TypeError) throw error;
  return typeof error.code === "string" ? error.code.slice(0, 60) : null;
}
