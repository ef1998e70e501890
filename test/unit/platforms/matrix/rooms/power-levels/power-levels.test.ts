import { describe, expect, it } from "vitest";
import { mayGrant, powerGrant } from "../../../../../../src/platforms/matrix/planning/power-grant.ts";
import { readPowerLevels } from "../../../../../../src/platforms/matrix/rooms/power-levels/power-levels.ts";
import { readLevel } from "../../../../../../src/platforms/matrix/rooms/power-levels/read-level.ts";
import { powerLevelsContent } from "../../../../../../src/platforms/matrix/rooms/power-levels/rewrite.ts";
import {
  levelOf,
  may,
  mayUnban,
  roomPowerOf,
} from "../../../../../../src/platforms/matrix/rooms/power-levels/room-power.ts";
import { roomVersionRules } from "../../../../../../src/platforms/matrix/rooms/room-version.ts";
import { ADMIN, SOURCE, TARGET, sketchRoom } from "../../../../../support/plans/planned-rooms.ts";

describe("reading one level", () => {
  it.each<{ value: unknown; version: string; level: number | null }>([
    { value: 50, version: "11", level: 50 },
    { value: -0, version: "11", level: 0 },
    { value: "50", version: "9", level: 50 },
    { value: " +0050 ", version: "1", level: 50 },
    { value: " -7", version: "1", level: -7 },
    { value: "50", version: "10", level: null },
    { value: "5 0", version: "1", level: null },
    { value: "5.0", version: "1", level: null },
    { value: "0x10", version: "1", level: null },
    { value: "1e3", version: "1", level: null },
    { value: "", version: "1", level: null },
    { value: 50.9, version: "5", level: 50 },
    { value: -50.9, version: "5", level: -50 },
    { value: 50.9, version: "6", level: null },
    { value: 2 ** 53, version: "11", level: null },
    { value: `${"0".repeat(50)}7`, version: "1", level: 7 },
    { value: "9".repeat(30), version: "1", level: null },
    { value: Number.NaN, version: "1", level: null },
    { value: Number.POSITIVE_INFINITY, version: "1", level: null },
    { value: true, version: "1", level: null },
    { value: null, version: "1", level: null },
    { value: [50], version: "1", level: null },
    { value: {}, version: "1", level: null },
  ])("$value in version $version → $level", ({ value, version, level }) =>
    expect(readLevel(value, roomVersionRules(version))).toBe(level),
  );

  it("takes integers only where the version is unknown", () => {
    expect([readLevel(5, null), readLevel("5", null)]).toEqual([5, null]);
  });
});

describe("who may do what", () => {
  it("gives the creator 100 and everybody else 0 in a room without levels", () => {
    const power = roomPowerOf(sketchRoom({ levels: null, version: "6" }));
    expect([levelOf(power, ADMIN), levelOf(power, SOURCE)]).toEqual([100, 0]);
    expect([
      may(power, SOURCE, "invite"),
      may(power, SOURCE, { state: "m.room.name" }),
      may(power, ADMIN, "ban"),
    ]).toEqual([true, false, true]);
  });

  it("takes the creator from the content up to version 10, from the sender after", () => {
    const create = { creator: SOURCE };
    expect(levelOf(roomPowerOf(sketchRoom({ levels: null, version: "10", create })), SOURCE)).toBe(100);
    expect(levelOf(roomPowerOf(sketchRoom({ levels: null, version: "11", create })), SOURCE)).toBe(0);
    expect(levelOf(roomPowerOf(sketchRoom({ levels: null, version: "12" })), ADMIN)).toBe("creator");
  });

  it("trusts only version 12 creators if the levels cannot be read", () => {
    const broken = { "m.room.power_levels": ["junk"] };
    expect(may(roomPowerOf(sketchRoom({ version: "11", state: broken })), ADMIN, "invite")).toBe(false);
    expect(may(roomPowerOf(sketchRoom({ version: "12", state: broken })), ADMIN, "invite")).toBe(true);
    for (const users of [[], "x", null])
      expect(may(roomPowerOf(sketchRoom({ levels: { users } })), SOURCE, "invite")).toBe(false);
    for (const events of [[], "x", null])
      expect(
        may(roomPowerOf(sketchRoom({ levels: { events, users: { [SOURCE]: 99 } } })), SOURCE, { state: "x" }),
      ).toBe(false);
  });

  it("lifts a ban with ban and kick level, and only from above", () => {
    function mayLift(levels: Record<string, unknown>): boolean {
      return mayUnban(roomPowerOf(sketchRoom({ levels })), SOURCE, TARGET);
    }
    expect(mayLift({ users: { [SOURCE]: 50 } })).toBe(true);
    expect(mayLift({ ban: 60, users: { [SOURCE]: 50 } })).toBe(false);
    expect(mayLift({ kick: 60, users: { [SOURCE]: 50 } })).toBe(false);
    expect(mayLift({ users: { [SOURCE]: 50, [TARGET]: 50 } })).toBe(false);
    expect(mayLift({ ban: 0, kick: 0, users: { [SOURCE]: 0 } })).toBe(false);
  });

  it("reads a million entries in one go", () => {
    const users = Object.fromEntries(
      Array.from({ length: 1_000_000 }, (_, index) => [`@u${index}:x.example`, index % 100]),
    );
    const read = readPowerLevels({ users }, roomVersionRules("11"));
    expect(read.kind === "present" && read.value.users.size).toBe(1_000_000);
  });
});

describe("what the new account gets", () => {
  const grantOf = (sketch: Parameters<typeof sketchRoom>[0], isSourceJoined = true) =>
    powerGrant(
      {
        room: sketchRoom(sketch),
        power: roomPowerOf(sketchRoom(sketch)),
        sourceMembership: isSourceJoined ? "join" : "invite",
        canSourceAct: isSourceJoined,
      },
      { sourceUserId: SOURCE, targetUserId: TARGET },
    );
  const strict = { events: { "m.room.power_levels": 100 } };

  it.each<{ name: string; sketch: Parameters<typeof sketchRoom>[0]; expected: object }>([
    { name: "a plain member gets nothing", sketch: {}, expected: { source: 0, wanted: 0, outcome: "none" } },
    {
      name: "an admin gives its own level",
      sketch: { levels: { users: { [SOURCE]: 100 } } },
      expected: { source: 100, wanted: 100, outcome: "write" },
    },
    {
      name: "a moderator where 100 is needed",
      sketch: { levels: { ...strict, users: { [SOURCE]: 50 } } },
      expected: { wanted: 50, required: 100, outcome: "cannot_write" },
    },
    {
      name: "a level the target has",
      sketch: { levels: { users: { [SOURCE]: 50, [TARGET]: 60 } } },
      expected: { wanted: 50, current: 60, outcome: "none" },
    },
    {
      name: "a muted member stays what it is",
      sketch: { levels: { users: { [SOURCE]: -10 } } },
      expected: { source: -10, wanted: -10, outcome: "none" },
    },
    {
      name: "levels that cannot be read",
      sketch: { levels: { users: { [SOURCE]: "x" } } },
      expected: { outcome: "unreadable" },
    },
    {
      name: "a creator: enough for all that asks for a level",
      sketch: { version: "12", creator: SOURCE, levels: { invite: 70, events: { "m.room.tombstone": 150 } } },
      expected: { source: "creator", wanted: 150, outcome: "write" },
    },
    {
      name: "a creator in a plain room",
      sketch: { version: "12", creator: SOURCE, levels: null },
      expected: { wanted: 50, outcome: "write" },
    },
    {
      name: "a creator next to a creator",
      sketch: { version: "12", creator: SOURCE, create: { additional_creators: [TARGET] } },
      expected: { wanted: "creator", current: "creator", outcome: "none" },
    },
  ])("$name", ({ sketch, expected }) => expect(grantOf(sketch)).toMatchObject(expected));

  it("is written by nobody who is not joined", () => {
    expect(grantOf({ levels: { users: { [SOURCE]: 100 } } }, false).outcome).toBe("cannot_write");
  });

  it("can be given by a user who may write the event and has the level", () => {
    const power = roomPowerOf(sketchRoom({ levels: { ...strict, users: { [ADMIN]: 100, [SOURCE]: 50 } } }));
    expect([
      mayGrant(power, ADMIN, 100),
      mayGrant(power, ADMIN, 101),
      mayGrant(power, SOURCE, 10),
      mayGrant(power, ADMIN, "creator"),
    ]).toEqual([true, false, false, false]);
  });
});

describe("the event that is written", () => {
  const base = { roomVersion: "9", creators: [ADMIN], userId: TARGET, level: 50 };

  it("keeps every other key and turns every level into an integer", () => {
    const content = {
      ban: "50",
      kick: 50,
      users: { [ADMIN]: " 100", [SOURCE]: 50 },
      events: { "m.room.name": "+5" },
      notifications: { room: "20" },
      "org.example.note": { a: ["1"] },
    };
    expect(powerLevelsContent({ ...base, content })).toEqual({
      kind: "content",
      content: {
        ban: 50,
        kick: 50,
        users: { [ADMIN]: 100, [SOURCE]: 50, [TARGET]: 50 },
        events: { "m.room.name": 5 },
        notifications: { room: 20 },
        "org.example.note": { a: ["1"] },
      },
    });
    expect(content.users).toEqual({ [ADMIN]: " 100", [SOURCE]: 50 });
  });

  it("writes the defaults if there is no event, so that the creator keeps its power", () => {
    const first = powerLevelsContent({ ...base, content: null });
    expect(first).toMatchObject({
      kind: "content",
      content: {
        users: { [ADMIN]: 100, [TARGET]: 50 },
        state_default: 50,
        ban: 50,
        kick: 50,
        redact: 50,
        invite: 0,
      },
    });
    const twelve = powerLevelsContent({ ...base, roomVersion: "12", content: null });
    expect(twelve).toMatchObject({ content: { users: { [TARGET]: 50 } } });
  });

  it("makes an event out of an empty one, and __proto__ is a key like any other", () => {
    expect(powerLevelsContent({ ...base, content: {} })).toEqual({
      kind: "content",
      content: { users: { [TARGET]: 50 } },
    });
    const hostile: unknown = JSON.parse('{"users":{"__proto__":5},"__proto__":{"x":1}}');
    const written = JSON.stringify(powerLevelsContent({ ...base, content: hostile }));
    expect(written).toContain('"__proto__":5');
    expect(written).toContain('"__proto__":{"x":1}');
  });

  it.each<{ name: string; rewrite: object; kind: string }>([
    { name: "has it already", rewrite: { content: { users: { [TARGET]: "50" } } }, kind: "unchanged" },
    {
      name: "holds a level that is none",
      rewrite: { content: { users: { [ADMIN]: "much" } } },
      kind: "unreadable",
    },
    {
      name: "holds text where the version takes none",
      rewrite: { roomVersion: "10", content: { ban: "50" } },
      kind: "unreadable",
    },
    { name: "holds a list of users", rewrite: { content: { users: [] } }, kind: "unreadable" },
    { name: "is no object", rewrite: { content: "x" }, kind: "unreadable" },
    {
      name: "is for a creator",
      rewrite: { roomVersion: "12", creators: [TARGET], content: {} },
      kind: "is_creator",
    },
    {
      name: "is of an unknown version",
      rewrite: { roomVersion: "13", content: {} },
      kind: "unknown_version",
    },
  ])("is not written when it $name", ({ rewrite, kind }) =>
    expect(powerLevelsContent({ ...base, content: null, ...rewrite })).toEqual({ kind }),
  );
});
