import { pino } from "pino";
import type { Side } from "../../../../../src/model/account.ts";
import { HomeserverClient } from "../../../../../src/platforms/matrix/api/homeserver-client.ts";
import type { GuardedFetch, GuardedRequest } from "../../../../../src/network/guarded-fetch.ts";
import type { StepContext } from "../../../../../src/platforms/matrix/steps/step-context.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

export const ROOM = "!room:old.example";

/** A request of a step. */
export interface SentRequest {
  readonly side: Side;
  readonly method: string;
  /** Decoded, without `/_matrix/client/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** An answer by hand; text instead of a body is sent as it stands, an error is thrown. */
export type Given = Error | { status: number; body?: unknown };

/**
 * Answers by request, as `target POST v3/join/!room:old.example`; of several, one after the other,
 * and the last for good.
 */
export type Script = Readonly<Record<string, Given | readonly Given[]>>;

export interface StepWorld {
  readonly context: StepContext;
  readonly sent: SentRequest[];
  /** What was to be stored of how to take it back, in order. */
  readonly intents: unknown[];
  /** The requests alone, as in a script. */
  readonly lines: () => string[];
}

/**
 * Both accounts with servers that give scripted answers; what a script has none for is an error of
 * the test.
 */
export function stepWorld(
  script: Script,
  more: { canSkipCheck?: boolean; inside?: readonly string[]; savedUndo?: unknown } = {},
): StepWorld {
  const sent: SentRequest[] = [];
  const asked = new Map<string, number>();
  const next = (line: string): Given | undefined => {
    const count = asked.get(line) ?? 0;
    asked.set(line, count + 1);
    const given = [script[line] ?? []].flat();
    return given[Math.min(count, given.length - 1)];
  };
  const client = (side: Side): HomeserverClient => {
    const answer = async (url: string, options: GuardedRequest = {}) => {
      const { pathname, searchParams: query } = new URL(url);
      const method = options.method ?? "GET";
      const path = decodeURIComponent(pathname.replace("/_matrix/client/", ""));
      const body: unknown = typeof options.body === "string" ? JSON.parse(options.body) : undefined;
      sent.push({ side, method, path, query, body });
      const given = next(`${side} ${method} ${path}`);
      if (given === undefined) throw new Error(`not in the script: ${side} ${method} ${path}`);
      if (given instanceof Error) throw given;
      const text = typeof given.body === "string" ? given.body : JSON.stringify(given.body ?? {});
      return { status: given.status, headers: {}, body: new TextEncoder().encode(text), url };
    };
    const fetch: GuardedFetch = Object.assign(answer, { close: async () => {} });
    return new HomeserverClient({
      baseUrl: `https://${side}.example`,
      fetch,
      log: pino({ level: "silent" }),
    });
  };
  const inside = new Set(more.inside);
  const intents: unknown[] = [];
  const context: StepContext = {
    client: { source: client("source"), target: client("target") },
    userId: { source: SOURCE, target: TARGET },
    canSkipCheck: more.canSkipCheck ?? true,
    savedUndo: more.savedUndo ?? null,
    saveUndo: async (undo) => void intents.push(undo),
    isInside: (roomId) => inside.has(roomId),
    signal: new AbortController().signal,
  };
  return {
    context,
    sent,
    intents,
    lines: () => sent.map(({ side, method, path }) => `${side} ${method} ${path}`),
  };
}

export function refused(status: number, errcode: string, error = "words"): Given {
  return { status, body: { errcode, error } };
}

export function content(body: unknown): Given {
  return { status: 200, body };
}

export const DONE: Given = { status: 200, body: {} };
export const NOT_FOUND = refused(404, "M_NOT_FOUND", "Event not found.");
export const NOT_INSIDE = refused(403, "M_FORBIDDEN", "User not in room");
