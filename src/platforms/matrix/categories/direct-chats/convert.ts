import { parseUserId } from "../../ids/identifiers.ts";
import type { JsonObject } from "../../api/json.ts";
import { looksLikeBot } from "../../rooms/known-bots.ts";
import { addRoom, directContent, isListed, removeRoom } from "./direct-content.ts";

/** A member of a room, as far as it matters who a chat is with. */
export interface ChatMember {
  readonly userId: string;
  readonly isJoined: boolean;
  /** Of its member event, in milliseconds; `null` where the server does not say. */
  readonly sentAt: number | null;
}

/**
 * With whom a room is a chat, as Element guesses it (protocol-facts.md section 4): the joined
 * member with the oldest member event or, where nobody else is joined, the oldest of all. Unlike
 * Element it passes over the person's other account, the bots among the members as long as there is
 * somebody else, and itself.
 * @param excluded both accounts of the person, service members and bots known to be such
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
 * @returns `null` where it stands so already
 */
export function asDirectChat(content: JsonObject, roomId: string, partner: string): JsonObject | null {
  const direct = directContent(content);
  const others = [...direct.keys()].filter((key) => key !== partner);
  const isAlone = !others.map((key) => removeRoom(direct, key, roomId)).includes(true);
  if (isAlone && isListed(direct, partner, roomId)) return null;
  addRoom(direct, partner, roomId);
  return Object.fromEntries(direct);
}

/** `m.direct` without the room. @returns `null` where it does not stand there */
export function asOrdinaryRoom(content: JsonObject, roomId: string): JsonObject | null {
  const direct = directContent(content);
  const isRemoved = [...direct.keys()].map((key) => removeRoom(direct, key, roomId)).includes(true);
  return isRemoved ? Object.fromEntries(direct) : null;
}
