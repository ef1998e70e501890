import type { Logger } from "pino";
import type { z } from "zod";
import { toHomeserverError } from "./homeserver-error.ts";
import type { GuardedFetch, GuardedResponse, HttpMethod } from "./network/guarded-fetch.ts";
import { UnreachableError } from "./network/unreachable-error.ts";
import { cleanServerText } from "./server-text.ts";

export interface HomeserverClientOptions {
  /** Client API address without a trailing slash, as discovery gives it. */
  readonly baseUrl: string;
  readonly fetch: GuardedFetch;
  readonly log: Logger;
  /** Asked before each request, so that a refreshed token is used at once. Absent: requests go out without one. */
  readonly accessToken?: () => Promise<string> | string;
}

export interface HomeserverRequest<Schema extends z.ZodType> {
  readonly method: HttpMethod;
  /** Made with `apiPath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The fields of the answer that are used. An empty answer is read as `{}`. */
  readonly schema: Schema;
  /** Default 30 seconds, for everything. */
  readonly timeoutMs?: number;
  /** Most bytes of the answer. Default one mebibyte. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** What `body` holds that an error must not repeat (a password). The access token is always among them. */
  readonly secrets?: readonly string[];
}

/**
 * Speaks the client-server API of one homeserver, for one session or for none. It never retries and never waits: limits are the
 * caller's to keep.
 */
export class HomeserverClient {
  readonly baseUrl: string;
  readonly #options: HomeserverClientOptions;

  constructor(options: HomeserverClientOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#options = options;
  }

  /** The same server with another session, or with none. */
  withAccessToken(accessToken: (() => Promise<string> | string) | null): HomeserverClient {
    const { fetch, log } = this.#options;
    return new HomeserverClient({ baseUrl: this.baseUrl, fetch, log, ...(accessToken === null ? {} : { accessToken }) });
  }

  /**
   * Sends a request and checks its answer.
   * @throws HomeserverError for an error status
   * @throws UnreachableError where there is no answer, or one that is not what the specification says
   */
  async request<Schema extends z.ZodType>(request: HomeserverRequest<Schema>): Promise<z.output<Schema>> {
    const token = await this.#options.accessToken?.();
    const startedAt = performance.now();
    const { method, path } = request;
    const response = await this.#options.fetch(this.baseUrl + path + toQuery(request.query), {
      method,
      headers: {
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
      ...(request.maxBytes === undefined ? {} : { maxBytes: request.maxBytes }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    const { status } = response;
    this.#options.log.debug(
      { method, path, status, durationMs: Math.round(performance.now() - startedAt) },
      "homeserver answered",
    );
    const secrets = [...(token === undefined ? [] : [token]), ...(request.secrets ?? [])];
    return readAnswer(response, request, secrets);
  }
}

/**
 * Builds a path from fixed text and values: every value becomes one percent-encoded segment.
 * @throws TypeError for "", "." and "..", which would name another endpoint
 */
export function apiPath(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return values.reduce((path, value, index) => path + toSegment(value) + (texts[index + 1] ?? ""), texts[0] ?? "");
}

function toSegment(value: string): string {
  if (value === "" || value === "." || value === "..") throw new TypeError("not a path segment");
  return encodeURIComponent(value.toWellFormed());
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
  request: HomeserverRequest<Schema>,
  secrets: readonly string[],
): z.output<Schema> {
  const { status, headers, url } = response;
  const { host } = new URL(url);
  const body = parseJson(response.body);
  if (status >= 400) throw toHomeserverError({ status, headers, body }, request, secrets, new Date());
  if (status < 200 || status >= 300) throw new UnreachableError("unexpected_answer", host, `status ${status}`);
  if (body === undefined) throw new UnreachableError("not_json", host);
  const parsed = request.schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  // The path may hold keys that the server chose, hence cleaned like its words.
  const field = cleanServerText(issue?.path.join(".") ?? "", secrets).slice(0, 60);
  throw new UnreachableError("unexpected_answer", host, `${field}: ${issue?.code ?? ""}`);
}

/** An empty thing may come as nothing or as null; both are read as `{}`. Undefined where the text is no JSON. */
function parseJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return value ?? {};
  } catch {
    return undefined;
  }
}
