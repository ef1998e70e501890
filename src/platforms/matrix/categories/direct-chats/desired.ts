import type { Desired } from "../comparison.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import { isJsonObject } from "../../api/json.ts";
import type { NotMoved, NotMovedCode } from "../not-moved.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";

/** A room of the target, and with whom it is a direct chat. */
export interface DirectChat {
  readonly roomId: string;
  readonly counterpart: string;
}

interface Parties {
  readonly sourceUserId: string;
  readonly targetUserId: string;
}

/**
 * What of the source's `m.direct` should stand in the target's (protocol-facts.md section 4): notes
 * to oneself go to the target's own key, chats with the target are dropped, and what is no list of
 * rooms under a user ID is told, as old clients and bridges left such. A room stands under one
 * counterpart, the first.
 * @param content the source's `m.direct`; `undefined` for none
 */
export function desiredDirectChats(
  content: unknown,
  { sourceUserId, targetUserId }: Parties,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DirectChat> {
  const notMoved: NotMoved[] = [];
  function leave(item: string, code: NotMovedCode): void {
    notMoved.push({ category: "direct_chats", item, code });
  }
  if (content === undefined) return { wanted: [], notMoved };
  if (!isJsonObject(content)) {
    leave("m.direct", "malformed");
    return { wanted: [], notMoved };
  }
  const counterparts = new Map<string, string>();
  for (const [key, list] of Object.entries(content)) {
    if (parseUserId(key) === null || !Array.isArray(list)) {
      leave(key, "malformed");
      continue;
    }
    const roomIds = list.filter((roomId) => typeof roomId === "string");
    if (roomIds.length < list.length) leave(key, "malformed");
    if (key === targetUserId) for (const roomId of new Set(roomIds)) leave(`${roomId} ${key}`, "own_account");
    else for (const roomId of roomIds) if (!counterparts.has(roomId)) counterparts.set(roomId, key);
  }
  const { moved, left } = movedRooms(counterparts.keys(), roomIdOnTarget);
  for (const roomId of left) leave(`${roomId} ${counterparts.get(roomId) ?? ""}`, "room_not_moved");
  const wanted = new Map<string, DirectChat>();
  for (const { roomId, targetRoomId } of moved) {
    const counterpart = counterparts.get(roomId);
    if (counterpart === undefined || wanted.has(targetRoomId)) continue;
    wanted.set(targetRoomId, {
      roomId: targetRoomId,
      counterpart: counterpart === sourceUserId ? targetUserId : counterpart,
    });
  }
  return { wanted: [...wanted.values()], notMoved };
}
