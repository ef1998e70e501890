import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream";
import { text } from "node:stream/consumers";
import { seededRandom } from "../seeded-random.ts";

/** A fault for one request. A rule that returns `undefined` passes the request on. */
export type Fault =
  /** The connection is closed before the server gets the request. */
  | { readonly kind: "reset" }
  /** The server handles the request. Then the connection is closed without an answer. */
  | { readonly kind: "lose-answer" }
  | { readonly kind: "delay"; readonly ms: number }
  /** The server handles the request at once. Its answer is delayed. */
  | { readonly kind: "delay-answer"; readonly ms: number }
  /** The server handles the request at once. Its answer is passed on after this resolves. */
  | { readonly kind: "hold-answer"; readonly until: Promise<unknown> }
  /** The request is passed on after this resolves. */
  | { readonly kind: "hold"; readonly until: Promise<unknown> }
  /** The request is neither passed on nor answered. */
  | { readonly kind: "hang" }
  /** The connection is closed after so many bytes of the answer's body. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The server handles the request. Its JSON is changed before it is passed on. */
  | { readonly kind: "edit"; readonly edit: (answer: Record<string, unknown>) => Record<string, unknown> }
  /** 429 M_LIMIT_EXCEEDED, with the wait in body and `Retry-After`, or without a hint. */
  | { readonly kind: "limit"; readonly retryAfterMs?: number }
  /** `more`: further fields of the answer. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly errcode?: string;
      readonly more?: Readonly<Record<string, unknown>>;
    }
  /** A web page, as from a proxy in front of the server. Default status 200. */
  | { readonly kind: "html"; readonly status?: number }
  /** Valid JSON of that size. Default ten megabytes. */
  | { readonly kind: "huge"; readonly bytes?: number }
  /** Default status 302. */
  | { readonly kind: "redirect"; readonly location: string; readonly status?: number };

type AnsweringFault = Extract<Fault, { kind: "limit" | "status" | "html" | "huge" | "redirect" }>;

interface LocalAnswer {
  readonly status: number;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: string;
}

/** A request as the proxy saw it, in order of arrival. */
export interface ProxiedRequest {
  /** Counts from 0. */
  readonly index: number;
  readonly method: string;
  /** Path without its query. */
  readonly path: string;
  /** Query and headers may carry secrets; they are for assertions only. */
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly arrivedAt: number;
  /** The fault that it got. `undefined` if it was passed on unchanged. */
  fault: Fault | undefined;
  /** Status sent to the client. `undefined` if none was sent until now. */
  status: number | undefined;
  /** Status of the server's answer, sent to the client or not. `undefined` without an answer. */
  serverStatus: number | undefined;
  /** What the server was sent. Empty for methods other than PUT. */
  body: string;
}

/**
 * Decides about a request. `random` returns numbers from 0 up to 1, in the same sequence for the
 * same seed.
 */
export type Rule = (request: ProxiedRequest, random: () => number) => Fault | undefined;

/** A proxy that shows a homeserver as over a bad network. */
export interface FaultProxy {
  /** Address to use in place of the target's, without a slash at its end. */
  readonly url: string;
  readonly requests: readonly ProxiedRequest[];
  /**
   * Replaces the rule. If several rules are given, the first that returns a fault counts. Without a
   * rule everything passes.
   */
  setRule(rule?: Rule | readonly Rule[]): void;
  /** Refuses new connections and closes open ones, until `up()`. */
  down(): Promise<void>;
  /** Listens again on the same port. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

interface FaultProxyOptions {
  /** The real server's base URL, plain HTTP. */
  readonly target: string;
  /** Seed of the random numbers that the rules get. Default 1. */
  readonly seed?: number;
}

/**
 * Starts a proxy on a free port of 127.0.0.1. Bodies are streamed in both directions. A connection
 * closed on one side is closed on the other.
 */
export async function startFaultProxy({ target, seed = 1 }: FaultProxyOptions): Promise<FaultProxy> {
  const targetUrl = new URL(target);
  const random = seededRandom(seed);
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  let rules: readonly Rule[] = [];

  const server = http.createServer((incoming, outgoing) => {
    const { pathname, searchParams } = new URL(`http://proxy.invalid${incoming.url ?? "/"}`);
    const request: ProxiedRequest = {
      index: requests.length,
      method: incoming.method ?? "",
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      arrivedAt: Date.now(),
      fault: undefined,
      status: undefined,
      serverStatus: undefined,
      body: "",
    };
    requests.push(request);
    for (const rule of rules) request.fault ??= rule(request, random);
    treat(request, incoming, outgoing, targetUrl);
  });
  // Long polls of /sync may take minutes, and a fault may be that no answer ever comes.
  server.requestTimeout = 0;
  server.timeout = 0;
  // The client closes idle connections. Otherwise it might send on one that is being closed here.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });

  async function down(): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });

  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    setRule(rule = []) {
      rules = typeof rule === "function" ? [rule] : rule;
    },
    down,
    async up() {
      if (!server.listening) await listen(port);
    },
    stop: down,
  };
}

function treat(
  request: ProxiedRequest,
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
  target: URL,
): void {
  const { fault } = request;
  if (fault === undefined) {
    forward(request, incoming, outgoing, target);
    return;
  }
  switch (fault.kind) {
    case "delay": {
      const timer = setTimeout(() => forward(request, incoming, outgoing, target), fault.ms);
      outgoing.once("close", () => clearTimeout(timer));
      return;
    }
    case "hold":
      void fault.until.then(() => {
        if (!outgoing.closed) forward(request, incoming, outgoing, target);
      });
      return;
    case "reset":
      incoming.socket.resetAndDestroy();
      return;
    case "hang":
      incoming.resume();
      return;
    case "truncate":
    case "edit":
    case "delay-answer":
    case "hold-answer":
    case "lose-answer": {
      forward(request, incoming, outgoing, target);
      return;
    }
    default: {
      sendLocal(request, incoming, outgoing, faultyAnswer(fault));
      return;
    }
  }
}

// The request is read to its end first. The client may see an earlier answer as a reset.
function sendLocal(
  request: ProxiedRequest,
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
  answer: LocalAnswer,
): void {
  incoming.resume().once("end", () => {
    request.status = answer.status;
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  });
}

function forward(
  request: ProxiedRequest,
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
  target: URL,
): void {
  const onward = http.request({
    host: target.hostname,
    port: target.port,
    method: incoming.method,
    path: incoming.url,
    headers: {
      ...incoming.headers,
      host: target.host,
      ...(request.fault?.kind === "edit" && { "accept-encoding": "identity" }),
    },
    agent: false,
  });
  onward.once("response", (answer) => {
    request.serverStatus = answer.statusCode;
    if (request.fault?.kind === "lose-answer") {
      // The server has handled the request. The client never gets the answer.
      answer.resume().once("end", () => incoming.socket.resetAndDestroy());
      return;
    }
    if (request.fault?.kind === "delay-answer") {
      const timer = setTimeout(() => passOn(request, answer, outgoing), request.fault.ms);
      outgoing.once("close", () => clearTimeout(timer));
      return;
    }
    if (request.fault?.kind === "hold-answer") {
      void request.fault.until.then(() => {
        if (!outgoing.closed) passOn(request, answer, outgoing);
      });
      return;
    }
    if (request.fault?.kind === "edit")
      // Either side may break off while the answer is read.
      passOnEdited(request.fault.edit, request, answer, outgoing).catch(() => outgoing.destroy());
    else passOn(request, answer, outgoing);
  });
  onward.once("error", () => incoming.socket.resetAndDestroy());
  outgoing.once("close", () => {
    if (!outgoing.writableFinished && request.fault?.kind !== "lose-answer") onward.destroy();
  });
  if (request.method === "PUT") keepBody(request, incoming);
  pipeline(incoming, onward, () => {});
}

function keepBody(request: ProxiedRequest, incoming: http.IncomingMessage): void {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.once("end", () => {
    request.body = Buffer.concat(chunks).toString();
  });
}

function passOn(request: ProxiedRequest, answer: http.IncomingMessage, outgoing: http.ServerResponse): void {
  request.status = answer.statusCode;
  const { connection: _, "keep-alive": __, "transfer-encoding": ___, ...headers } = answer.headers;
  outgoing.writeHead(answer.statusCode ?? 502, headers);
  outgoing.flushHeaders();
  if (request.fault?.kind === "truncate") truncate(answer, outgoing, request.fault.bytes);
  else pipeline(answer, outgoing, () => {});
}

async function passOnEdited(
  edit: Extract<Fault, { kind: "edit" }>["edit"],
  request: ProxiedRequest,
  answer: http.IncomingMessage,
  outgoing: http.ServerResponse,
): Promise<void> {
  const body = JSON.stringify(edit(JSON.parse(await text(answer)) as Record<string, unknown>));
  request.status = answer.statusCode;
  outgoing.writeHead(answer.statusCode ?? 502, { "Content-Type": "application/json" }).end(body);
}

function truncate(answer: http.IncomingMessage, outgoing: http.ServerResponse, bytes: number): void {
  let left = bytes;
  answer.on("data", (chunk: Buffer) => {
    if (left <= 0) return;
    const part = chunk.subarray(0, left);
    left -= part.length;
    outgoing.write(part, () => {
      if (left <= 0) outgoing.destroy();
    });
  });
  answer.once("end", () => outgoing.destroy());
  if (bytes <= 0) outgoing.destroy();
}

function faultyAnswer(fault: AnsweringFault): LocalAnswer {
  switch (fault.kind) {
    case "limit": {
      const { retryAfterMs } = fault;
      const body = { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", retry_after_ms: retryAfterMs };
      return json(
        429,
        body,
        retryAfterMs === undefined ? {} : { "Retry-After": Math.ceil(retryAfterMs / 1000) },
      );
    }
    case "status":
      return json(fault.status, {
        errcode: fault.errcode ?? "M_UNKNOWN",
        error: "fault proxy",
        ...fault.more,
      });
    case "html":
      return page(fault.status ?? 200, "<!DOCTYPE html><html><body><h1>It works!</h1></body></html>");
    case "huge":
      return json(200, { padding: "x".repeat(fault.bytes ?? 10_000_000) });
    case "redirect":
      return { ...page(fault.status ?? 302, ""), headers: { Location: fault.location } };
  }
}

function json(status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}): LocalAnswer {
  return { status, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
}

function page(status: number, body: string): LocalAnswer {
  return { status, headers: { "Content-Type": "text/html; charset=utf-8" }, body };
}
