import { expect, it } from "vitest";
import { ignoredUsersPlan } from "../../../../../../src/platforms/matrix/categories/ignored-users/plan.ts";
import { inShort, NEW, newAccount, OLD, oldAccount, roomIdOnTarget, short } from "../contents-sketch.ts";

it.each<[string, unknown, unknown, number, string[], string[]]>([
  [
    "joins both lists",
    ignored("@x:a.example", "@y:a.example"),
    ignored("@y:a.example", "@z:a.example"),
    1,
    ["@x:a.example"],
    [],
  ],
  [
    "leaves out the two accounts themselves",
    ignored(OLD, NEW),
    {},
    0,
    [],
    [`${OLD}: own_account`, `${NEW}: own_account`],
  ],
  ["tells of what is no user ID", ignored("spam", "@x"), {}, 0, [], ["spam: malformed", "@x: malformed"]],
  [
    "counts people, whatever stands beside them",
    { ignored_users: { "@x:a.example": null } },
    { ignored_users: { "@x:a.example": 7 } },
    1,
    [],
    [],
  ],
  ["knows an empty list", {}, ignored("@x:a.example"), 0, [], []],
  [
    "tells of a list of another form",
    { ignored_users: ["@x:a.example"] },
    null,
    0,
    [],
    ["m.ignored_user_list: malformed"],
  ],
  ["tells of content that is no object", "everybody", [], 0, [], ["m.ignored_user_list: malformed"]],
])("%s", (_name, source, target, ...expected) => {
  const comparison = ignoredUsersPlan.compare(
    oldAccount({ accountData: { "m.ignored_user_list": source } }),
    newAccount({ accountData: { "m.ignored_user_list": target } }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual(short(...expected));
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
