import { z } from "zod";
import type { Side } from "../../../../model/account.ts";
import type { NotMoved, NotMovedCode } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import { isJsonObject } from "../../api/json.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import { isOpenedChat } from "../../rooms/chat-marker.ts";
import type { RoomSnapshot } from "../../rooms/types.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";

const directChatSchema = z.object({ roomId: z.string(), counterpart: z.string() });
/** A room of the target and the person with whom it is a direct chat. */
type DirectChat = z.output<typeof directChatSchema>;

/** The payload of the step. */
export const directChatsSchema = z.object({ chats: z.array(directChatSchema) });
export type DirectChatsPayload = z.output<typeof directChatsSchema>;

/** The type of account data that lists direct chats by counterpart (CS §Direct messaging). */
export const DIRECT_CHATS_TYPE = "m.direct";

/** The facts about an account that its direct chats depend on. */
type ChatAccount = AccountContents["snapshot"];

/** Which rooms are direct chats, and with whom. */
export const directChatsPlan: CategoryPlan<Comparison<DirectChat>, DirectChatsPayload> = {
  name: "direct_chats",
  accountDataType: DIRECT_CHATS_TYPE,
  isWholeList: true,
  partAbout: (item, roomIds) => (roomIds.has(item.roomId) ? item : null),
  compare(source, target, roomIdOnTarget) {
    const accounts = { source: source.snapshot, target: target.snapshot };
    const chosen = counterpartsByRoom(
      target.snapshot.accountData.get(DIRECT_CHATS_TYPE),
      source.snapshot.userId,
    );
    return compareItems(
      "direct_chats",
      desiredDirectChats(accounts, chosen, roomIdOnTarget),
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
 * - Chats of the two accounts with each other are not moved, nor are chats that the bot opened.
 * - Entries that are not lists of room IDs under a user ID are reported as malformed. Old clients
 *   and bridges wrote them. A chat under an e-mail address moves to the one other member.
 * - A room that is listed under several counterparts is listed under all of them.
 * @param chosen the counterparts that the target has chosen, by room
 */
function desiredDirectChats(
  { source, target }: Readonly<Record<Side, ChatAccount>>,
  chosen: ReadonlyMap<string, ReadonlySet<string>>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DirectChat> {
  const content = source.accountData.get(DIRECT_CHATS_TYPE);
  const notMoved: NotMoved[] = [];
  const ownChats = new Set<string>();
  function leave(item: string, code: NotMovedCode): void {
    notMoved.push({ category: "direct_chats", item, code });
  }
  function leaveOwn(roomId: string): void {
    if (!ownChats.has(roomId)) leave(`${roomId} ${target.userId}`, "own_account");
    ownChats.add(roomId);
  }
  if (content === undefined) return { items: [], notMoved };
  if (!isJsonObject(content)) {
    leave(DIRECT_CHATS_TYPE, "malformed");
    return { items: [], notMoved };
  }
  const listed = new Map<string, Set<string>>();
  for (const [key, list] of Object.entries(content)) {
    if (!Array.isArray(list) || (parseUserId(key) === null && !isEmailAddress(key))) {
      leave(key, "malformed");
      continue;
    }
    const roomIds = new Set<unknown>(list)
      .values()
      .filter(isRoom)
      .filter((roomId) => !isOwnChat(roomId))
      .toArray();
    const counterparts = new Map(roomIds.map((roomId) => [roomId, counterpartOf(key, roomId)]));
    if (!list.every(isRoom) || [...counterparts.values()].includes(null)) leave(key, "malformed");
    for (const [roomId, counterpart] of counterparts) {
      if (counterpart === target.userId) leaveOwn(roomId);
      else if (counterpart !== null)
        listed.set(roomId, (listed.get(roomId) ?? new Set<string>()).add(counterpart));
    }
  }
  const { moved, unmovedRoomIds } = movedRooms(listed.keys(), roomIdOnTarget);
  for (const roomId of unmovedRoomIds) {
    for (const counterpart of listed.get(roomId) ?? []) leave(`${roomId} ${counterpart}`, "room_not_moved");
  }
  const desired = new Map<string, DirectChat[]>();
  for (const { roomId, targetRoomId } of moved) {
    if (desired.has(targetRoomId)) continue;
    const chats: DirectChat[] = [];
    for (const counterpart of listed.get(roomId) ?? []) {
      if (counterpart !== source.userId) chats.push({ roomId: targetRoomId, counterpart });
      else if (isChatOfBoth(targetRoomId)) leaveOwn(roomId);
      else chats.push({ roomId: targetRoomId, counterpart: target.userId });
    }
    desired.set(targetRoomId, chats);
  }
  return { items: [...desired.values()].flat(), notMoved };

  /** A chat with a helper. It is no part of the move, also if the source has left it since. */
  function isOwnChat(roomId: string): boolean {
    const room = source.rooms.get(roomId);
    return room !== undefined && isOpenedChat(room, [source.userId, target.userId]);
  }

  function counterpartOf(key: string, roomId: string): string | null {
    if (parseUserId(key) !== null) return key;
    return onlyOtherMember(source.rooms.get(roomId), [source, target]);
  }

  /**
   * Whether a room on the source's own key is a chat with the target: the target is in it, and has
   * not listed it as notes to itself. Clients take such a chat off the own key again, as the other
   * account is its only other member (matrix-js-sdk, element-web `DMRoomMap.patchUpSelfDMs`).
   */
  function isChatOfBoth(targetRoomId: string): boolean {
    return (
      target.rooms.get(targetRoomId)?.membership === "join" &&
      chosen.get(targetRoomId)?.has(target.userId) !== true
    );
  }
}

/** False for an Element Android ID of a chat that does not exist yet (element-android#8640). */
function isRoom(entry: unknown): entry is string {
  return typeof entry === "string" && entry.startsWith("!") && !entry.startsWith("!local.");
}

/** Element listed chats with people invited by e-mail under the address (element-android#3643). */
function isEmailAddress(key: string): boolean {
  return /^(?:mailto:)?[^@\s]+@[^@\s]+$/.test(key);
}

/** The only member of a room besides the two accounts; `null` if there is not exactly one. */
function onlyOtherMember(
  room: Pick<RoomSnapshot, "heroes" | "members"> | undefined,
  own: readonly ChatAccount[],
): string | null {
  const present = [...(room?.members ?? [])].filter(
    ([, { membership }]) => membership === "join" || membership === "invite",
  );
  const others = new Set([...(room?.heroes ?? []).map(({ userId }) => userId), ...present.map(([id]) => id)]);
  for (const { userId } of own) others.delete(userId);
  const [only] = others;
  return others.size === 1 && only !== undefined && parseUserId(only) !== null ? only : null;
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
