import { pino } from "pino";
import type { Side } from "../../../../../src/model/account.ts";
import { HomeserverClient } from "../../../../../src/platforms/matrix/api/homeserver-client.ts";
import type { GuardedFetch, GuardedRequest } from "../../../../../src/network/guarded-fetch.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import type { StepContext } from "../../../../../src/platforms/matrix/steps/step-context.ts";
import { NEW, OLD } from "../categories/contents-sketch.ts";

/**
 * A request as one of the two servers received it; the path decoded and without
 * `/_matrix/client/v3`.
 */
export interface Asked {
  readonly side: Side;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** What is sent back: JSON with status 200 unless said otherwise, or bytes. */
export interface Given {
  readonly status?: number;
  readonly json?: unknown;
  readonly bytes?: string;
  readonly type?: string;
}

export interface Scripted {
  readonly context: StepContext;
  readonly asked: Asked[];
  /** What was to be stored of how to take it back, in order. */
  readonly intents: unknown[];
  /** What was written, in short: `PUT /path`. */
  writes(): string[];
}

export const ABSENT: Given = { status: 404, json: { errcode: "M_NOT_FOUND", error: "Not found" } };
export const DONE: Given = { json: {} };

/**
 * A step's surroundings with two servers that answer by a script; what that has no answer for is
 * taken (`{}`) when written and absent when read.
 */
export function scripted(
  answer: (asked: Asked) => Given | undefined,
  options: { canSkipCheck?: boolean; inside?: (roomId: string) => boolean; savedUndo?: unknown } = {},
): Scripted {
  const asked: Asked[] = [];
  const intents: unknown[] = [];
  const clientOf = (side: Side) => {
    async function fetch(url: string, request: GuardedRequest = {}) {
      const { pathname, searchParams } = new URL(url);
      const { method = "GET", body } = request;
      const isJson = typeof body === "string";
      const received: Asked = {
        side,
        method,
        path: decodeURIComponent(pathname.replace("/_matrix/client/v3", "")),
        query: searchParams,
        body: isJson ? JSON.parse(body) : body,
      };
      asked.push(received);
      const given = answer(received) ?? (method === "GET" ? ABSENT : DONE);
      const bytes = new TextEncoder().encode(given.bytes ?? JSON.stringify(given.json ?? {}));
      const { status = 200, type = "application/json" } = given;
      if (status < 400 && bytes.length > (request.maxBytes ?? Infinity))
        throw new UnreachableError("too_large", side);
      return { status, headers: { "content-type": type }, body: bytes, url };
    }
    const guarded: GuardedFetch = Object.assign(fetch, { close: async () => {} });
    const log = pino({ level: "silent" });
    return new HomeserverClient({
      baseUrl: `https://${side}.example`,
      fetch: guarded,
      log,
      accessToken: () => `${side} token`,
    });
  };
  return {
    asked,
    intents,
    writes: () =>
      asked.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`),
    context: {
      client: { source: clientOf("source"), target: clientOf("target") },
      userId: { source: OLD, target: NEW },
      canSkipCheck: options.canSkipCheck ?? true,
      savedUndo: options.savedUndo ?? null,
      saveUndo: async (undo) => void intents.push(undo),
      isInside: options.inside ?? (() => true),
      signal: new AbortController().signal,
    },
  };
}
