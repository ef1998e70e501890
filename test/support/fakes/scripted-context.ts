import { pino } from "pino";
import type { Side } from "../../../src/model/account.ts";
import { KeyedQueue } from "../../../src/model/keyed-queue.ts";
import type { GuardedRequest } from "../../../src/network/guarded-fetch.ts";
import { UnreachableError } from "../../../src/network/unreachable-error.ts";
import { HomeserverClient } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import type { StepContext } from "../../../src/platforms/matrix/steps/step-context.ts";
import { SOURCE, TARGET } from "../plans/planned-rooms.ts";
import { fetchOfAnswers } from "./fetch-of-answers.ts";
import { imageCopiesIn } from "./image-copies.ts";

export const ROOM = "!room:old.example";

/** A request as one of the two servers received it. */
export interface ScriptedRequest {
  readonly side: Side;
  readonly method: string;
  /** Decoded and without `/_matrix/client/v3`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The media type of the body. */
  readonly type: string | undefined;
}

/** The answer to a request: JSON with status 200 by default, or bytes. An error is thrown. */
export type Answer =
  | Error
  /** It comes only when the request is aborted. */
  | "hangs"
  | {
      readonly status?: number;
      readonly json?: unknown;
      readonly bytes?: string | Uint8Array;
      readonly type?: string;
    };

/**
 * Answers by request, for example by `target POST /join/!room:old.example`. Several answers are
 * given in sequence, and the last one is repeated. A request that is not in the table fails the
 * test.
 */
export type AnswerTable = Readonly<Record<string, Answer | readonly Answer[]>>;

/** Answers as a function. `undefined`: a write succeeds, and a read finds nothing. */
export type AnswerFunction = (request: ScriptedRequest) => Answer | undefined;

export interface ScriptedContextOptions {
  readonly canSkipCheck?: boolean;
  readonly failures?: number;
  /** Whether the target is in a room. By default it is in every room. */
  readonly isJoined?: (roomId: string) => boolean;
  readonly savedUndo?: unknown;
  /** After this number of requests the run is paused. */
  readonly maxRequests?: number;
  readonly isJustJoined?: boolean;
  /** The images that steps of the run have copied. Steps add to it. */
  readonly copies?: Map<string, string>;
  /** Shared by contexts whose steps run side by side. */
  readonly inTurn?: KeyedQueue;
  /** The user ID of the new account. */
  readonly target?: string;
  /** The side that acts. Default: the new account. */
  readonly side?: Side;
  readonly now?: StepContext["now"];
  /** Default: the day has room for a new chat. */
  readonly reserveChat?: StepContext["reserveChat"];
}

export interface ScriptedContext {
  readonly context: StepContext & { readonly client: Readonly<Record<Side, HomeserverClient>> };
  readonly requests: readonly ScriptedRequest[];
  /** The values that the step gave to `saveUndo`, in order. */
  readonly savedUndos: readonly unknown[];
  /** The requests, written like the keys of an answer table. */
  readonly lines: () => string[];
  /** The requests that write: `PUT /path`. */
  readonly writes: () => string[];
}

export const DONE: Answer = { json: {} };
export const NOT_FOUND = refused(404, "M_NOT_FOUND", "Event not found.");
export const NOT_INSIDE = refused(403, "M_FORBIDDEN", "User not in room");

export function content(json: unknown): Answer {
  return { json };
}

export function refused(status: number, errcode: string, error = "words"): Answer {
  return { status, json: { errcode, error } };
}

/** The context of a step with two servers that give scripted answers. */
export function scriptedContext(
  script: AnswerTable | AnswerFunction,
  {
    canSkipCheck = true,
    failures = 0,
    isJoined = () => true,
    savedUndo = null,
    maxRequests = Infinity,
    isJustJoined,
    copies,
    inTurn = new KeyedQueue(),
    target = TARGET,
    side = "target",
    now = Date.now,
    reserveChat = async () => ({ status: "reserved" }),
  }: ScriptedContextOptions = {},
): ScriptedContext {
  const answer = typeof script === "function" ? byFunction(script) : byTable(script);
  const requests: ScriptedRequest[] = [];
  const savedUndos: unknown[] = [];
  const client = (of: Side): HomeserverClient => {
    const fetch = async (url: string, options: GuardedRequest = {}) => {
      const request = requestOf(of, url, options);
      requests.push(request);
      const given = answer(request);
      if (given instanceof Error) throw given;
      if (given === "hangs") return await aborted(options.signal, of);
      const { status = 200, json = {}, bytes = JSON.stringify(json), type = "application/json" } = given;
      const body = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
      if (status < 400 && body.length > (options.maxBytes ?? Infinity))
        throw new UnreachableError("too_large", of);
      return { status, headers: { "content-type": type }, body, url };
    };
    return new HomeserverClient({
      baseUrl: `https://${of}.example`,
      fetch: fetchOfAnswers(fetch),
      log: pino({ level: "silent" }),
      accessToken: () => `${of} token`,
    });
  };
  return {
    requests,
    savedUndos,
    lines: () => requests.map(lineOf),
    writes: () =>
      requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`),
    context: {
      client: { source: client("source"), target: client("target") },
      userId: { source: SOURCE, target },
      side,
      stepId: "step-1",
      canSkipCheck,
      ...(isJustJoined !== undefined && { isJustJoined }),
      imageCopies: imageCopiesIn(copies),
      inTurn,
      now,
      failures,
      savedUndo,
      saveUndo: async (undo) => void savedUndos.push(undo),
      isJoined,
      reserveChat,
      signal: new AbortController().signal,
      mayGoOn: () => requests.length < maxRequests,
    },
  };
}

/** The context of a run whose old account is known from files only. */
export function withoutSource(context: StepContext): StepContext {
  return { ...context, client: { ...context.client, source: null } };
}

async function aborted(signal: AbortSignal | undefined, side: Side): Promise<never> {
  if (signal?.aborted !== true)
    await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
  throw new UnreachableError("aborted", side);
}

function requestOf(
  side: Side,
  url: string,
  { method = "GET", body, headers }: GuardedRequest,
): ScriptedRequest {
  const { pathname, searchParams: query } = new URL(url);
  const path = decodeURIComponent(pathname.replace("/_matrix/client/v3", ""));
  const content: unknown = typeof body === "string" ? JSON.parse(body) : body;
  return { side, method, path, query, body: content, type: headers?.["content-type"] };
}

function lineOf({ side, method, path }: ScriptedRequest): string {
  return `${side} ${method} ${path}`;
}

function byFunction(answer: AnswerFunction): (request: ScriptedRequest) => Answer {
  return (request) => answer(request) ?? (request.method === "GET" ? NOT_FOUND : DONE);
}

function byTable(table: AnswerTable): (request: ScriptedRequest) => Answer {
  const counts = new Map<string, number>();
  return (request) => {
    const line = lineOf(request);
    const count = counts.get(line) ?? 0;
    counts.set(line, count + 1);
    const answers = [table[line] ?? []].flat();
    const answer = answers[Math.min(count, answers.length - 1)];
    if (answer === undefined) throw new Error(`not in the script: ${line}`);
    return answer;
  };
}
