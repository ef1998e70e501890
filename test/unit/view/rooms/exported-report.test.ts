import { describe, expect, it } from "vitest";
import { withAsked } from "../../../../src/model/asked.ts";
import { allCategories, CATEGORY_NAMES, category } from "../../../../src/model/categories.ts";
import { storedReportSchema } from "../../../../src/model/report.ts";
import { roomCategories } from "../../../../src/platforms/matrix/planning/room-categories.ts";
import { report } from "../../../../src/platforms/matrix/report/report.ts";
import { exportedReport, exportedReportSchema } from "../../../../src/view/rooms/exported-report.ts";
import { csvCells } from "../../../../src/view/rooms/report-csv.ts";
import { ADMIN, SOURCE, TARGET, plan, sketchRoom, targetRoom } from "../../../support/plans/planned-rooms.ts";

const rooms = [
  sketchRoom({
    roomId: "!x:old.example",
    state: {
      "m.room.name": { name: "Choir" },
      "m.room.canonical_alias": { alias: "#choir:old.example" },
      "m.room.encryption": { algorithm: "x" },
      "m.room.history_visibility": { history_visibility: "joined" },
    },
  }),
  sketchRoom({ roomId: "!in:old.example", levels: { users: { [SOURCE]: 50, [ADMIN]: 100 } } }),
  sketchRoom({
    roomId: "!v12",
    version: "12",
    creator: SOURCE,
    heroes: [{ userId: ADMIN, displayName: "=Mo" }],
    levels: { invite: 0 },
  }),
];
const made = plan(rooms, { targetRooms: [targetRoom("!in:old.example", "join")] });
const facts = report({
  sourceUserId: SOURCE,
  targetUserId: TARGET,
  generatedAt: new Date(Date.UTC(2026, 0, 31, 12)),
  rooms: made.rooms,
  categories: roomCategories(made.rooms),
  keys: { kind: "counted", missing: 1, unusable: 1, roomsWithoutKeys: null },
  progress: new Map([["!v12", { status: "waiting", until: "2026-01-31T13:00:00Z", waitingFor: "limit" }]]),
});
const file = exportedReport(
  withAsked(
    facts,
    (["@mo:old.example", ADMIN] as const).map((userId, index) => ({
      roomId: "!x:old.example",
      userId,
      at: Date.UTC(2026, 0, 30 + index),
      way: "new_direct",
      result: index === 0 ? "declined" : "sent",
      chatRoomId: "!chat:old.example",
    })),
  ),
);

it("a report has codes with their data, and no sentences", () => {
  expect(facts.rooms[0]).toMatchObject({
    reason: { code: "no_invite_power", required: 50, source: 0, isSourceJoined: true },
    warnings: [{ code: "history_hidden", visibility: "joined" }, { code: "encrypted_history" }],
  });
  expect(storedReportSchema.parse(JSON.parse(JSON.stringify(facts)))).toEqual(facts);
  expect(JSON.stringify(facts)).not.toContain('"text"');
});

describe("the report file", () => {
  it("has the shape of the contract, to the key", () => {
    expect(exportedReportSchema.parse(JSON.parse(JSON.stringify(file)))).toEqual(file);
    expect({ ...file, rooms: file.rooms.slice(0, 1), categories: [] }).toEqual({
      schema: 1,
      source: SOURCE,
      target: TARGET,
      generatedAt: "2026-01-31T12:00:00Z",
      rooms: [
        {
          roomId: "!x:old.example",
          name: "Choir",
          alias: "#choir:old.example",
          direct: false,
          space: false,
          encrypted: true,
          route: "ask_moderator",
          through: null,
          successor: null,
          status: "needs_moderator",
          until: null,
          waitingFor: null,
          reason: { code: "no_invite_power", text: "Inviting needs power 50; the old account has 0." },
          power: { source: 0, wanted: 0, target: null },
          warnings: [
            { code: "history_hidden", text: "New members see only what is written after they join." },
            {
              code: "encrypted_history",
              text: "Encrypted: old messages stay unreadable until their keys are copied.",
            },
          ],
          helpers: [{ userId: ADMIN, displayName: null, power: 100 }],
          asked: [
            { userId: "@mo:old.example", at: "2026-01-30T00:00:00Z", way: "new_direct", result: "declined" },
            { userId: ADMIN, at: "2026-01-31T00:00:00Z", way: "new_direct", result: "sent" },
          ],
        },
      ],
      categories: [],
    });
  });

  it("writes a creator's power as a word, and what a run knows over what was planned", () => {
    expect(file.rooms[2]).toMatchObject({
      power: { source: "creator", wanted: 50, target: null },
      name: "=Mo",
      status: "waiting",
      until: "2026-01-31T13:00:00Z",
      waitingFor: "limit",
    });
    expect(file.rooms[1]).toMatchObject({
      route: "joined",
      status: "done",
      power: { source: 50, wanted: 50, target: 0 },
    });
  });

  it("refuses a key too many", () => {
    expect(exportedReportSchema.safeParse({ ...file, extra: 1 }).success).toBe(false);
  });

  it("counts all twelve categories", () => {
    expect(file.categories.map((entry) => entry.name)).toEqual([...CATEGORY_NAMES]);
    expect(file.categories.slice(0, 2)).toEqual([
      { name: "rooms", expected: 3, present: 1, missing: ["!x:old.example", "!v12"] },
      { name: "power_levels", expected: 2, present: 0, missing: ["!in:old.example 50", "!v12 50"] },
    ]);
    // Room keys are the exception: they are counted by key, and missing ones are named by room.
    for (const entry of allCategories([category("tags", 11, ["!y:old.example m.favourite"])])) {
      expect(entry.expected).toBe(entry.present + entry.missing.length);
    }
  });

  it("makes cells that no spreadsheet runs", () => {
    const [first, , third] = file.rooms;
    if (first === undefined || third === undefined) throw new Error("rows are missing");
    expect(csvCells(first, "https://matrix.to/#/!x")).toEqual([
      "!x:old.example",
      "Choir",
      "#choir:old.example",
      "ask_moderator",
      "needs_moderator",
      "no_invite_power: Inviting needs power 50; the old account has 0.",
      `'${ADMIN}`,
      "https://matrix.to/#/!x",
      `'@mo:old.example 2026-01-30T00:00:00Z new_direct declined; ${ADMIN} 2026-01-31T00:00:00Z new_direct sent`,
    ]);
    expect(csvCells(third, "").at(-1)).toBe("");
    expect(csvCells(third, "")[1]).toBe("'=Mo");
    for (const name of ["+1", "-1", "@x", "\tx", "\rx"])
      expect(csvCells({ ...third, name }, "")[1]).toBe(`'${name}`);
  });
});
