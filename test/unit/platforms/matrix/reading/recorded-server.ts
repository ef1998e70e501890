import { pino } from "pino";
import type { GuardedRequest } from "../../../../../src/network/guarded-fetch.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { HomeserverClient } from "../../../../../src/platforms/matrix/api/homeserver-client.ts";
import type { Reader } from "../../../../../src/platforms/matrix/reading/reader.ts";
import { createReader } from "../../../../../src/platforms/matrix/reading/reader.ts";
import { fetchOfAnswers } from "../../../../support/fakes/fetch-of-answers.ts";

export const ME = "@me:old.example";
export const OTHER = "@me:new.example";
export const SLIDING = { unstableFeatures: { "org.matrix.simplified_msc3575": true } };
export const PLAIN = { unstableFeatures: {} };

/** A sliding-sync request as far as tests look at it. */
interface SentBody {
  readonly conn_id: string;
  readonly lists: {
    readonly rooms: {
      ranges: [number, number][];
      required_state: [string, string][];
      timeline_limit: number;
    };
  };
  readonly room_subscriptions: Record<string, unknown>;
  readonly extensions: unknown;
}

export interface Asked {
  readonly method: string;
  /** Decoded, without `/_matrix/client/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Empty without one. */
  readonly body: SentBody;
}

/**
 * A scripted answer: a value is sent as JSON, text unchanged, and an error is thrown. `text`: the
 * body of an error that is no JSON.
 */
export type Given =
  | Error
  | string
  | { status: number; body?: unknown; text?: string; headers?: Record<string, string> }
  | { json: unknown };

export interface RecordedServer {
  readonly reader: Reader;
  /** Sends requests once. */
  readonly client: HomeserverClient;
  readonly asked: Asked[];
  /** Every wait, in milliseconds. */
  readonly waits: number[];
}

/** The answers that a reading needs in addition to the list of rooms, by path. */
export const SMALL_ANSWERS: Readonly<Record<string, Given>> = {
  "v3/account/whoami": { json: { user_id: ME } },
  "v3/capabilities": {
    json: {
      capabilities: { "m.room_versions": { default: "10", available: { 9: "stable", 10: "stable" } } },
    },
  },
  [`v3/profile/${ME}`]: { json: { displayname: "Me", avatar_url: null, "m.tz": "Europe/Berlin" } },
  "v3/pushrules/": { json: { global: { override: [] } } },
};

/**
 * A server that gives recorded answers, and 404 M_UNRECOGNIZED if it has none. Waits take no time.
 */
export function recordedServer(
  answer: (asked: Asked) => Given | undefined,
  signal?: AbortSignal,
): RecordedServer {
  const asked: Asked[] = [];
  const waits: number[] = [];
  async function fetch(url: string, options: GuardedRequest = {}) {
    const { pathname, searchParams } = new URL(url);
    const request = {
      method: options.method ?? "GET",
      path: decodeURIComponent(pathname.replace("/_matrix/client/", "")),
      query: searchParams,
      body: JSON.parse(typeof options.body === "string" ? options.body : "{}") as SentBody,
    };
    asked.push(request);
    const given = answer(request) ??
      SMALL_ANSWERS[request.path] ?? { status: 404, body: { errcode: "M_UNRECOGNIZED" } };
    if (given instanceof Error) throw given;
    const { status, headers, text } = toAnswer(given);
    const body = new TextEncoder().encode(text);
    if (body.length > (options.maxBytes ?? 1_048_576)) throw new UnreachableError("too_large", "old.example");
    return { status, headers, body, url };
  }
  const log = pino({ level: "silent" });
  const client = new HomeserverClient({ baseUrl: "https://old.example", fetch: fetchOfAnswers(fetch), log });
  let time = 0;
  const clock = {
    sleep: async (ms: number) => {
      waits.push(ms);
    },
    random: () => 0,
    // Each look at the clock takes a little.
    now: () => (time += 1),
  };
  return { reader: createReader({ client, log, clock, signal }), client, asked, waits };
}

function toAnswer(given: Exclude<Given, Error>): {
  status: number;
  headers: Record<string, string>;
  text: string;
} {
  if (typeof given === "string") return { status: 200, headers: {}, text: given };
  if ("json" in given) return { status: 200, headers: {}, text: JSON.stringify(given.json) };
  const text = given.text ?? JSON.stringify(given.body ?? {});
  return { status: given.status, headers: given.headers ?? {}, text };
}

export function stateEvent(type: string, content: unknown, stateKey = "", sender = ME) {
  return { type, state_key: stateKey, sender, content, origin_server_ts: 1_000, event_id: "$e" };
}

export function member(userId: string, membership: string, more: Record<string, unknown> = {}) {
  return stateEvent("m.room.member", { membership, ...more }, userId, userId);
}

/** State of a joined room. */
export function joinedState(...more: unknown[]): unknown[] {
  return [stateEvent("m.room.create", { room_version: "10" }), member(ME, "join"), ...more];
}

/** A sliding-sync answer. */
export function slid(
  rooms: Record<string, unknown>,
  count: number,
  more: Record<string, unknown> = {},
): Given {
  return { json: { pos: "1", lists: { rooms: { count } }, rooms, ...more } };
}
