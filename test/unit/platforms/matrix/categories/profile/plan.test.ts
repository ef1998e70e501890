import { expect, it } from "vitest";
import { profilePlan } from "../../../../../../src/platforms/matrix/categories/profile/plan.ts";
import type { ProfileFieldRules } from "../../../../../../src/platforms/matrix/reading/account-reading.ts";
import type { ContentsSketch } from "../contents-sketch.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

const anyField: ProfileFieldRules = { isEnabled: true, allowed: null, disallowed: [] };
const avatarUrl = "mxc://old.example/mo";

it.each<{
  name: string;
  source: ContentsSketch["profile"];
  target: ContentsSketch;
  present: number;
  missing: string[];
  left: string[];
}>([
  {
    name: "misses what the target has not",
    source: { displayName: "Mo", avatarUrl },
    target: {},
    present: 0,
    missing: ["displayname", "avatar_url"],
    left: [],
  },
  {
    name: "counts the same name",
    source: { displayName: "Mo" },
    target: { profile: { displayName: "Mo" } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "takes the localpart for no choice of the target",
    source: { displayName: "Mo" },
    target: { profile: { displayName: "me" } },
    present: 0,
    missing: ["displayname"],
    left: [],
  },
  {
    name: "counts the localpart where the source has it too",
    source: { displayName: "me" },
    target: { profile: { displayName: "me" } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "keeps a name that the target has chosen",
    source: { displayName: "Mo" },
    target: { profile: { displayName: "Moritz" } },
    present: 0,
    missing: [],
    left: ["displayname: target_has_own"],
  },
  {
    name: "counts any avatar, because it is uploaded again",
    source: { avatarUrl },
    target: { profile: { avatarUrl: "mxc://new.example/x" } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "reports an avatar that is no media",
    source: { avatarUrl: "https://old.example/mo.png" },
    target: {},
    present: 0,
    missing: [],
    left: ["avatar_url: malformed"],
  },
  {
    name: "misses further fields where the server takes them",
    source: fields({ "m.tz": "Europe/Lisbon" }),
    target: { capabilities: { profileFields: anyField } },
    present: 0,
    missing: ["m.tz"],
    left: [],
  },
  {
    name: "cannot move further fields to a server that knows none",
    source: fields({ "m.tz": "Europe/Lisbon" }),
    target: {},
    present: 0,
    missing: [],
    left: ["m.tz: server_refuses"],
  },
  {
    name: "compares further fields by their value",
    source: fields({ "a.b": { x: 1, y: [2] }, "a.c": 1 }),
    target: { profile: fields({ "a.b": { y: [2], x: 1 }, "a.c": 2 }) },
    present: 1,
    missing: [],
    left: ["a.c: target_has_own"],
  },
  {
    name: "believes the server's list of allowed fields",
    source: fields({ "m.tz": "UTC", "a.b": 1 }),
    target: { capabilities: { profileFields: { ...anyField, allowed: ["m.tz"] } } },
    present: 0,
    missing: ["m.tz"],
    left: ["a.b: server_refuses"],
  },
  {
    name: "believes its list of others",
    source: { displayName: "Mo", ...fields({ "a.b": 1 }) },
    target: { capabilities: { profileFields: { ...anyField, disallowed: ["displayname"] } } },
    present: 0,
    missing: ["a.b"],
    left: ["displayname: server_refuses"],
  },
  {
    name: "believes a server that lets nobody change anything",
    source: { displayName: "Mo" },
    target: { capabilities: { profileFields: { ...anyField, isEnabled: false } } },
    present: 0,
    missing: [],
    left: ["displayname: server_refuses"],
  },
  {
    name: "believes older servers about the name and the avatar",
    source: { displayName: "Mo", avatarUrl },
    target: { capabilities: { canSetDisplayName: false, canSetAvatarUrl: false } },
    present: 0,
    missing: [],
    left: ["displayname: server_refuses", "avatar_url: server_refuses"],
  },
  {
    name: "counts what is there on a server that allows no change",
    source: { displayName: "Mo" },
    target: { profile: { displayName: "Mo" }, capabilities: { canSetDisplayName: false } },
    present: 1,
    missing: [],
    left: [],
  },
])("$name", ({ source, target, present, missing, left }) => {
  const comparison = profilePlan.compare(
    oldAccount(source === undefined ? {} : { profile: source }),
    newAccount(target),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual({ present, missing, left });
});

function fields(record: Record<string, unknown>): { fields: Map<string, unknown> } {
  return { fields: new Map(Object.entries(record)) };
}
