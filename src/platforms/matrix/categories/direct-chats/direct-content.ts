import type { JsonObject } from "../../api/json.ts";

/**
 * `m.direct` while it is changed: rooms by counterpart. A value that is not a list of rooms stays
 * as it is (platforms/matrix/README.md, "Direct chats").
 */
export type DirectContent = Map<string, unknown>;

/** `m.direct` from its content. */
export function directContent(content: JsonObject): DirectContent {
  return new Map(Object.entries(content));
}

/** Whether a room is on the list of a counterpart. */
export function isListed(direct: DirectContent, counterpart: string, roomId: string): boolean {
  const list = direct.get(counterpart);
  return Array.isArray(list) && list.includes(roomId);
}

/**
 * Adds a room to the end of a counterpart's list. A value that is not a list is replaced, because
 * no client reads rooms from it.
 */
export function addRoom(direct: DirectContent, counterpart: string, roomId: string): void {
  const list: unknown = direct.get(counterpart);
  if (!Array.isArray(list)) direct.set(counterpart, [roomId]);
  else if (!list.includes(roomId)) direct.set(counterpart, [...(list as unknown[]), roomId]);
}

/** Removes an empty list. An undo uses it for lists that the step created. */
export function dropIfEmpty(direct: DirectContent, counterpart: string): void {
  const list = direct.get(counterpart);
  if (Array.isArray(list) && list.length === 0) direct.delete(counterpart);
}

/**
 * Removes a room from a counterpart's list. A list that becomes empty stays, as with Element.
 * @returns whether the room was on the list
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
