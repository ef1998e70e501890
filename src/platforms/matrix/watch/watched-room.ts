import type { RunRoom } from "../../../model/run-room.ts";
import type { WatchedRoom } from "./access-change.ts";

/** What the watch needs to know about a room that waits for a person. */
export function watchedRoom(room: RunRoom): WatchedRoom {
  const { reason } = room.planned.row;
  return {
    roomId: room.roomId,
    isSourceJoined: !room.isReplacement && reason?.code !== "source_not_joined",
    isBanned: reason?.code === "target_banned",
    refused: room.refusals.map(({ route }) => route),
  };
}
