import { expect, it } from "vitest";
import { ignoredUsersPlan } from "../../../../../../src/platforms/matrix/categories/ignored-users/plan.ts";
import { inShort, NEW, newAccount, OLD, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

it.each<{
  name: string;
  source: unknown;
  target: unknown;
  present: number;
  missing: string[];
  left: string[];
}>([
  {
    name: "joins both lists",
    source: ignored("@x:a.example", "@y:a.example"),
    target: ignored("@y:a.example", "@z:a.example"),
    present: 1,
    missing: ["@x:a.example"],
    left: [],
  },
  {
    name: "leaves out the two accounts themselves",
    source: ignored(OLD, NEW),
    target: {},
    present: 0,
    missing: [],
    left: [`${OLD}: own_account`, `${NEW}: own_account`],
  },
  {
    name: "reports an entry that is no user ID",
    source: ignored("spam", "@x"),
    target: {},
    present: 0,
    missing: [],
    left: ["spam: malformed", "@x: malformed"],
  },
  {
    name: "counts people, whatever other fields they have",
    source: { ignored_users: { "@x:a.example": null } },
    target: { ignored_users: { "@x:a.example": 7 } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "knows an empty list",
    source: {},
    target: ignored("@x:a.example"),
    present: 0,
    missing: [],
    left: [],
  },
  {
    name: "reports a list of another form",
    source: { ignored_users: ["@x:a.example"] },
    target: null,
    present: 0,
    missing: [],
    left: ["m.ignored_user_list: malformed"],
  },
  {
    name: "reports content that is no object",
    source: "everybody",
    target: [],
    present: 0,
    missing: [],
    left: ["m.ignored_user_list: malformed"],
  },
])("$name", ({ source, target, present, missing, left }) => {
  const comparison = ignoredUsersPlan.compare(
    oldAccount({ accountData: { "m.ignored_user_list": source } }),
    newAccount({ accountData: { "m.ignored_user_list": target } }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual({ present, missing, left });
});

it("has nothing to move without a list", () => {
  expect(inShort(ignoredUsersPlan.compare(oldAccount(), newAccount(), roomIdOnTarget))).toEqual({
    present: 0,
    missing: [],
    left: [],
  });
});

function ignored(...userIds: string[]): unknown {
  return { ignored_users: Object.fromEntries(userIds.map((userId) => [userId, {}])) };
}
