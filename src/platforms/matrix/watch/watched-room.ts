import type { RunRoom } from "../../../model/run-room.ts";
import type { AccessChange, WatchedRoom } from "./access-change.ts";

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

/**
 * A room after a change that the watch has seen. Rooms that still cannot be entered stay as they
 * are: the run reads both accounts when it settles, and decides about them again.
 * @param now in milliseconds since the epoch
 */
export function roomAfterChange(room: RunRoom, change: AccessChange, now: number): RunRoom {
  switch (change.kind) {
    case "joined":
      return { ...room, isInside: true, status: "done", joinedAt: now };
    case "open": {
      const { work } = room.planned;
      return {
        ...room,
        route: change.route,
        status: "planned",
        planned: {
          ...room.planned,
          work: { ...work, routes: [change.route, "ask_moderator"], through: change.through ?? work.through },
        },
      };
    }
    case "banned":
    case "unbanned":
      return room;
  }
}
