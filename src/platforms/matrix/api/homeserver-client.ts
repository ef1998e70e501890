import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import type { z } from "zod";
import type { GuardedFetch, GuardedResponse, HttpMethod } from "../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { toHomeserverError } from "./homeserver-error.ts";
import { pageErrorOf } from "./page-error.ts";
import { parseJson } from "./parse-json.ts";
import { isPathSegment } from "./path-segment.ts";
import { cleanServerText } from "./server-text.ts";

/**
 * A session that renews its access tokens. It sends a request once, and repeats it with the next
 * token if the server does not know the first.
 */
export interface TokenSource {
  /** @param isRelayed as in `HomeserverRequest` */
  use<Answer>(send: (accessToken: string) => Promise<Answer>, isRelayed: boolean): Promise<Answer>;
}

export interface HomeserverClientOptions {
  /** Client API address without a trailing slash, as discovery returns it. */
  readonly baseUrl: string;
  readonly fetch: GuardedFetch;
  readonly log: Logger;
  /** Called before each request. Without this and `session`, requests have no token. */
  readonly accessToken?: () => Promise<string> | string;
  /**
   * Replaces `accessToken`. A repeated request is identical, including the transaction ID in its
   * path.
   */
  readonly session?: TokenSource;
}

/** One request to a homeserver. */
export interface HomeserverRequest<Schema extends z.ZodType> {
  readonly method: HttpMethod;
  /** Built with `apiPath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The fields of the answer that are used. An empty answer counts as `{}`. */
  readonly schema: Schema;
  /** The timeout of the whole request. Default: 30 seconds. */
  readonly timeoutMs?: number;
  /** The maximum size of the answer. Default: one mebibyte. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /**
   * Values of `body` that an error must not repeat, such as a password. The access token is always
   * included.
   */
  readonly secrets?: readonly string[];
  /**
   * The account's server may pass on the answer of another server, as with joins, knocks and
   * invitations. An error about the account is believed only if the account's server confirms it.
   * Default: false.
   */
  readonly isRelayed?: boolean;
}

/** Bytes and their media type, as the sender named it. */
export interface Medium {
  readonly bytes: Uint8Array;
  /** The value of the header with its parameters; empty for none. */
  readonly contentType: string;
}

export type Upload<Schema extends z.ZodType> = Omit<HomeserverRequest<Schema>, "method" | "body"> & {
  readonly medium: Medium;
};

/** A request whose answer is read in pieces, for answers that may not fit into memory. */
export interface StreamedRead {
  readonly path: string;
  readonly query?: HomeserverRequest<z.ZodType>["query"];
  /** The maximum size of the answer. */
  readonly maxBytes: number;
  /** The longest time without a byte of the answer. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

/** A request that returns bytes. */
export type Download = Omit<HomeserverRequest<z.ZodType>, "method" | "body" | "schema">;

const LARGE_BYTES = 1_048_576;

type Sent = Omit<HomeserverRequest<z.ZodType>, "schema" | "body">;

interface Payload {
  readonly accept: string;
  readonly body: { readonly data: string | Uint8Array; readonly contentType: string } | null;
}

/** @param secrets values of the request that an error must not repeat */
type ReadResponse<Answer> = (response: GuardedResponse, secrets: readonly string[]) => Answer;

/**
 * A client for the client-server API of one homeserver, with or without a session. It does not pace
 * requests: callers keep to the rate limits. It repeats a request only after an expired token.
 */
export class HomeserverClient {
  readonly baseUrl: string;
  readonly #options: HomeserverClientOptions;

  constructor(options: HomeserverClientOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#options = options;
  }

  /** The same server with another session, or without one. */
  withAccessToken(accessToken: (() => Promise<string> | string) | null): HomeserverClient {
    const { fetch, log } = this.#options;
    return new HomeserverClient({
      baseUrl: this.baseUrl,
      fetch,
      log,
      ...(accessToken === null ? {} : { accessToken }),
    });
  }

  /**
   * Sends a request and checks its answer.
   * @throws HomeserverError for an error status
   * @throws PageError for an error status without a homeserver's JSON
   * @throws UnreachableError if there is no answer or a malformed one
   */
  async request<Schema extends z.ZodType>(request: HomeserverRequest<Schema>): Promise<z.output<Schema>> {
    const body =
      request.body === undefined
        ? null
        : { data: JSON.stringify(request.body), contentType: "application/json" };
    return this.#send(request, { accept: "application/json", body }, (response, secrets) =>
      readAnswer(response, request, secrets),
    );
  }

  /**
   * Sends bytes instead of JSON. The answer is JSON.
   * @throws like `request`
   */
  async upload<Schema extends z.ZodType>({ medium, ...rest }: Upload<Schema>): Promise<z.output<Schema>> {
    const request = { ...rest, method: "POST" as const };
    const body = { data: medium.bytes, contentType: medium.contentType };
    return this.#send(request, { accept: "application/json", body }, (response, secrets) =>
      readAnswer(response, request, secrets),
    );
  }

  /**
   * Fetches bytes. A redirect to another origin is not followed, because the token must not go
   * there. Servers redirect only requests with `allow_redirect` (CS v1.11, §Content repository),
   * which is never set here.
   * @throws like `request`; `too_large` beyond `maxBytes`
   */
  async download(rest: Download): Promise<Medium> {
    const request = { ...rest, method: "GET" as const };
    return this.#send(request, { accept: "*/*", body: null }, (response, secrets) => {
      throwUnlessOk(response, request, secrets);
      return { bytes: response.body, contentType: response.headers["content-type"] ?? "" };
    });
  }

  /**
   * Gets a large answer in pieces, which the caller checks. Leaving the loop over them ends the
   * request. Iterating throws an `UnreachableError` if the connection breaks.
   * @throws like `request`
   */
  async stream(request: StreamedRead): Promise<AsyncIterable<Uint8Array>> {
    const { session, accessToken } = this.#options;
    return session === undefined
      ? this.#open(request, await accessToken?.())
      : session.use((token) => this.#open(request, token), false);
  }

  async #open(
    { path, query, ...limits }: StreamedRead,
    token: string | undefined,
  ): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#options.fetch.stream(this.baseUrl + path + toQuery(query), {
      headers: {
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...limits,
    });
    const { status } = response;
    this.#options.log.debug({ method: "GET", path, status }, "homeserver answers in pieces");
    if ("chunks" in response) return response.chunks;
    throw errorOf(response, { method: "GET", path }, token === undefined ? [] : [token]);
  }

  async #send<Answer>(request: Sent, payload: Payload, read: ReadResponse<Answer>): Promise<Answer> {
    const { session, accessToken } = this.#options;
    return session === undefined
      ? this.#exchange(request, payload, read, await accessToken?.())
      : session.use((token) => this.#exchange(request, payload, read, token), request.isRelayed === true);
  }

  async #exchange<Answer>(
    request: Sent,
    { accept, body }: Payload,
    read: ReadResponse<Answer>,
    token: string | undefined,
  ): Promise<Answer> {
    const startedAt = performance.now();
    const { method, path } = request;
    const response = await this.#options.fetch(this.baseUrl + path + toQuery(request.query), {
      method,
      headers: {
        accept,
        ...(body === null ? {} : { "content-type": body.contentType }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === null ? {} : { body: body.data }),
      ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
      ...(request.maxBytes === undefined ? {} : { maxBytes: request.maxBytes }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    const { status } = response;
    this.#options.log.debug(
      { method, path, status, durationMs: Math.round(performance.now() - startedAt) },
      "homeserver answered",
    );
    // Parsing a large answer blocks the process, so other work gets a chance before and after it.
    if (response.body.length > LARGE_BYTES) await setImmediate();
    return read(response, [...(token === undefined ? [] : [token]), ...(request.secrets ?? [])]);
  }
}

/**
 * Builds a path from fixed text and values. Every value becomes one percent-encoded segment.
 * @throws TypeError for "", "." and "..", which would name another endpoint
 */
export function apiPath(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return values.reduce(
    (path, value, index) => path + toSegment(value) + (texts[index + 1] ?? ""),
    texts[0] ?? "",
  );
}

function toSegment(value: string): string {
  const text = value.toWellFormed();
  if (!isPathSegment(text)) throw new TypeError("not a path segment");
  return encodeURIComponent(text);
}

function toQuery(query: HomeserverRequest<z.ZodType>["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const each of typeof value === "object" ? value : [value]) parameters.append(name, String(each));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

function readAnswer<Schema extends z.ZodType>(
  response: GuardedResponse,
  request: Pick<HomeserverRequest<Schema>, "method" | "path" | "schema">,
  secrets: readonly string[],
): z.output<Schema> {
  const { host } = new URL(response.url);
  throwUnlessOk(response, request, secrets);
  const body = parseJson(response.body, host);
  if (body === undefined) throw new UnreachableError("not_json", host);
  const parsed = request.schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  // The path may contain keys that the server chose, so it is cleaned like any text of a server.
  const field = cleanServerText(issue?.path.join(".") ?? "", secrets).slice(0, 60);
  throw new UnreachableError("unexpected_answer", host, `${field}: ${issue?.code ?? ""}`);
}

function throwUnlessOk(
  response: GuardedResponse,
  request: { readonly method: HttpMethod; readonly path: string },
  secrets: readonly string[],
): void {
  if (response.status < 200 || response.status >= 300) throw errorOf(response, request, secrets);
}

/** The error of an answer that is no success. */
function errorOf(
  { status, headers, url, body }: GuardedResponse,
  request: { readonly method: HttpMethod; readonly path: string },
  secrets: readonly string[],
): Error {
  const { host } = new URL(url);
  if (status < 400) return new UnreachableError("unexpected_answer", host, `status ${status}`);
  const answer = { status, headers, body: parseJson(body, host) };
  return pageErrorOf(answer, host, new Date()) ?? toHomeserverError(answer, request, secrets, new Date());
}
