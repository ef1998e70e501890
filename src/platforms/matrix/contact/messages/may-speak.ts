import { serverPartOf } from "../../ids/server-host.ts";
import { maySend, roomPowerOf } from "../../rooms/power-levels/room-power.ts";
import { isServerAllowed } from "../../rooms/server-acl.ts";
import type { RoomSnapshot } from "../../rooms/types.ts";

/** Whether an account that has joined a room may send messages there, and is heard. */
export function maySpeak(room: RoomSnapshot, userId: string): boolean {
  return (
    maySend(roomPowerOf(room), userId, "m.room.message") &&
    isServerAllowed(room.serverAcl, serverPartOf(userId))
  );
}
