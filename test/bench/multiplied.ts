import type { StateRead } from "../../src/platforms/matrix/rooms/state-read.ts";
import type { AccountSnapshot, RoomSnapshot } from "../../src/platforms/matrix/rooms/types.ts";

/**
 * The account with several copies of each of its rooms under other room IDs. Copies open and
 * replace each other as the originals do.
 */
export function multiplied(snapshot: AccountSnapshot, times: number): AccountSnapshot {
  const copies = Array.from({ length: times }, (_, copy) =>
    [...snapshot.rooms.values()].map((room) => copied(room, copy)),
  );
  return { ...snapshot, rooms: new Map(copies.flat().map((room) => [room.roomId, room])) };
}

function copied(room: RoomSnapshot, copy: number): RoomSnapshot {
  const renamed = (roomId: string): string => (copy === 0 ? roomId : roomId.replace(/^![^:]*/, `$&-${copy}`));
  return {
    ...room,
    roomId: renamed(room.roomId),
    joinRules: mapped(room.joinRules, (rules) => ({
      ...rules,
      allowedRoomIds: rules.allowedRoomIds.map(renamed),
    })),
    tombstone: mapped(room.tombstone, (tombstone) => ({
      ...tombstone,
      replacementRoomId: tombstone.replacementRoomId === null ? null : renamed(tombstone.replacementRoomId),
    })),
    spaceChildren: room.spaceChildren.map(renamed),
    spaceParents: room.spaceParents.map(renamed),
  };
}

function mapped<Value>(state: StateRead<Value>, change: (value: Value) => Value): StateRead<Value> {
  return state.kind === "present" ? { ...state, value: change(state.value) } : state;
}
