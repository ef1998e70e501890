import { describe, expect, it } from "vitest";
import { directChatsPlan } from "../../../../../../src/platforms/matrix/categories/direct-chats/plan.ts";
import type { ContentsSketch } from "../contents-sketch.ts";
import { inShort, NEW, newAccount, OLD, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

const BO = "@bo:a.example";
const DI = "@di:a.example";

type Rooms = NonNullable<ContentsSketch["rooms"]>;

function compared(
  source: unknown,
  target?: unknown,
  rooms: { source?: Rooms; target?: Rooms } = {},
): ReturnType<typeof inShort> {
  const there = newAccount({
    ...(target === undefined ? {} : { accountData: { "m.direct": target } }),
    rooms: rooms.target ?? {},
  });
  const here = oldAccount({ accountData: { "m.direct": source }, rooms: rooms.source ?? {} });
  return inShort(directChatsPlan.compare(here, there, roomIdOnTarget));
}

describe("direct chats", () => {
  it.each<{
    name: string;
    source: unknown;
    target: unknown;
    sourceRooms?: Rooms;
    targetRooms?: Rooms;
    expected: ReturnType<typeof inShort>;
  }>([
    {
      name: "are missing where the target has none",
      source: { [BO]: ["!a", "!b"] },
      target: undefined,
      expected: only({ missing: [`!a ${BO}`, `!b ${BO}`] }),
    },
    {
      name: "are present once the target lists them",
      source: { [BO]: ["!a", "!b"] },
      target: { [BO]: ["!c", "!a"] },
      expected: { present: 1, missing: [`!b ${BO}`], left: [] },
    },
    {
      name: "move notes to oneself to the target's own key",
      source: { [OLD]: ["!notes"] },
      target: {},
      expected: only({ missing: [`!notes ${NEW}`] }),
    },
    {
      name: "leave out chats with the target",
      source: { [NEW]: ["!us"] },
      target: {},
      expected: only({ left: [`!us ${NEW}: own_account`] }),
    },
    {
      name: "follow a room to its replacement",
      source: { [BO]: ["!upgraded:a"] },
      target: { [BO]: ["!replacement:a"] },
      expected: only({ present: 1 }),
    },
    {
      name: "list an upgraded room and its replacement once",
      source: { [BO]: ["!upgraded:a"], [DI]: ["!replacement:a"] },
      target: {},
      expected: only({ missing: [`!replacement:a ${DI}`] }),
    },
    {
      name: "leave out rooms that are not moved",
      source: { [BO]: ["!gone", "!a"] },
      target: {},
      expected: { present: 0, missing: [`!a ${BO}`], left: [`!gone ${BO}: room_not_moved`] },
    },
    {
      name: "list a room under every person that it is a chat with",
      source: { [BO]: ["!a", "!a"], [DI]: ["!a"] },
      target: {},
      expected: only({ missing: [`!a ${BO}`, `!a ${DI}`] }),
    },
    {
      name: "keep the target's choice among several persons",
      source: { [BO]: ["!a"], [DI]: ["!a"] },
      target: { [DI]: ["!a"] },
      expected: only({ present: 1, left: [`!a ${BO}: target_has_own`] }),
    },
    {
      name: "name a chat with the target once, whoever it is listed under",
      source: { [NEW]: ["!us"], [OLD]: ["!us"] },
      target: {},
      targetRooms: { "!us": [OLD] },
      expected: only({ left: [`!us ${NEW}: own_account`] }),
    },
    {
      name: "leave out a chat with the target on the source's own key",
      source: { [OLD]: ["!us"] },
      target: {},
      targetRooms: { "!us": [OLD] },
      expected: only({ left: [`!us ${NEW}: own_account`] }),
    },
    {
      name: "leave out notes that a client has taken off the target's own key",
      source: { [OLD]: ["!notes"] },
      target: { [OLD]: ["!notes"], [NEW]: [] },
      targetRooms: { "!notes": [OLD] },
      expected: only({ left: [`!notes ${NEW}: own_account`] }),
    },
    {
      name: "count notes that the target has on its own key",
      source: { [OLD]: ["!notes"] },
      target: { [NEW]: ["!notes"] },
      targetRooms: { "!notes": [OLD] },
      expected: only({ present: 1 }),
    },
    {
      name: "list a chat under an e-mail address under its only other member",
      source: { "mailto:bo@example.org": ["!a", "!b"], "di@example.org": ["!us"] },
      target: {},
      sourceRooms: { "!a": [BO, NEW], "!b": [BO, DI], "!us": [NEW] },
      expected: only({
        missing: [`!a ${BO}`],
        left: ["mailto:bo@example.org: malformed", "di@example.org: malformed"],
      }),
    },
    {
      name: "list the room that is left after the one that is not",
      source: { [BO]: ["!gone:a", "!a"] },
      target: {},
      expected: only({ missing: [`!a ${BO}`], left: [`!gone:a ${BO}: room_not_moved`] }),
    },
    {
      name: "report a client's private ID of a chat that was never created",
      source: { [BO]: ["!local.c2a0f1", "!a"] },
      target: {},
      expected: only({ missing: [`!a ${BO}`], left: [`${BO}: malformed`] }),
    },
    {
      name: "keep another counterpart that the target has chosen",
      source: { [BO]: ["!a"] },
      target: { [DI]: ["!a"] },
      expected: only({ left: [`!a ${BO}: target_has_own`] }),
    },
    {
      name: "take the old account as counterpart for no choice",
      source: { [BO]: ["!a"] },
      target: { [OLD]: ["!a"] },
      expected: only({ missing: [`!a ${BO}`] }),
    },
    { name: "do not mind empty lists", source: { [BO]: [] }, target: undefined, expected: only({}) },
  ])("$name", ({ source, target, sourceRooms = {}, targetRooms = {}, expected }) => {
    expect(compared(source, target, { source: sourceRooms, target: targetRooms })).toEqual(expected);
  });

  it.each<{ name: string; source: unknown; items: string[] }>([
    {
      name: "keys that are no user IDs",
      source: { "mail@example.org": ["!a"], "not a user ID": ["!a"] },
      items: ["mail@example.org", "not a user ID"],
    },
    { name: "values that are no lists", source: { [BO]: "!a", [DI]: null }, items: [BO, DI] },
    { name: "rooms that are no texts", source: { [BO]: [17, null] }, items: [BO] },
    { name: "content that is no object", source: ["!a"], items: ["m.direct"] },
    { name: "content that is nothing", source: null, items: ["m.direct"] },
    {
      name: "a key that is a trap",
      source: JSON.parse('{"__proto__":["!a"],"constructor":["!b"]}'),
      items: ["__proto__", "constructor"],
    },
  ])("reports $name", ({ source, items }) => {
    expect(compared(source, source)).toEqual(only({ left: items.map((item) => `${item}: malformed`) }));
  });

  it("leaves out chats that the bot opened, without reporting them", () => {
    const here = oldAccount({
      accountData: { "m.direct": { [BO]: ["!a", "!asked"] } },
      rooms: { "!a": [BO], "!asked": [BO] },
      openedChats: ["!asked"],
    });
    expect(inShort(directChatsPlan.compare(here, newAccount(), roomIdOnTarget))).toEqual(
      only({ missing: [`!a ${BO}`] }),
    );
  });

  it("has nothing to move without m.direct", () => {
    expect(inShort(directChatsPlan.compare(oldAccount(), newAccount(), roomIdOnTarget))).toEqual(only({}));
  });
});

function only(part: Partial<ReturnType<typeof inShort>>): ReturnType<typeof inShort> {
  return { present: 0, missing: [], left: [], ...part };
}
