import { z } from "zod";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { PageError } from "../api/page-error.ts";
import { roomFromSummary } from "../rooms/room-summary.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import type { Reader } from "./reader.ts";

const anySchema = z.record(z.string(), z.unknown());

/** A room with the servers to ask about it. Synapse refuses to read remote rooms without any. */
export interface RoomToFind {
  readonly roomId: string;
  readonly via: readonly string[];
}

/**
 * A room that the account has not joined (the replacement of an upgraded room), as its summary
 * shows it (CS v1.15, MSC3266; an unstable path before that). `null`: the server does not know the
 * room, refuses, or does not support summaries. The room may still exist.
 */
export async function readOutsideRoom(
  reader: Reader,
  { roomId, via }: RoomToFind,
  source: AccountSnapshot,
  targetUserId: string,
): Promise<RoomSnapshot | null> {
  const stable = apiPath`/_matrix/client/v1/room_summary/${roomId}`;
  const unstable = apiPath`/_matrix/client/unstable/im.nheko.summary/summary/${roomId}`;
  for (const path of [stable, unstable]) {
    try {
      // A summary over federation fails if the other server fails. There is one retry. Then the
      // plan does without the summary.
      const answer = await reader.request(
        { method: "GET", path, query: { via }, schema: anySchema, isRelayed: true },
        { retries: 1 },
      );
      return roomFromSummary(roomId, answer, source, targetUserId);
    } catch (error) {
      if (error instanceof PageError) return null;
      if (!(error instanceof HomeserverError)) throw error;
      if (isUnknownPath(error)) continue;
      if (!isNothingTold(error)) throw error;
      reader.log.debug(
        { roomId, status: error.status, errcode: error.errcode },
        "the server does not show a room that the account has not joined",
      );
      return null;
    }
  }
  return null;
}

function isUnknownPath({ status, errcode }: HomeserverError): boolean {
  return (status === 404 || status === 405) && (errcode === "M_UNRECOGNIZED" || errcode === "M_UNKNOWN");
}

function isNothingTold({ status, errcode }: HomeserverError): boolean {
  return status === 404 || status === 400 || status >= 500 || (status === 403 && errcode === "M_FORBIDDEN");
}
