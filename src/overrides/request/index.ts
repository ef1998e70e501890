type QueryValue = string | number | boolean | null | undefined;

/**
 * The parameters of matrix-bot-sdk that this package reads. The others (`forever`,
 * `useQuerystring`, …) request the behaviour that it has anyway.
 */
export interface RequestParameters {
  readonly uri: string;
  readonly method?: string;
  /** An array repeats its key; undefined and null are left out. */
  readonly qs?: Readonly<Record<string, QueryValue | readonly QueryValue[]>> | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly body?: string | Buffer;
  /** The maximum time without data from the server, in milliseconds. */
  readonly timeout?: number | null;
  /** Null: the body of the answer is a Buffer, not a text. */
  readonly encoding?: string | null;
}

export interface RequestAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  body: string | Buffer;
}

/** Called once, with the error or with the answer and its body. */
export type RequestCallback = (error: Error | null, response?: RequestAnswer, body?: string | Buffer) => void;

/**
 * An error with a code as `request` gave it: `ETIMEDOUT`, `ECONNABORTED` (by `abortAll`), or the
 * connection's own.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const pending = new Map<AbortController, URL>();

/**
 * The function `request`, as far as matrix-bot-sdk uses it. Never throws: all errors go to the
 * callback.
 *
 * Redirects: GET is followed, as by `request`, and fetch removes `Authorization` when the origin
 * changes. Other methods are not followed, because their body can hold a password.
 */
function request(parameters: RequestParameters, callback: RequestCallback): void {
  answer(parameters).then(
    (response) => callback(null, response, response.body),
    (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
  );
}

/**
 * Aborts the requests under way whose URL `matches`. A `/sync`, for example, would delay the end of
 * the process by 40 s. Their callbacks get an error with the code `ECONNABORTED`.
 */
export function abortAll(matches: (url: URL) => boolean = () => true): void {
  for (const [controller, url] of pending) {
    if (matches(url)) controller.abort(new RequestError("The request was aborted.", "ECONNABORTED"));
  }
}

async function answer(parameters: RequestParameters): Promise<RequestAnswer> {
  const method = parameters.method ?? "GET";
  const url = urlOf(parameters);
  const controller = new AbortController();
  const timer = startTimer(parameters.timeout, controller);
  pending.set(controller, url);
  try {
    const response = await fetch(url, {
      method,
      headers: parameters.headers ?? {},
      body: parameters.body ?? null,
      redirect: method === "GET" || method === "HEAD" ? "follow" : "manual",
      signal: controller.signal,
    });
    const body = await read(response, timer);
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: parameters.encoding === null ? body : body.toString("utf8"),
    };
  } catch (error) {
    throw withCode(error);
  } finally {
    clearTimeout(timer);
    pending.delete(controller);
  }
}

function urlOf({ uri, qs }: RequestParameters): URL {
  const url = new URL(uri);
  for (const [key, value] of Object.entries(qs ?? {})) {
    for (const one of [value].flat())
      if (one !== undefined && one !== null) url.searchParams.append(key, String(one));
  }
  return url;
}

function startTimer(
  timeoutMs: number | null | undefined,
  controller: AbortController,
): NodeJS.Timeout | undefined {
  if (!timeoutMs) return undefined;
  const abort = () => controller.abort(new RequestError(`No answer within ${timeoutMs} ms.`, "ETIMEDOUT"));
  return setTimeout(abort, timeoutMs);
}

/**
 * Restarts the timeout with every part that arrives, so that a large download may continue as long
 * as data arrives.
 */
async function read(response: Response, timer: NodeJS.Timeout | undefined): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (!body) return Buffer.alloc(0);
  for await (const part of body) {
    timer?.refresh();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** fetch reports "fetch failed"; the reason is only in the cause. */
function withCode(error: unknown): unknown {
  if (error instanceof RequestError || !(error instanceof Error)) return error;
  const { cause } = error;
  if (!(cause instanceof Error) || !("code" in cause)) return error;
  return new RequestError(cause.message || String(cause.code), String(cause.code), error);
}

// The value of `require("request")`. Types and `abortAll` are for imports.
export { request as "module.exports" };
export default request;
