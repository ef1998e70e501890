import { describe, expect, it } from "vitest";
import type { RoomFilters } from "../../../../../src/model/filters.ts";
import { NO_FILTERS } from "../../../../../src/model/filters.ts";
import { listRooms } from "../../../../../src/platforms/matrix/planning/room-list.ts";
import { SOURCE, account, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

const [A, B, C] = ["!a:x.example", "!b:y.example", "!c:x.example"];
const snapshot = account(SOURCE, [
  sketchRoom({ roomId: A, joinedCount: 1, members: {} }),
  sketchRoom({ roomId: B, joinedCount: 4, members: {} }),
  sketchRoom({ roomId: C, joinedCount: 9, members: {} }),
]);

function listed(rooms: Partial<RoomFilters>, isAlone = false): string[] {
  const list = listRooms(snapshot, { rooms: { ...NO_FILTERS, ...rooms }, inactiveSince: null, isAlone });
  return list.rooms.map(({ roomId }) => roomId);
}

describe("the list of rooms", () => {
  it.each<{ name: string; filters: Partial<RoomFilters>; expected: string[] }>([
    { name: "without filters is all of them", filters: {}, expected: [A, B, C] },
    { name: "with --only", filters: { only: [A, B] }, expected: [A, B] },
    { name: "with --exclude", filters: { exclude: [B] }, expected: [A, C] },
    { name: "with --no-direct", filters: { isDirect: false }, expected: [A, B, C] },
    { name: "with --categories of which none is rooms", filters: { hasRooms: false }, expected: [] },
  ])("$name", ({ filters, expected }) => expect(listed(filters)).toEqual(expected));

  it("with --alone and the filters of a plan has rooms that match both", () => {
    expect(listed({ exclude: [C] }, true)).toEqual([A]);
  });
});
