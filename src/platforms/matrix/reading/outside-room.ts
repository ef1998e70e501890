import { z } from "zod";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { roomFromSummary } from "../rooms/room-summary.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import type { Reader } from "./reader.ts";
import { isFailedRead } from "./unless-unreadable.ts";
import { isTimeout } from "./with-retries.ts";

/**
 * The server may ask other servers, each for as long as Synapse waits for one that is dead: ten
 * seconds and more.
 */
const TIMEOUT_MS = 20_000;

const anySchema = z.record(z.string(), z.unknown());

/** A room with the servers to ask about it. Synapse refuses to read remote rooms without any. */
export interface RoomToFind {
  readonly roomId: string;
  readonly via: readonly string[];
}

/**
 * A room that the account has not joined (the replacement of an upgraded room), as its summary
 * shows it (CS v1.15, MSC3266; an unstable path before that). `null`: the server does not know the
 * room, refuses, does not support summaries, or other servers do not answer it. The room may still
 * exist.
 */
export async function readOutsideRoom(
  reader: Pick<Reader, "request" | "summaryFailures" | "log">,
  { roomId, via }: RoomToFind,
  source: AccountSnapshot,
  targetUserId: string,
): Promise<RoomSnapshot | null> {
  const stable = apiPath`/_matrix/client/v1/room_summary/${roomId}`;
  const unstable = apiPath`/_matrix/client/unstable/im.nheko.summary/summary/${roomId}`;
  const { summaryFailures } = reader;
  for (const path of [stable, unstable]) {
    if (summaryFailures.isSpent) return null;
    try {
      // A summary over federation fails if the other server fails. There is one retry. Then the
      // plan does without the summary.
      const answer = await reader.request(
        { method: "GET", path, query: { via }, schema: anySchema, isRelayed: true, timeoutMs: TIMEOUT_MS },
        { retries: Math.min(1, summaryFailures.retries), isTimeoutFinal: true },
      );
      return roomFromSummary(roomId, answer, source, targetUserId);
    } catch (error) {
      if (!isFailedRead(error)) throw error;
      if (isUnknownPath(error)) continue;
      // Other servers take part in this answer, so any failure is about this room only.
      if (isTimeout(error)) summaryFailures.timedOut();
      summaryFailures.failed();
      reader.log.debug(
        { roomId, err: error },
        "the server does not show a room that the account has not joined",
      );
      return null;
    }
  }
  return null;
}

function isUnknownPath(error: unknown): boolean {
  if (!(error instanceof HomeserverError)) return false;
  const { status, errcode } = error;
  return (status === 404 || status === 405) && (errcode === "M_UNRECOGNIZED" || errcode === "M_UNKNOWN");
}
