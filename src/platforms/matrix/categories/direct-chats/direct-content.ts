import type { JsonObject } from "../../api/json.ts";

/**
 * `m.direct` while it is being changed: rooms by counterpart. What is no list of rooms stays as it
 * is (protocol-facts.md section 4).
 */
export type DirectContent = Map<string, unknown>;

export function directContent(content: JsonObject): DirectContent {
  return new Map(Object.entries(content));
}

export function isListed(direct: DirectContent, counterpart: string, roomId: string): boolean {
  const list = direct.get(counterpart);
  return Array.isArray(list) && list.includes(roomId);
}

/**
 * Puts a room at the end of a counterpart's list. Something there that is no list is no rooms to
 * any client, and gives way.
 */
export function addRoom(direct: DirectContent, counterpart: string, roomId: string): void {
  const list: unknown = direct.get(counterpart);
  if (!Array.isArray(list)) direct.set(counterpart, [roomId]);
  else if (!list.includes(roomId)) direct.set(counterpart, [...(list as unknown[]), roomId]);
}

/** A list without rooms says nothing; one that a step began goes with its last room. */
export function dropIfEmpty(direct: DirectContent, counterpart: string): void {
  const list = direct.get(counterpart);
  if (Array.isArray(list) && list.length === 0) direct.delete(counterpart);
}

/**
 * Takes a room from a counterpart's list; a list that becomes empty stays, as with Element.
 * @returns whether it stood there
 */
export function removeRoom(direct: DirectContent, counterpart: string, roomId: string): boolean {
  const list: unknown = direct.get(counterpart);
  if (!Array.isArray(list) || !list.includes(roomId)) return false;
  direct.set(
    counterpart,
    list.filter((other) => other !== roomId),
  );
  return true;
}
