import { textOrNull } from "../api/json.ts";
import { isSpaceLink } from "../rooms/state-content.ts";
import type { AccountSnapshot } from "../rooms/types.ts";
import { stateEventsOf } from "./raw-events.ts";
import type { Reader } from "./reader.ts";
import { roomsOfSpace } from "./rooms-of-file.ts";

/**
 * The account with the rooms of spaces that a person has just named, and of the spaces below them,
 * as far as the target's server shows them (CS §Spaces). Files do not have them.
 * @throws HomeserverError, UnreachableError if the target's server itself fails
 */
export async function withSpaceChildren(
  snapshot: AccountSnapshot,
  spaceIds: readonly string[],
  reader: Reader,
): Promise<AccountSnapshot> {
  const rooms = new Map(snapshot.rooms);
  for (const spaceId of spaceIds)
    for (const shown of await roomsOfSpace(spaceId, reader, "whole")) {
      const roomId = textOrNull(shown["room_id"]);
      const room = roomId === null ? undefined : rooms.get(roomId);
      const children = stateEventsOf(shown["children_state"])
        .filter(({ type, content }) => type === "m.space.child" && isSpaceLink(content))
        .map(({ state_key: childId }) => childId);
      if (room !== undefined && children.length > 0)
        rooms.set(room.roomId, { ...room, spaceChildren: children });
    }
  return { ...snapshot, rooms };
}
