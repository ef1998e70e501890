import { z } from "zod";
import type { NotMoved, NotMovedCode } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import { isJsonObject } from "../../api/json.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";

const directChatSchema = z.object({ roomId: z.string(), counterpart: z.string() });
/** A room of the target and the person with whom it is a direct chat. */
type DirectChat = z.output<typeof directChatSchema>;

/** The payload of the step. */
export const directChatsSchema = z.object({ chats: z.array(directChatSchema) });
export type DirectChatsPayload = z.output<typeof directChatsSchema>;

/** The type of account data that lists direct chats by counterpart (CS §Direct messaging). */
export const DIRECT_CHATS_TYPE = "m.direct";

/** Which rooms are direct chats, and with whom. */
export const directChatsPlan: CategoryPlan<Comparison<DirectChat>, DirectChatsPayload> = {
  name: "direct_chats",
  accountDataType: DIRECT_CHATS_TYPE,
  isWholeList: true,
  compare(source, target, roomIdOnTarget) {
    const userIds = { source: source.snapshot.userId, target: target.snapshot.userId };
    const chosen = counterpartsByRoom(target.snapshot.accountData.get(DIRECT_CHATS_TYPE), userIds.source);
    return compareItems(
      "direct_chats",
      desiredDirectChats(source.snapshot.accountData.get(DIRECT_CHATS_TYPE), userIds, roomIdOnTarget),
      ({ roomId, counterpart }) => `${roomId} ${counterpart}`,
      ({ roomId, counterpart }) => {
        const counterparts = chosen.get(roomId);
        if (counterparts === undefined) return "missing";
        return counterparts.has(counterpart) ? "present" : "target_has_own";
      },
    );
  },
  /**
   * One step for all chats, because they share one piece of account data. It writes the chats whose
   * rooms the target has joined when it runs.
   */
  steps({ missingItems }) {
    if (missingItems.length === 0) return [];
    const chats = missingItems.map(({ roomId, counterpart }) => ({ roomId, counterpart }));
    return [{ key: "direct_chats", stage: stages.settings, payload: { chats } }];
  },
};

/**
 * The direct chats that the target should have (platforms/matrix/README.md, "Direct chats").
 *
 * - Notes to oneself move to the target's own key.
 * - Chats with the target are not moved.
 * - Entries that are not lists of room IDs under a user ID are reported as malformed. Old clients
 *   and bridges wrote them.
 * - A room that is listed under several counterparts counts for the first.
 * @param content the source's `m.direct`; `undefined` for none
 */
function desiredDirectChats(
  content: unknown,
  userIds: { readonly source: string; readonly target: string },
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DirectChat> {
  const notMoved: NotMoved[] = [];
  function leave(item: string, code: NotMovedCode): void {
    notMoved.push({ category: "direct_chats", item, code });
  }
  if (content === undefined) return { items: [], notMoved };
  if (!isJsonObject(content)) {
    leave(DIRECT_CHATS_TYPE, "malformed");
    return { items: [], notMoved };
  }
  const counterparts = new Map<string, string>();
  for (const [key, list] of Object.entries(content)) {
    if (parseUserId(key) === null || !Array.isArray(list)) {
      leave(key, "malformed");
      continue;
    }
    const roomIds = list.filter((roomId) => typeof roomId === "string");
    if (roomIds.length < list.length) leave(key, "malformed");
    if (key === userIds.target)
      for (const roomId of new Set(roomIds)) leave(`${roomId} ${key}`, "own_account");
    else for (const roomId of roomIds) if (!counterparts.has(roomId)) counterparts.set(roomId, key);
  }
  const { moved, unmovedRoomIds } = movedRooms(counterparts.keys(), roomIdOnTarget);
  for (const roomId of unmovedRoomIds) leave(`${roomId} ${counterparts.get(roomId) ?? ""}`, "room_not_moved");
  const desired = new Map<string, DirectChat>();
  for (const { roomId, targetRoomId } of moved) {
    const counterpart = counterparts.get(roomId);
    if (counterpart === undefined || desired.has(targetRoomId)) continue;
    desired.set(targetRoomId, {
      roomId: targetRoomId,
      counterpart: counterpart === userIds.source ? userIds.target : counterpart,
    });
  }
  return { items: [...desired.values()], notMoved };
}

/**
 * The counterparts that the target has chosen, by room. A room under the source is not a choice:
 * clients list it there when the source invites (platforms/matrix/README.md, "Direct chats").
 * @param content the target's `m.direct`
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
