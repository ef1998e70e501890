import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import { isJsonObject } from "../../api/json.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { desiredDirectChats } from "./desired.ts";
import type { DirectChat } from "./desired.ts";

export function compareDirectChats(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<DirectChat> {
  const parties = { sourceUserId: source.snapshot.userId, targetUserId: target.snapshot.userId };
  const wanted = desiredDirectChats(source.snapshot.accountData.get("m.direct"), parties, roomIdOnTarget);
  const standing = counterpartsByRoom(target.snapshot.accountData.get("m.direct"), parties.sourceUserId);
  return compareItems(
    "direct_chats",
    wanted,
    ({ roomId, counterpart }) => `${roomId} ${counterpart}`,
    ({ roomId, counterpart }) => {
      const counterparts = standing.get(roomId);
      if (counterparts === undefined) return "missing";
      return counterparts.has(counterpart) ? "present" : "target_has_own";
    },
  );
}

/**
 * Whom the target has chosen for its direct chats. The source is nobody's choice: clients write it
 * there when an invitation comes from it (protocol-facts.md section 4).
 */
export function counterpartsByRoom(content: unknown, sourceUserId: string): Map<string, Set<string>> {
  const byRoom = new Map<string, Set<string>>();
  if (!isJsonObject(content)) return byRoom;
  for (const [key, list] of Object.entries(content)) {
    if (key === sourceUserId || !Array.isArray(list) || parseUserId(key) === null) continue;
    for (const roomId of list) {
      if (typeof roomId !== "string") continue;
      const known = byRoom.get(roomId);
      if (known === undefined) byRoom.set(roomId, new Set([key]));
      else known.add(key);
    }
  }
  return byRoom;
}
