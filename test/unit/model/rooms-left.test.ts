import { describe, expect, it } from "vitest";
import type { ReportRoom } from "../../../src/model/report.ts";
import { blockedRooms, numberedRooms, roomsByCause } from "../../../src/model/rooms-left.ts";
import { reportRoom } from "../../../src/platforms/matrix/report/report.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { reportDocument } from "../../../src/view/rooms/report.ts";
import { plan, sketchRoom } from "../../support/plans/planned-rooms.ts";

const OLD = "!castle-old:old.example";
const NEW = "!castle:old.example";
const replaced = sketchRoom({
  roomId: OLD,
  state: { "m.room.tombstone": { replacement_room: NEW }, "m.room.name": { name: "Castle Sailors" } },
});

function rowsOf(...rooms: Parameters<typeof plan>[0]): ReportRoom[] {
  return plan(rooms).rooms.map((room) => reportRoom(room));
}

function textOf(rooms: ReportRoom[]): string {
  const report = {
    schema: 1,
    source: "@a:x",
    target: "@b:x",
    generatedAt: "",
    rooms,
    categories: [],
    keys: null,
  } as const;
  return renderPlainText(reportDocument({ report, moreHelpers: new Map(), prefix: "!" }));
}

describe("a replaced room in the lists of rooms that are left", () => {
  it("has no entry of its own if its replacement has one", () => {
    const rooms = rowsOf(replaced, sketchRoom({ roomId: NEW }));
    for (const left of [numberedRooms({ rooms }), blockedRooms({ rooms })])
      expect(left.map(({ roomId }) => roomId)).toEqual([NEW]);
    expect(roomsByCause({ rooms }).map(({ cause }) => cause)).toEqual(["no_invite_power"]);
    expect(textOf(rooms)).not.toContain("Castle Sailors");
  });

  it("has an entry with the reason if its replacement has none", () => {
    const rooms = rowsOf(replaced);
    expect(numberedRooms({ rooms }).map(({ roomId }) => roomId)).toEqual([OLD]);
    expect(textOf(rooms)).toMatch(/Castle Sailors !castle-old:old\.example: \S/u);
    const [row] = rooms;
    if (row === undefined) throw new Error("no row");
    const leftOut = textOf([{ ...row, status: "skipped", reason: null, helpers: [] }]);
    expect(leftOut).toContain("Castle Sailors !castle-old:old.example: replaced by a newer room");
  });
});
