import { describe, expect, it } from "vitest";
import { Rooms } from "../../../../src/chat/rooms/rooms.ts";
import { joinOf, refusal } from "../fake-client.ts";

function setUp({ directChats = true }: { directChats?: boolean } = {}) {
  const answers: (readonly string[] | Promise<readonly string[]>)[] = [];
  let asked = 0;
  const members = {
    getRoomMembers: async () => {
      asked++;
      return (await (answers.shift() ?? [])).map(joinOf);
    },
  };
  const looks = new Map<string, string | null>();
  /** The contents of state events by type. `null`: the server is in trouble. */
  const state = new Map<string, object | null>();
  const client = {
    ...members,
    doRequest: async (_method: string, path: string) => {
      asked++;
      const [, type = ""] = /\/state\/([^/]+)\/$/u.exec(path) ?? [];
      const content = state.get(type);
      if (content === null) throw refusal(502, "M_UNKNOWN");
      if (content !== undefined) return content;
      const membership = looks.get(decodeURIComponent(path.split("/").at(-1) ?? ""));
      if (membership === undefined) throw refusal(404, "M_NOT_FOUND");
      if (membership === null) throw refusal(502, "M_UNKNOWN");
      return { membership };
    },
  };
  const rooms = new Rooms(client, {
    controlRooms: { ids: new Set(["!control"]), mayBe: async (roomId) => roomId === "!unknown" },
    directChats,
  });
  return { rooms, answers, looks, state, asked: () => asked };
}

describe("a room", () => {
  it.each([
    [["@mover:x", "@me:x"], "direct"],
    [["@mover:x"], "other"],
    [["@mover:x", "@me:x", "@third:x"], "other"],
  ])("with %j is %s", async (members, kind) => {
    const { rooms, answers } = setUp();
    answers.push(members);
    expect(await rooms.kind("!r")).toBe(kind);
  });

  it("that may be a control room not known yet is no other room", async () => {
    const { rooms, answers } = setUp();
    answers.push(["a", "b", "c"]);
    await expect(rooms.kind("!unknown")).rejects.toThrow(/control room/u);
  });

  it("of the configuration is a control room, whatever its members", async () => {
    const { rooms, asked } = setUp();
    expect(await rooms.kind("!control")).toBe("control");
    expect(asked()).toBe(0);
  });

  it("of two is nothing where direct chats are switched off", async () => {
    const { rooms, answers } = setUp({ directChats: false });
    answers.push(["@mover:x", "@me:x"]);
    expect(await rooms.kind("!r")).toBe("other");
  });

  it("is looked at once until a membership changes", async () => {
    const { rooms, answers, asked } = setUp();
    answers.push(["@mover:x", "@me:x"], ["@mover:x", "@me:x", "@third:x"]);
    expect([await rooms.kind("!r"), await rooms.kind("!r")]).toEqual(["direct", "direct"]);
    // Its members, its join rule and its history visibility.
    expect(asked()).toBe(3);
    rooms.forget("!r");
    expect(await rooms.kind("!r")).toBe("other");
  });

  it("is looked at again when a membership changes while it is looked at", async () => {
    const { rooms, answers } = setUp();
    const slow = Promise.withResolvers<readonly string[]>();
    answers.push(slow.promise, ["@mover:x", "@me:x", "@third:x"]);
    const before = rooms.kind("!r");
    rooms.forget("!r");
    slow.resolve(["@mover:x", "@me:x"]);
    await before;
    expect(await rooms.kind("!r")).toBe("other");
  });

  it("is looked at again after a failure", async () => {
    const { rooms, answers } = setUp();
    answers.push(Promise.reject(new Error("ECONNRESET")), ["@mover:x", "@me:x"]);
    await expect(rooms.kind("!r")).rejects.toThrow("ECONNRESET");
    expect(await rooms.kind("!r")).toBe("direct");
  });
});

describe("a room of two", () => {
  const cases: { rule: object | null; visibility: object | null; kind: "direct" | "other" }[] = [
    { rule: null, visibility: null, kind: "direct" },
    { rule: { join_rule: "invite" }, visibility: { history_visibility: "shared" }, kind: "direct" },
    { rule: { join_rule: "invite" }, visibility: { history_visibility: "joined" }, kind: "direct" },
    { rule: { join_rule: "knock" }, visibility: null, kind: "direct" },
    { rule: { join_rule: "private" }, visibility: null, kind: "direct" },
    { rule: { join_rule: "invite" }, visibility: { history_visibility: "world_readable" }, kind: "other" },
    { rule: null, visibility: { history_visibility: "world_readable" }, kind: "other" },
    { rule: { join_rule: "public" }, visibility: { history_visibility: "joined" }, kind: "other" },
    { rule: { join_rule: "restricted", allow: [] }, visibility: null, kind: "other" },
    { rule: { join_rule: "knock_restricted", allow: [] }, visibility: null, kind: "other" },
    { rule: { join_rule: "org.example.rule" }, visibility: null, kind: "other" },
    { rule: { join_rule: 5 }, visibility: null, kind: "other" },
    { rule: {}, visibility: null, kind: "other" },
  ];
  it.each(cases)(
    "with the join rule $rule and the history visibility $visibility is $kind",
    async ({ rule, visibility, kind }) => {
      const { rooms, answers, state } = setUp();
      answers.push(["@mover:x", "@me:x"]);
      if (rule) state.set("m.room.join_rules", rule);
      if (visibility) state.set("m.room.history_visibility", visibility);
      expect(await rooms.kind("!r")).toBe(kind);
    },
  );

  it("is looked at again when its state changes", async () => {
    const { rooms, answers, state } = setUp();
    answers.push(["@mover:x", "@me:x"], ["@mover:x", "@me:x"]);
    expect(await rooms.kind("!r")).toBe("direct");
    state.set("m.room.join_rules", { join_rule: "public" });
    rooms.forget("!r");
    expect(await rooms.kind("!r")).toBe("other");
  });

  it("is of no known kind while the server does not show its state", async () => {
    const { rooms, answers, state } = setUp();
    answers.push(["@mover:x", "@me:x"]);
    state.set("m.room.join_rules", null);
    await expect(rooms.kind("!r")).rejects.toBeDefined();
    state.set("m.room.join_rules", { join_rule: "invite" });
    expect(await rooms.kind("!r")).toBe("direct");
  });
});

describe("whether a room holds a person", () => {
  it("is a question of its members", async () => {
    const { rooms, answers, asked } = setUp();
    answers.push(["@mover:x", "@me:x"]);
    expect([await rooms.holds("!r", "@me:x"), await rooms.holds("!r", "@other:x")]).toEqual([true, false]);
    expect(asked()).toBe(1);
  });

  it("is asked for the person alone in a control room, once until a membership changes", async () => {
    const { rooms, looks, asked } = setUp();
    looks.set("@me:x", "join");
    expect(await rooms.holds("!control", "@me:x")).toBe(true);
    expect(await rooms.holds("!control", "@me:x")).toBe(true);
    expect(await rooms.holds("!control", "@never:x")).toBe(false);
    expect(asked()).toBe(2);
    looks.set("@me:x", "leave");
    rooms.forget("!control");
    expect(await rooms.holds("!control", "@me:x")).toBe(false);
  });

  it("is not known while the server is in trouble", async () => {
    const { rooms, looks } = setUp();
    looks.set("@me:x", null);
    await expect(rooms.holds("!control", "@me:x")).rejects.toBeDefined();
    looks.set("@me:x", "invite");
    expect(await rooms.holds("!control", "@me:x")).toBe(true);
  });
});
