import type { Dispatcher } from "undici";
import { Agent, request } from "undici";
import type { AddressPolicy } from "./address-policy.ts";
import { createAddressPolicy } from "./address-policy.ts";
import { toUnreachableError } from "./classify-failure.ts";
import type { Resolve } from "./guarded-lookup.ts";
import { assertLiteralIsAllowed, createGuardedLookup } from "./guarded-lookup.ts";
import { readBody } from "./read-body.ts";
import { resolveBySystem } from "./resolve-by-system.ts";
import { UnreachableError } from "./unreachable-error.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "DELETE";

/** One request of the guarded fetch. */
export interface GuardedRequest {
  readonly method?: HttpMethod;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The timeout of name lookup, redirects and body together. Default: 30 seconds. */
  readonly timeoutMs?: number;
  /**
   * Limit for the decompressed body. Default one mebibyte. The body of an error status is cut at 64
   * KiB instead.
   */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** An answer with any status. Its body is decompressed. */
export interface GuardedResponse {
  readonly status: number;
  /** Names in lower case; only the first of a repeated header. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The final address, after redirects. */
  readonly url: string;
}

/**
 * Fetches from a server that a person named. A missing answer is an `UnreachableError`. An error
 * status is an answer. `close` ends idle connections and fails requests under way.
 */
export interface GuardedFetch {
  (url: string, options?: GuardedRequest): Promise<GuardedResponse>;
  close(): Promise<void>;
}

export interface GuardedFetchOptions {
  /** CIDR ranges that may be contacted besides public addresses, in plain HTTP too. */
  readonly allowPrivate: readonly string[];
  /** Replaces the system's name lookup. */
  readonly resolve?: Resolve;
  readonly userAgent?: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 1_048_576;
const MAX_ERROR_BYTES = 65_536;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

interface Guard {
  readonly policy: AddressPolicy;
  readonly agents: Readonly<Record<"http:" | "https:", Agent>>;
  readonly userAgent: string;
}

/**
 * Creates the only access to the servers of the accounts being moved.
 * - Public addresses over HTTPS; others only if `allowPrivate` lists them.
 * - Limits on time, size and redirects.
 * - Every redirect is checked like the first address.
 *
 * @throws TypeError for an invalid range in `allowPrivate`
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const policy = createAddressPolicy(options.allowPrivate);
  const resolve = options.resolve ?? ((hostname: string) => resolveBySystem(hostname));
  const createAgent = (scheme: "http:" | "https:") =>
    new Agent({
      // Only the caller's timeout counts. undici's own would end a long first sync.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      connect: { timeout: CONNECT_TIMEOUT_MS, lookup: createGuardedLookup(scheme, policy, resolve) },
    });
  const agents = { "http:": createAgent("http:"), "https:": createAgent("https:") };
  const guard: Guard = { policy, agents, userAgent: options.userAgent ?? "matrix-mover" };
  const guardedFetch = async (url: string, request: GuardedRequest = {}) =>
    await fetchWithinTime(guard, url, request);
  return Object.assign(guardedFetch, {
    close: async () => {
      await Promise.all([agents["http:"].destroy(), agents["https:"].destroy()]);
    },
  });
}

async function fetchWithinTime(
  guard: Guard,
  address: string,
  options: GuardedRequest,
): Promise<GuardedResponse> {
  const url = parseAddress(address, "");
  const ending = new AbortController();
  const end = () => {
    ending.abort();
  };
  const timer = setTimeout(end, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  options.signal?.addEventListener("abort", end, { once: true });
  let current = url;
  try {
    const visited = new Set<string>();
    for (;;) {
      if (options.signal?.aborted === true) throw new UnreachableError("aborted", current.host);
      visited.add(current.href);
      const step = await fetchOnce(guard, current, options, ending.signal);
      if ("status" in step) return step;
      if (visited.size > MAX_REDIRECTS || visited.has(step.location.href)) {
        throw new UnreachableError("too_many_redirects", current.host);
      }
      assertMayFollow(current, step.location, options);
      current = step.location;
    }
  } catch (error) {
    if (error instanceof UnreachableError) throw error;
    if (options.signal?.aborted === true) throw new UnreachableError("aborted", current.host);
    if (ending.signal.aborted) throw new UnreachableError("timeout", current.host);
    throw toUnreachableError(error, current.host);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
  }
}

async function fetchOnce(
  guard: Guard,
  url: URL,
  options: GuardedRequest,
  signal: AbortSignal,
): Promise<GuardedResponse | { location: URL }> {
  const scheme = url.protocol === "https:" ? "https:" : "http:";
  assertLiteralIsAllowed(url.hostname, scheme, guard.policy);
  const answer = request(url, {
    dispatcher: guard.agents[scheme],
    method: options.method ?? "GET",
    headers: { "user-agent": guard.userAgent, "accept-encoding": "gzip, br, deflate", ...options.headers },
    body: options.body ?? null,
    signal,
  });
  const response = await unlessAborted(answer, signal);
  const headers = flattenHeaders(response.headers);
  const location = headers["location"];
  if (REDIRECT_STATUSES.has(response.statusCode) && location !== undefined) {
    discard(response.body);
    return { location: parseAddress(location, url.href) };
  }
  try {
    const body = await readLimited(response, headers, options, url.host);
    return { status: response.statusCode, headers, body, url: url.href };
  } finally {
    discard(response.body);
  }
}

/**
 * undici reacts to the signal only after it has connected (seen with 8.12). Name lookup and
 * connection would delay the caller.
 */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    reject(new Error("aborted"));
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function readLimited(
  response: Dispatcher.ResponseData,
  headers: Readonly<Record<string, string>>,
  options: GuardedRequest,
  host: string,
): Promise<Uint8Array> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const isError = response.statusCode >= 400;
  // An answer that announces too many bytes is not read at all.
  if (!isError && Number(headers["content-length"] ?? 0) > maxBytes)
    throw new UnreachableError("too_large", host);
  const limits = isError
    ? { maxBytes: MAX_ERROR_BYTES, beyond: "cut" as const }
    : { maxBytes, beyond: "refuse" as const };
  return await readBody(response.body, headers["content-encoding"], limits, host);
}

/**
 * A redirect is refused if credentials could reach another server: to another origin with a token,
 * or with a body.
 */
function assertMayFollow(from: URL, to: URL, options: GuardedRequest): void {
  const isRead = options.method === undefined || options.method === "GET";
  const isAuthenticated = options.headers?.["authorization"] !== undefined;
  if (!isRead || (isAuthenticated && from.origin !== to.origin))
    throw new UnreachableError("redirect_refused", from.host);
}

function parseAddress(address: string, base: string): URL {
  const url = URL.parse(address, base === "" ? undefined : base);
  if (url === null) throw new UnreachableError("invalid_address", base === "" ? "" : new URL(base).host);
  // A fragment never reaches a server. It would make each redirect of a loop look new.
  url.hash = "";
  const isPlain = url.username === "" && url.password === "";
  if ((url.protocol !== "https:" && url.protocol !== "http:") || !isPlain)
    throw new UnreachableError("invalid_address", url.host);
  return url;
}

function flattenHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) flat[name] = first;
  }
  return flat;
}

function discard(body: Dispatcher.ResponseData["body"]): void {
  // Destroying an unread body emits an error on it, which is ignored.
  body.on("error", () => undefined);
  body.destroy();
}
