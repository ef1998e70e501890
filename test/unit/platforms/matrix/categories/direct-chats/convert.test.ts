import { describe, expect, it } from "vitest";
import type { ChatMember } from "../../../../../../src/platforms/matrix/categories/direct-chats/convert.ts";
import {
  asDirectChat,
  asOrdinaryRoom,
  choosePartner,
} from "../../../../../../src/platforms/matrix/categories/direct-chats/convert.ts";
import { convertRoom } from "../../../../../../src/platforms/matrix/convert-room.ts";
import type { Answer } from "../../../../../support/fakes/scripted-context.ts";
import { scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { NEW, OLD } from "../contents-sketch.ts";

const BO = "@bo:a.example";
const DI = "@di:a.example";
const BOT = "@whatsappbot:a.example";

function member(userId: string, sentAt: number | null, isJoined = true): ChatMember {
  return { userId, isJoined, sentAt };
}

describe("the partner of a chat", () => {
  it.each<{ name: string; members: ChatMember[]; expected: string | null }>([
    {
      name: "is whose member event is the oldest",
      members: [member(NEW, 1), member(OLD, 0), member(BO, 3), member(DI, 2)],
      expected: DI,
    },
    { name: "is joined", members: [member(NEW, 1), member(BO, 0, false), member(DI, 2)], expected: DI },
    {
      name: "has left, where nobody else is there",
      members: [member(NEW, 1), member(DI, 3, false), member(BO, 2, false)],
      expected: BO,
    },
    { name: "is no bot", members: [member(BOT, 0), member(BO, 5)], expected: BO },
    {
      name: "is a bot, where there is nobody else",
      members: [member(NEW, 0), member(BOT, 1)],
      expected: BOT,
    },
    { name: "is dated", members: [member(BO, null), member(DI, 9)], expected: DI },
    {
      name: "is the first by name, where no event is dated",
      members: [member(DI, null), member(BO, null)],
      expected: BO,
    },
    { name: "is a user", members: [member("no user", 0), member(BO, 1)], expected: BO },
    {
      name: "is nobody, where only the two accounts are",
      members: [member(NEW, 0), member(OLD, 1)],
      expected: null,
    },
    { name: "is nobody in an empty room", members: [], expected: null },
  ])("$name", ({ members, expected }) => {
    expect(choosePartner(members, new Set([OLD, NEW]))).toBe(expected);
  });
});

describe("m.direct", () => {
  const content = { [BO]: ["!a", 7], [DI]: ["!b", "!a"], junk: "!a" };

  it.each<{ name: string; changed: unknown; expected: unknown }>([
    {
      name: "has the room under its partner alone",
      changed: asDirectChat(content, "!a", BO),
      expected: { [BO]: ["!a", 7], [DI]: ["!b"], junk: "!a" },
    },
    {
      name: "begins a list for a new partner",
      changed: asDirectChat(content, "!b", OLD),
      expected: { ...content, [DI]: ["!a"], [OLD]: ["!b"] },
    },
    {
      name: "stays unchanged if the room is already listed so",
      changed: asDirectChat(content, "!b", DI),
      expected: null,
    },
    {
      name: "has the room nowhere",
      changed: asOrdinaryRoom(content, "!a"),
      expected: { [BO]: [7], [DI]: ["!b"], junk: "!a" },
    },
    {
      name: "keeps lists that become empty",
      changed: asOrdinaryRoom({ [BO]: ["!a"] }, "!a"),
      expected: { [BO]: [] },
    },
    {
      name: "stays as it is where the room does not stand",
      changed: asOrdinaryRoom(content, "!else"),
      expected: null,
    },
  ])("$name", ({ changed, expected }) => {
    expect(changed).toEqual(expected);
  });
});

describe("a conversion", () => {
  const event = (userId: string, membership: string, sentAt: number) => {
    return {
      type: "m.room.member",
      state_key: userId,
      content: { membership },
      origin_server_ts: sentAt,
      sender: userId,
    };
  };
  const everybody = [
    event(NEW, "join", 9),
    event(OLD, "join", 1),
    event("@helper:a.example", "join", 2),
    event(BO, "leave", 3),
  ];

  function room(direct: Answer | undefined, members = everybody) {
    return scriptedContext(({ path, query, method }) => {
      if (method !== "GET") return undefined;
      if (path.endsWith("/io.element.functional_members"))
        return { json: { service_members: ["@helper:a.example"] } };
      if (path === `/user/${NEW}/account_data/m.direct`) return direct;
      const isJoined = query.get("membership") === "join";
      return { json: { chunk: members.filter(({ content }) => !isJoined || content.membership === "join") } };
    });
  }

  async function convert({ context }: ReturnType<typeof room>, partner: string | null, toDirect = true) {
    const account = { client: context.client.target, userId: NEW, inTurn: context.inTurn };
    return await convertRoom(account, { roomId: "!a", partner, toDirect, excluded: [OLD, NEW] });
  }

  it("finds the partner by the room's members, service members aside", async () => {
    const script = room(undefined);
    expect(await convert(script, null)).toEqual({ status: "converted", partner: BO });
    expect(script.requests.at(-1)?.body).toEqual({ [BO]: ["!a"] });
  });

  it("does not ask for members where the partner is named, nor on the way back", async () => {
    for (const toDirect of [true, false]) {
      const script = room({ json: { [DI]: ["!a"] } });
      expect(await convert(script, DI, toDirect)).toEqual(
        toDirect ? { status: "unchanged", partner: DI } : { status: "converted", partner: null },
      );
      expect(script.requests.filter(({ path }) => path.startsWith("/rooms"))).toEqual([]);
      expect(script.writes()).toHaveLength(toDirect ? 0 : 1);
    }
  });

  it("says that there is nobody", async () => {
    const script = room(undefined, everybody.slice(0, 3));
    expect(await convert(script, null)).toEqual({ status: "no_partner" });
    expect(script.writes()).toEqual([]);
  });

  it.each<{ name: string; direct: Answer }>([
    { name: "cannot be read", direct: { status: 500, json: { errcode: "M_UNKNOWN" } } },
    { name: "is no object", direct: { json: ["!a"] } },
  ])("does not write over what $name", async ({ direct }) => {
    const script = room(direct);
    await expect(convert(script, BO)).rejects.toThrow();
    expect(script.writes()).toEqual([]);
  });
});
