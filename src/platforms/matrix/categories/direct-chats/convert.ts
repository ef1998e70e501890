import type { JsonObject } from "../../api/json.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import { looksLikeBot } from "../../rooms/known-bots.ts";
import { addRoom, directContent, isListed, removeRoom } from "./direct-content.ts";

/** The properties of a member that the choice of a chat's partner depends on. */
export interface ChatMember {
  readonly userId: string;
  readonly isJoined: boolean;
  /** When the member event was sent, in milliseconds; `null` if the server does not say. */
  readonly sentAt: number | null;
}

/**
 * The person with whom a room is a chat, as Element guesses it (platforms/matrix/README.md, "Direct
 * chats"): the joined member with the oldest member event or, if nobody else is joined, the member
 * with the oldest of all. Unlike Element, it skips:
 *
 * - the person's other account and this bot (`excluded`)
 * - members that look like bots, if anybody else is left
 * @param excluded both accounts of the person, service members and known bots
 */
export function choosePartner(members: readonly ChatMember[], excluded: ReadonlySet<string>): string | null {
  const others = members.filter(({ userId }) => !excluded.has(userId) && parseUserId(userId) !== null);
  const joined = others.filter(({ isJoined }) => isJoined);
  const candidates = joined.length > 0 ? joined : others;
  const people = candidates.filter(({ userId }) => !looksLikeBot(userId));
  const [first] = (people.length > 0 ? people : candidates).toSorted(
    (one, other) =>
      (one.sentAt ?? Infinity) - (other.sentAt ?? Infinity) || (one.userId < other.userId ? -1 : 1),
  );
  return first?.userId ?? null;
}

/**
 * `m.direct` with the room under this counterpart and no other.
 * @returns `null` if nothing changes
 */
export function asDirectChat(content: JsonObject, roomId: string, partner: string): JsonObject | null {
  const direct = directContent(content);
  const others = [...direct.keys()].filter((key) => key !== partner);
  const isAlone = !others.map((key) => removeRoom(direct, key, roomId)).includes(true);
  if (isAlone && isListed(direct, partner, roomId)) return null;
  addRoom(direct, partner, roomId);
  return Object.fromEntries(direct);
}

/** `m.direct` without the room. @returns `null` if nothing changes */
export function asOrdinaryRoom(content: JsonObject, roomId: string): JsonObject | null {
  const direct = directContent(content);
  const isRemoved = [...direct.keys()].map((key) => removeRoom(direct, key, roomId)).includes(true);
  return isRemoved ? Object.fromEntries(direct) : null;
}
