import { expect, it } from "vitest";
import { profilePlan } from "../../../../../../src/platforms/matrix/categories/profile/plan.ts";
import type { ProfileFieldRules } from "../../../../../../src/platforms/matrix/reading/account-reading.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget, short } from "../contents-sketch.ts";
import type { ContentsSketch } from "../contents-sketch.ts";

const anyField: ProfileFieldRules = { isEnabled: true, allowed: null, disallowed: [] };
const avatarUrl = "mxc://old.example/mo";

it.each<[string, ContentsSketch["profile"], ContentsSketch, number, string[], string[]]>([
  [
    "misses what the target has not",
    { displayName: "Mo", avatarUrl },
    {},
    0,
    ["displayname", "avatar_url"],
    [],
  ],
  ["counts the same name", { displayName: "Mo" }, { profile: { displayName: "Mo" } }, 1, [], []],
  [
    "takes the localpart for no choice of the target",
    { displayName: "Mo" },
    { profile: { displayName: "me" } },
    0,
    ["displayname"],
    [],
  ],
  [
    "counts the localpart where the source has it too",
    { displayName: "me" },
    { profile: { displayName: "me" } },
    1,
    [],
    [],
  ],
  [
    "keeps a name that the target has chosen",
    { displayName: "Mo" },
    { profile: { displayName: "Moritz" } },
    0,
    [],
    ["displayname: target_has_own"],
  ],
  [
    "counts any avatar, as it is uploaded anew",
    { avatarUrl },
    { profile: { avatarUrl: "mxc://new.example/x" } },
    1,
    [],
    [],
  ],
  [
    "tells of an avatar that is no media",
    { avatarUrl: "https://old.example/mo.png" },
    {},
    0,
    [],
    ["avatar_url: malformed"],
  ],
  [
    "misses further fields where the server takes them",
    fields({ "m.tz": "Europe/Lisbon" }),
    { capabilities: { profileFields: anyField } },
    0,
    ["m.tz"],
    [],
  ],
  [
    "cannot move further fields to a server that knows none",
    fields({ "m.tz": "Europe/Lisbon" }),
    {},
    0,
    [],
    ["m.tz: server_refuses"],
  ],
  [
    "compares further fields by their value",
    fields({ "a.b": { x: 1, y: [2] }, "a.c": 1 }),
    { profile: fields({ "a.b": { y: [2], x: 1 }, "a.c": 2 }) },
    1,
    [],
    ["a.c: target_has_own"],
  ],
  [
    "believes the server's list of allowed fields",
    fields({ "m.tz": "UTC", "a.b": 1 }),
    { capabilities: { profileFields: { ...anyField, allowed: ["m.tz"] } } },
    0,
    ["m.tz"],
    ["a.b: server_refuses"],
  ],
  [
    "believes its list of others",
    { displayName: "Mo", ...fields({ "a.b": 1 }) },
    { capabilities: { profileFields: { ...anyField, disallowed: ["displayname"] } } },
    0,
    ["a.b"],
    ["displayname: server_refuses"],
  ],
  [
    "believes a server that lets nobody change anything",
    { displayName: "Mo" },
    { capabilities: { profileFields: { ...anyField, isEnabled: false } } },
    0,
    [],
    ["displayname: server_refuses"],
  ],
  [
    "believes older servers about the name and the avatar",
    { displayName: "Mo", avatarUrl },
    { capabilities: { canSetDisplayName: false, canSetAvatarUrl: false } },
    0,
    [],
    ["displayname: server_refuses", "avatar_url: server_refuses"],
  ],
  [
    "counts what is there on a server that allows no change",
    { displayName: "Mo" },
    { profile: { displayName: "Mo" }, capabilities: { canSetDisplayName: false } },
    1,
    [],
    [],
  ],
])("%s", (_name, source, target, ...expected) => {
  const comparison = profilePlan.compare(
    oldAccount(source === undefined ? {} : { profile: source }),
    newAccount(target),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual(short(...expected));
});

function fields(record: Record<string, unknown>): { fields: Map<string, unknown> } {
  return { fields: new Map(Object.entries(record)) };
}
