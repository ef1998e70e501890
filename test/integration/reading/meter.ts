import { pino } from "pino";
import type { GuardedFetch, GuardedRequest } from "../../../src/network/guarded-fetch.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { HomeserverClient } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import type { Reader } from "../../../src/platforms/matrix/reading/reader.ts";
import { createReader } from "../../../src/platforms/matrix/reading/reader.ts";
import type { Homeserver } from "../../lab/homeservers/pair.ts";

/** A sent request and the size of its answer. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly bytes: number;
}

/** A reader that records its requests. */
export interface MeteredReader {
  readonly reader: Reader;
  readonly sent: SentRequest[];
  close(): Promise<void>;
}

/**
 * @param isSyncWhole false: the server refuses a sync with the rooms' state, like a server on which
 * that takes too long
 */
export function meteredReader(
  { server, accessToken }: { server: Homeserver; accessToken: string },
  { isSyncWhole = true }: { isSyncWhole?: boolean } = {},
): MeteredReader {
  const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  const sent: SentRequest[] = [];
  const metered = async (url: string, options: GuardedRequest = {}) => {
    const { pathname, searchParams } = new URL(url);
    const body = typeof options.body === "string" ? options.body : "";
    const isClosed = !isSyncWhole && searchParams.get("filter")?.includes("m.room.create") === true;
    const answer = isClosed
      ? { status: 404, headers: {}, body: new TextEncoder().encode('{"errcode":"M_UNRECOGNIZED"}'), url }
      : await guarded(url, options);
    sent.push({
      method: options.method ?? "GET",
      path: pathname,
      query: searchParams,
      body,
      bytes: answer.body.length,
    });
    return answer;
  };
  const fetch: GuardedFetch = Object.assign(metered, { stream: guarded.stream, close: guarded.close });
  const log = pino({ level: "silent" });
  const client = new HomeserverClient({
    baseUrl: server.baseUrl,
    fetch,
    log,
    accessToken: () => accessToken,
  });
  return { reader: createReader({ client, log }), sent, close: guarded.close };
}
