import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createSocketServer } from "node:net";
import { afterEach } from "vitest";
import type { GuardedFetch, GuardedFetchOptions } from "../../../../src/network/guarded-fetch.ts";
import { createGuardedFetch } from "../../../../src/network/guarded-fetch.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";

const closings: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closings.splice(0).map(async (close) => await close()));
});

/** A request as a loopback server received it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  readonly requests: ReceivedRequest[];
}

export type Answer = (request: ReceivedRequest, response: ServerResponse) => void;

/** Starts an HTTP server on 127.0.0.1. It stops at the end of the test. */
export async function startServer(answer: Answer): Promise<LoopbackServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closings.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const port = portOf(server.address());
  return { url: `http://127.0.0.1:${port}`, port, requests };
}

/** Starts a server that speaks raw TCP, for answers that are not HTTP. */
export async function startSocketServer(
  onConnection: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    // These tests make clients close connections.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closings.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const port = portOf(server.address());
  return { url: `http://127.0.0.1:${port}`, port };
}

/**
 * A guarded fetch, closed at the end of the test. Loopback is permitted unless the options forbid
 * it.
 */
export function openFetch(options: Partial<GuardedFetchOptions> = {}): GuardedFetch {
  const fetch = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"], ...options });
  closings.push(async () => {
    await fetch.close();
  });
  return fetch;
}

/**
 * Sends requests for one origin to another, as if DNS had resolved to it. Tests cannot listen on
 * ports 80 and 443.
 */
export function redirectOrigins(
  fetch: GuardedFetch,
  origins: Readonly<Record<string, string>>,
): GuardedFetch {
  const mapped: GuardedFetch = Object.assign(
    async (url: string, options?: Parameters<GuardedFetch>[1]) => {
      const { origin } = new URL(url);
      return await fetch(url.replace(origin, origins[origin] ?? origin), options);
    },
    { stream: fetch.stream, close: fetch.close },
  );
  return mapped;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** The error of a request that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("expected a failure");
}

/** The reason of a request that must fail. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error = await failureOf(promise);
  if (error instanceof UnreachableError) return error.reason;
  throw error;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
