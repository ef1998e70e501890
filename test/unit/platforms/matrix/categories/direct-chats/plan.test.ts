import { describe, expect, it } from "vitest";
import { directChatsPlan } from "../../../../../../src/platforms/matrix/categories/direct-chats/plan.ts";
import { inShort, NEW, newAccount, OLD, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

const BO = "@bo:a.example";
const DI = "@di:a.example";

function compared(source: unknown, target?: unknown): ReturnType<typeof inShort> {
  const there = newAccount(target === undefined ? {} : { accountData: { "m.direct": target } });
  return inShort(
    directChatsPlan.compare(oldAccount({ accountData: { "m.direct": source } }), there, roomIdOnTarget),
  );
}

describe("direct chats", () => {
  it.each<[string, unknown, unknown, ReturnType<typeof inShort>]>([
    [
      "are missing where the target has none",
      { [BO]: ["!a", "!b"] },
      undefined,
      only({ missing: [`!a ${BO}`, `!b ${BO}`] }),
    ],
    [
      "are present once the target lists them",
      { [BO]: ["!a", "!b"] },
      { [BO]: ["!c", "!a"] },
      { present: 1, missing: [`!b ${BO}`], left: [] },
    ],
    [
      "move notes to oneself to the target's own key",
      { [OLD]: ["!notes"] },
      {},
      only({ missing: [`!notes ${NEW}`] }),
    ],
    ["leave out chats with the target", { [NEW]: ["!us"] }, {}, only({ left: [`!us ${NEW}: own_account`] })],
    [
      "follow a room to its replacement",
      { [BO]: ["!upgraded:a"] },
      { [BO]: ["!replacement:a"] },
      only({ present: 1 }),
    ],
    [
      "list an upgraded room and its replacement once",
      { [BO]: ["!upgraded:a"], [DI]: ["!replacement:a"] },
      {},
      only({ missing: [`!replacement:a ${DI}`] }),
    ],
    [
      "leave out rooms that are not moved",
      { [BO]: ["!gone", "!a"] },
      {},
      { present: 0, missing: [`!a ${BO}`], left: [`!gone ${BO}: room_not_moved`] },
    ],
    [
      "list a room under one person only",
      { [BO]: ["!a", "!a"], [DI]: ["!a"] },
      {},
      only({ missing: [`!a ${BO}`] }),
    ],
    [
      "keep another counterpart that the target has chosen",
      { [BO]: ["!a"] },
      { [DI]: ["!a"] },
      only({ left: [`!a ${BO}: target_has_own`] }),
    ],
    [
      "take the old account as counterpart for no choice",
      { [BO]: ["!a"] },
      { [OLD]: ["!a"] },
      only({ missing: [`!a ${BO}`] }),
    ],
    ["do not mind empty lists", { [BO]: [] }, undefined, only({})],
  ])("%s", (_name, source, target, expected) => {
    expect(compared(source, target)).toEqual(expected);
  });

  it.each<[string, unknown, string[]]>([
    [
      "keys that are no user IDs",
      { "mail@example.org": ["!a"], "not a user ID": ["!a"] },
      ["mail@example.org", "not a user ID"],
    ],
    ["values that are no lists", { [BO]: "!a", [DI]: null }, [BO, DI]],
    ["rooms that are no texts", { [BO]: [17, null] }, [BO]],
    ["content that is no object", ["!a"], ["m.direct"]],
    ["content that is nothing", null, ["m.direct"]],
    [
      "a key that is a trap",
      JSON.parse('{"__proto__":["!a"],"constructor":["!b"]}'),
      ["__proto__", "constructor"],
    ],
  ])("tells of %s", (_name, source, items) => {
    expect(compared(source, source)).toEqual(only({ left: items.map((item) => `${item}: malformed`) }));
  });

  it("has nothing to move without m.direct", () => {
    expect(inShort(directChatsPlan.compare(oldAccount(), newAccount(), roomIdOnTarget))).toEqual(only({}));
  });
});

function only(part: Partial<ReturnType<typeof inShort>>): ReturnType<typeof inShort> {
  return { present: 0, missing: [], left: [], ...part };
}
