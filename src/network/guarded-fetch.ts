import { Agent } from "undici";
import { createAddressPolicy } from "./address-policy.ts";
import { Exchange } from "./exchange.ts";
import type { Resolve } from "./guarded-lookup.ts";
import { createGuardedLookup } from "./guarded-lookup.ts";
import type { Guard, OpenAnswer } from "./open-answer.ts";
import { discard, openAnswer, parseAddress } from "./open-answer.ts";
import { readBody, streamBody } from "./read-body.ts";
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

/** A request whose answer is read in pieces. */
export interface StreamRequest {
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest time without a byte of the answer, while the caller waits for one. */
  readonly idleMs: number;
  /** Limit for the decompressed body. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * A successful answer in pieces, decompressed. Leaving the loop over them ends the request.
 * Iterating throws an `UnreachableError` if the connection breaks, or for a body beyond a limit.
 */
export interface StreamedResponse extends Omit<GuardedResponse, "body"> {
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Fetches from a server that a person named. A missing answer is an `UnreachableError`. An error
 * status is an answer. `close` ends idle connections and fails requests under way.
 */
export interface GuardedFetch {
  (url: string, options?: GuardedRequest): Promise<GuardedResponse>;
  /** Gets a large answer. One with another status than 2xx is read whole. */
  stream(url: string, options: StreamRequest): Promise<StreamedResponse | GuardedResponse>;
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
    await fetchWhole(guard, url, request);
  return Object.assign(guardedFetch, {
    stream: async (url: string, request: StreamRequest) => await fetchInPieces(guard, url, request),
    close: async () => {
      await Promise.all([agents["http:"].destroy(), agents["https:"].destroy()]);
    },
  });
}

async function fetchWhole(guard: Guard, address: string, options: GuardedRequest): Promise<GuardedResponse> {
  const url = parseAddress(address, "");
  const exchange = new Exchange(url.host, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, options.signal);
  try {
    const answer = await openAnswer(guard, url, options, exchange);
    return await readWhole(answer, options.maxBytes ?? DEFAULT_MAX_BYTES, exchange.host);
  } catch (error) {
    throw exchange.errorOf(error);
  } finally {
    exchange.close();
  }
}

async function fetchInPieces(
  guard: Guard,
  address: string,
  { headers = {}, idleMs, maxBytes, signal }: StreamRequest,
): Promise<StreamedResponse | GuardedResponse> {
  const url = parseAddress(address, "");
  const exchange = new Exchange(url.host, idleMs, signal);
  try {
    const answer = await openAnswer(guard, url, { headers }, exchange);
    const isSuccess = answer.status >= 200 && answer.status < 300;
    if (isSuccess) return { ...withoutBody(answer), chunks: chunksOf(answer, maxBytes, exchange) };
    const whole = await readWhole(answer, MAX_ERROR_BYTES, exchange.host);
    exchange.close();
    return whole;
  } catch (error) {
    exchange.close();
    throw exchange.errorOf(error);
  }
}

/** The timer runs only while the caller waits for a piece. */
async function* chunksOf(
  answer: OpenAnswer,
  maxBytes: number,
  exchange: Exchange,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const encoding = answer.headers["content-encoding"];
    for await (const chunk of streamBody(answer.body, encoding, maxBytes, exchange.host)) {
      exchange.stopTimer();
      yield chunk;
      exchange.startTimer();
    }
  } catch (error) {
    throw exchange.errorOf(error);
  } finally {
    exchange.close();
    discard(answer.body);
  }
}

async function readWhole(answer: OpenAnswer, maxBytes: number, host: string): Promise<GuardedResponse> {
  const { headers, body } = answer;
  const isError = answer.status >= 400;
  try {
    // An answer that announces too many bytes is not read at all.
    if (!isError && Number(headers["content-length"] ?? 0) > maxBytes)
      throw new UnreachableError("too_large", host);
    const limits = isError
      ? { maxBytes: MAX_ERROR_BYTES, beyond: "cut" as const }
      : { maxBytes, beyond: "refuse" as const };
    return { ...withoutBody(answer), body: await readBody(body, headers["content-encoding"], limits, host) };
  } finally {
    discard(body);
  }
}

function withoutBody({ status, headers, url }: OpenAnswer): Omit<OpenAnswer, "body"> {
  return { status, headers, url };
}
