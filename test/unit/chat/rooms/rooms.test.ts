import { describe, expect, it } from "vitest";
import { Rooms } from "../../../../src/chat/rooms/rooms.ts";
import { joinOf } from "../fake-client.ts";

function setUp({ directChats = true }: { directChats?: boolean } = {}) {
  const answers: (readonly string[] | Promise<readonly string[]>)[] = [];
  let asked = 0;
  const client = {
    getRoomMembers: async () => {
      asked++;
      return (await (answers.shift() ?? [])).map(joinOf);
    },
  };
  const rooms = new Rooms(client, { controlRoomIds: new Set(["!control"]), directChats });
  return { rooms, answers, asked: () => asked };
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
    expect(asked()).toBe(1);
    rooms.forgetMembers("!r");
    expect(await rooms.kind("!r")).toBe("other");
  });

  it("is looked at again when a membership changes while it is looked at", async () => {
    const { rooms, answers } = setUp();
    const slow = Promise.withResolvers<readonly string[]>();
    answers.push(slow.promise, ["@mover:x", "@me:x", "@third:x"]);
    const before = rooms.kind("!r");
    rooms.forgetMembers("!r");
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
