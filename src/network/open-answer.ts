import type { Agent, Dispatcher } from "undici";
import { request } from "undici";
import type { AddressPolicy } from "./address-policy.ts";
import type { Exchange } from "./exchange.ts";
import { assertLiteralIsAllowed } from "./guarded-lookup.ts";
import { UnreachableError } from "./unreachable-error.ts";

/** What every request of one guarded fetch shares. */
export interface Guard {
  readonly policy: AddressPolicy;
  readonly agents: Readonly<Record<"http:" | "https:", Agent>>;
  readonly userAgent: string;
}

/** A request as it is sent. */
export interface SentRequest {
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** An answer whose body was not read yet. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The final address, after redirects. */
  readonly url: string;
  readonly body: Dispatcher.ResponseData["body"];
}

const MAX_REDIRECTS = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request and follows its redirects. Every redirect is checked like the first address. The
 * caller reads or discards the body.
 * @throws UnreachableError; otherwise the error of the HTTP client
 */
export async function openAnswer(
  guard: Guard,
  address: URL,
  sent: SentRequest,
  exchange: Exchange,
): Promise<OpenAnswer> {
  let current = address;
  const visited = new Set<string>();
  for (;;) {
    exchange.assertNotAborted();
    visited.add(current.href);
    const answer = await openOnce(guard, current, sent, exchange.signal);
    const location = answer.headers["location"];
    if (!REDIRECT_STATUSES.has(answer.status) || location === undefined) return answer;
    discard(answer.body);
    const next = parseAddress(location, current.href);
    if (visited.size > MAX_REDIRECTS || visited.has(next.href))
      throw new UnreachableError("too_many_redirects", current.host);
    assertMayFollow(current, next, sent);
    current = next;
    exchange.host = next.host;
  }
}

async function openOnce(guard: Guard, url: URL, sent: SentRequest, signal: AbortSignal): Promise<OpenAnswer> {
  const scheme = url.protocol === "https:" ? "https:" : "http:";
  assertLiteralIsAllowed(url.hostname, scheme, guard.policy);
  const answer = request(url, {
    dispatcher: guard.agents[scheme],
    method: sent.method ?? "GET",
    headers: { "user-agent": guard.userAgent, "accept-encoding": "gzip, br, deflate", ...sent.headers },
    body: sent.body ?? null,
    signal,
  });
  const { statusCode: status, headers, body } = await unlessAborted(answer, signal);
  return { status, headers: flattenHeaders(headers), url: url.href, body };
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

/**
 * A redirect is refused if credentials could reach another server: to another origin with a token,
 * or with a body.
 */
function assertMayFollow(from: URL, to: URL, sent: SentRequest): void {
  const isRead = sent.method === undefined || sent.method === "GET";
  const isAuthenticated = sent.headers?.["authorization"] !== undefined;
  if (!isRead || (isAuthenticated && from.origin !== to.origin))
    throw new UnreachableError("redirect_refused", from.host);
}

/** @throws UnreachableError invalid_address */
export function parseAddress(address: string, base: string): URL {
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

export function discard(body: OpenAnswer["body"]): void {
  // Destroying an unread body emits an error on it, which is ignored.
  body.on("error", () => undefined);
  body.destroy();
}
