import { describe, expect, it } from "vitest";
import { CATEGORY_NAMES } from "../../../../../src/model/categories.ts";
import { NO_FILTERS } from "../../../../../src/model/filters.ts";
import { isSameJson } from "../../../../../src/platforms/matrix/api/same-json.ts";
import { compareContents } from "../../../../../src/platforms/matrix/categories/registry.ts";
import { roomMapping } from "../../../../../src/platforms/matrix/planning/room-mapping.ts";
import { notMovedText } from "../../../../../src/view/words/not-moved.ts";
import { plan, sketchRoom, targetRoom } from "../../../../support/plans/planned-rooms.ts";
import type { ContentsSketch } from "./contents-sketch.ts";
import { newAccount, oldAccount, roomIdOnTarget } from "./contents-sketch.ts";

const full: ContentsSketch = {
  accountData: {
    "m.direct": { "@bo:a.example": ["!a"] },
    "m.ignored_user_list": { ignored_users: { "@x:a.example": {} } },
    "m.recent_emoji": { recent_emoji: [] },
    "m.megolm_backup.v1": { encrypted: {} },
  },
  roomAccountData: { "!a": { "m.fully_read": { event_id: "$1" }, "m.marked_unread": { unread: true } } },
  tags: { "!a": { "m.favourite": 0.5 } },
  roomProfiles: { "!a": { displayName: "Maestro" } },
  profile: { displayName: "Mo" },
  pushRules: { content: [{ rule_id: "harvest", actions: [], pattern: "harvest" }] },
};

describe("the two accounts' contents", () => {
  it("are compared in every category but those of rooms and keys", () => {
    const { categories, notMoved } = compareContents(oldAccount(full), newAccount(), roomIdOnTarget);
    const others = ["rooms", "power_levels", "room_keys"];
    expect(categories.map(({ name }) => name)).toEqual(
      CATEGORY_NAMES.filter((name) => !others.includes(name)),
    );
    expect(categories.map(({ expected, present, missing }) => [expected, present, missing.length])).toEqual(
      categories.map(() => [1, 0, 1]),
    );
    expect(notMoved).toEqual([{ category: "account_data", item: "m.megolm_backup.v1", code: "holds_keys" }]);
  });

  it("have nothing missing once they are the same", () => {
    const { categories } = compareContents(oldAccount(full), newAccount(full), roomIdOnTarget);
    expect(categories.map(({ expected, present }) => [expected, present])).toEqual(
      categories.map(() => [1, 1]),
    );
  });

  it("tell what the reader could not take in", () => {
    const unreadableAccountData = [
      { roomId: null, type: "m.direct" },
      { roomId: null, type: "org.example.deep" },
      { roomId: "!a", type: "m.tag" },
      { roomId: "!a", type: "org.example.deep" },
    ];
    const { notMoved } = compareContents(oldAccount({ unreadableAccountData }), newAccount(), roomIdOnTarget);
    expect(notMoved).toEqual([
      { category: "direct_chats", item: "m.direct", code: "malformed" },
      { category: "account_data", item: "org.example.deep", code: "malformed" },
      { category: "tags", item: "!a m.tag", code: "malformed" },
      { category: "room_settings", item: "!a org.example.deep", code: "malformed" },
    ]);
  });

  it("never make it throw, whatever a server sends", () => {
    const junk: unknown[] = [
      null,
      0,
      -1.5,
      "",
      "\ud800",
      [],
      [[]],
      [null],
      {},
      { "": {} },
      true,
      deep(100_000),
    ];
    const types = [
      "m.direct",
      "m.ignored_user_list",
      "im.vector.web.settings",
      "m.image_pack.rooms",
      "org.example.x",
    ];
    for (const one of junk) {
      for (const other of junk) {
        const sketch = hostile(one, other, types);
        const { categories } = compareContents(
          oldAccount(sketch),
          newAccount(hostile(other, one, types)),
          roomIdOnTarget,
        );
        expect(
          categories.every(({ expected, present, missing }) => expected === present + missing.length),
        ).toBe(true);
      }
    }
  });

  it("may be large: 3,000 rooms and 1,000 push rules each way round", () => {
    const roomIds = Array.from({ length: 3_000 }, (_, index) => `!room${index}:a.example`);
    const rules = Array.from({ length: 1_000 }, (_, index) => ({
      rule_id: `w${index}`,
      actions: [],
      pattern: "x",
    }));
    const large: ContentsSketch = {
      ...full,
      accountData: {
        "m.direct": Object.fromEntries(roomIds.map((roomId, index) => [`@p${index}:a.example`, [roomId]])),
      },
      tags: Object.fromEntries(roomIds.map((roomId) => [roomId, { "m.favourite": 0.5 }])),
      pushRules: { content: rules },
    };
    const { categories } = compareContents(
      oldAccount(large),
      newAccount({ ...large, pushRules: { content: rules.toReversed() } }),
      roomIdOnTarget,
    );
    const present = new Map(categories.map((entry) => [entry.name, entry.present]));
    expect([present.get("direct_chats"), present.get("tags"), present.get("push_rules")]).toEqual([
      3_000, 3_000, 1,
    ]);
  });
});

describe("where rooms are on the target", () => {
  const tombstone = { "m.room.tombstone": { replacement_room: "!new:old.example" } };
  const made = plan(
    [
      sketchRoom({ roomId: "!in:old.example" }),
      sketchRoom({ roomId: "!open:old.example", rule: "public" }),
      sketchRoom({ roomId: "!asks:old.example" }),
      sketchRoom({ roomId: "!old:old.example", state: tombstone }),
      sketchRoom({ roomId: "!new:old.example", rule: "public" }),
      sketchRoom({ roomId: "!closed:old.example", create: { "m.federate": false } }),
      sketchRoom({ roomId: "!out:old.example", rule: "public" }),
    ],
    {
      targetRooms: [targetRoom("!in:old.example", "join")],
      filters: { ...NO_FILTERS, exclude: ["!out:old.example"] },
    },
  );

  it.each<{ roomId: string; expected: string | null }>([
    { roomId: "!in:old.example", expected: "!in:old.example" },
    { roomId: "!open:old.example", expected: "!open:old.example" },
    { roomId: "!asks:old.example", expected: "!asks:old.example" },
    { roomId: "!old:old.example", expected: "!new:old.example" },
    { roomId: "!closed:old.example", expected: null },
    { roomId: "!out:old.example", expected: null },
    { roomId: "!left:old.example", expected: null },
  ])("$roomId is at $expected", ({ roomId, expected }) => {
    expect(roomMapping(made.rooms)(roomId)).toBe(expected);
  });
});

it.each<{ one: unknown; other: unknown; expected: boolean }>([
  { one: { a: [1, { b: null }], c: "" }, other: { c: "", a: [1, { b: null }] }, expected: true },
  { one: { a: 1 }, other: { a: 1, b: undefined }, expected: false },
  { one: { a: 1, b: 2 }, other: { a: 1, c: 2 }, expected: false },
  { one: [1, 2], other: [2, 1], expected: false },
  { one: [], other: {}, expected: false },
  { one: null, other: {}, expected: false },
  { one: JSON.parse('{"__proto__":1}'), other: { toString: 1 }, expected: false },
  { one: deep(100_000), other: deep(100_000), expected: true },
])("compares JSON values, however deep", ({ one, other, expected }) => {
  expect(isSameJson(one, other)).toBe(expected);
});

it("says what is not moved in one line for each reason", () => {
  const lines = notMovedText([
    ...["a", "b", "c", "d"].map((item) => ({
      category: "account_data" as const,
      item,
      code: "holds_keys" as const,
    })),
    { category: "tags", item: "!gone u.x", code: "room_not_moved" },
  ]);
  expect(lines).toEqual([
    "Keys and secrets of your old account, which would break the new one's encryption (4): a, b, c and others",
    "Entries about rooms that are not moved (1): !gone u.x",
  ]);
});

function hostile(one: unknown, other: unknown, types: readonly string[]): ContentsSketch {
  const contents = Object.fromEntries(types.map((type) => [type, one]));
  const rule = {
    rule_id: "x",
    default: one,
    enabled: one,
    actions: [one, { set_tweak: one }],
    conditions: [other, { kind: one }],
  };
  return {
    accountData: {
      ...contents,
      "m.direct": { "@bo:a.example": [one], "@di:a.example": one, [typeof one]: [] },
    },
    roomAccountData: {
      "!a": { ...contents, "m.fully_read": one, "m.marked_unread": other },
      "!gone": contents,
    },
    tags: { "!a": { [typeof one]: Number.NaN, "\ud800": 0 } },
    profile: { displayName: "\ud800", fields: new Map([["a.b", one]]) },
    capabilities: { profileFields: { isEnabled: true, allowed: null, disallowed: [] } },
    pushRules: {
      override: [one, rule],
      content: one,
      sender: [one],
      room: [other],
      underride: [rule],
      other: one,
    },
  };
}

function deep(levels: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}
