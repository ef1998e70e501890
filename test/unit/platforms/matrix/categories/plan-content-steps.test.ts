import { describe, expect, it } from "vitest";
import type { PlannedStep } from "../../../../../src/model/step.ts";
import { stages } from "../../../../../src/model/step.ts";
import { compareContents } from "../../../../../src/platforms/matrix/categories/registry.ts";
import { planContentSteps } from "../../../../../src/platforms/matrix/categories/registry.ts";
import { seededRandom } from "../../../../support/seeded-random.ts";
import type { ContentsSketch } from "./contents-sketch.ts";
import { newAccount, NEW, OLD, oldAccount, roomIdOnTarget } from "./contents-sketch.ts";

const BO = "@bo:a.example";
const full: ContentsSketch = {
  accountData: {
    "m.direct": { [BO]: ["!a"] },
    "m.ignored_user_list": { ignored_users: { [BO]: {} } },
    "m.recent_emoji": { recent_emoji: [] },
    "im.vector.web.settings": { a: 1 },
    "m.invite_permission_config": { default_action: "block" },
    "org.matrix.msc4155.invite_permission_config": { blocked_users: [BO] },
  },
  roomAccountData: { "!a": { "m.fully_read": { event_id: "$1" }, "m.marked_unread": { unread: true } } },
  tags: { "!a": { "m.favourite": 0.5, "u.x": null } },
  roomProfiles: { "!a": { displayName: "Maestro" }, "!b": { avatarUrl: "mxc://old.example/room" } },
  profile: {
    displayName: "Mo",
    avatarUrl: "mxc://old.example/face",
    fields: new Map([["m.tz", "Europe/Lisbon"]]),
  },
  pushRules: { content: [{ rule_id: "harvest", actions: [], pattern: "harvest" }] },
};
const capabilities = { profileFields: { isEnabled: true, allowed: null, disallowed: [] } };

describe("the steps of an account's contents", () => {
  it("have distinct keys, and their stage, room and limits", () => {
    const target = newAccount({ capabilities, profile: { displayName: "me" }, roomProfiles: { "!b": {} } });
    const steps = planContentSteps(oldAccount(full), target, roomIdOnTarget);
    const messages = ["messages"];
    const { profile, rooms, settings, last } = stages;
    expect(
      steps.map(({ key, kind, stage, needsRoom, limits }) => [key, kind, stage, needsRoom, limits]),
    ).toEqual([
      ["profile:displayname", "profile_field", profile, null, messages],
      ["profile:avatar_url", "profile_field", profile, null, messages],
      ["profile:m.tz", "profile_field", profile, null, messages],
      ["tags:!a", "tags", rooms, "!a", []],
      ["room_setting:!a m.marked_unread", "room_setting", rooms, "!a", []],
      ["room_profile:!a", "room_profile", last, "!a", messages],
      ["room_profile:!b", "room_profile", last, "!b", messages],
      ["read_marker:!a", "read_marker", rooms, "!a", []],
      ["direct_chats", "direct_chats", settings, null, []],
      ["account_data:m.recent_emoji", "account_data", settings, null, []],
      ["account_data:im.vector.web.settings", "account_data", settings, null, []],
      ["account_data:m.invite_permission_config", "account_data", last, null, []],
      ["account_data:org.matrix.msc4155.invite_permission_config", "account_data", last, null, []],
      ["push_rules", "push_rules", settings, null, []],
      ["ignored_users", "ignored_users", last, null, []],
    ]);
    for (const { side, after, roomId, needsRoom } of steps) {
      expect([side, after, roomId]).toEqual(["target", null, needsRoom]);
    }
    expect(steps[0]?.payload).toEqual({ key: "displayname", value: "Mo", before: "me" });
  });

  it("are none where nothing is missing", () => {
    const target = newAccount({ ...full, capabilities });
    expect(planContentSteps(oldAccount(full), target, roomIdOnTarget)).toEqual([]);
  });

  it("cover what is missing, each item exactly once, whatever the two accounts hold", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const random = seededRandom(seed);
      const source = oldAccount(generated(random));
      const target = newAccount(generated(random));
      const steps = planContentSteps(source, target, roomIdOnTarget);
      const { categories } = compareContents(source, target, roomIdOnTarget);
      const missing = categories.flatMap(({ name, missing: items }) =>
        items.map((item) => `${name} ${item}`),
      );
      expect(steps.flatMap(itemsOf).toSorted(), `seed ${seed}`).toEqual(missing.toSorted());
      expect(new Set(missing).size, `seed ${seed}`).toBe(missing.length);
      expect(new Set(steps.map(({ key }) => key)).size, `seed ${seed}`).toBe(steps.length);
      expect(JSON.parse(JSON.stringify(steps)), `seed ${seed}`).toEqual(steps);
    }
  });

  it("never name what no request could", () => {
    const odd = ["", ".", "..", "\ud800", "x".repeat(256)];
    const named = <Value>(value: Value) => Object.fromEntries(odd.slice(1, 4).map((name) => [name, value]));
    const source = oldAccount({
      accountData: named({ a: 1 }),
      roomAccountData: { "!a": named({ a: 1 }) },
      tags: { "!a": Object.fromEntries(odd.map((name) => [name, null])) },
      profile: {
        displayName: null,
        avatarUrl: "mxc://old.example/..",
        fields: new Map(odd.map((name) => [name, 1])),
      },
      roomProfiles: {
        "!a": { avatarUrl: "mxc://old.example/../x" },
        "!b": { avatarUrl: "https://old.example/x" },
      },
      pushRules: { content: odd.slice(3, 4).map((name) => ({ rule_id: name, actions: [], pattern: "x" })) },
    });
    expect(planContentSteps(source, newAccount({ capabilities }), roomIdOnTarget)).toEqual([]);
    const { notMoved } = compareContents(source, newAccount({ capabilities }), roomIdOnTarget);
    expect(notMoved.map(({ category, code }) => `${category} ${code}`)).toEqual([
      ...odd.map(() => "tags malformed"),
      ...Array.from({ length: 3 }, () => "room_settings malformed"),
      ...Array.from({ length: 2 }, () => "room_profiles malformed"),
      ...Array.from({ length: 6 }, () => "profile malformed"),
      "push_rules malformed",
      ...Array.from({ length: 3 }, () => "account_data malformed"),
    ]);
  });
});

/** A step's items as reports name them. */
function itemsOf({ kind, payload }: PlannedStep): string[] {
  const content = payload as Record<string, string> & {
    tags: { name: string }[];
    chats: { roomId: string; counterpart: string }[];
    missing: { kind: string; ruleId: string }[];
    userIds: string[];
  };
  const { roomId = "", type = "", key = "" } = content;
  switch (kind) {
    case "profile_field":
      return [`profile ${key}`];
    case "tags":
      return content.tags.map(({ name }) => `tags ${roomId} ${name}`);
    case "room_setting":
      return [`room_settings ${roomId} ${type}`];
    case "room_profile":
      return [`room_profiles ${roomId}`];
    case "read_marker":
      return [`read_markers ${roomId}`];
    case "direct_chats":
      return content.chats.map((chat) => `direct_chats ${chat.roomId} ${chat.counterpart}`);
    case "push_rules":
      return content.missing.map((rule) => `push_rules ${rule.kind}/${rule.ruleId}`);
    case "ignored_users":
      return content.userIds.map((userId) => `ignored_users ${userId}`);
    case "account_data":
      return [`account_data ${type}`];
    default:
      throw new Error(`${kind} is no step of contents`);
  }
}

/** Generated contents. They use few names, so that two accounts have much in common. */
function generated(random: () => number): ContentsSketch {
  const rooms = ["!a", "!b", "!upgraded:a", "!replacement:a", "!gone"];
  const users = [BO, "@di:a.example", OLD, NEW, "no user"];
  const pick = <Value>(values: readonly Value[]): Value[] => values.filter(() => random() < 0.6);
  const one = <Value>(values: readonly [Value, ...Value[]]): Value =>
    values[Math.floor(random() * values.length)] ?? values[0];
  const each = <Value>(names: readonly string[], value: () => Value) =>
    Object.fromEntries(pick(names).map((name) => [name, value()]));
  const rule = (ruleId: string) => ({
    rule_id: ruleId,
    enabled: random() < 0.8,
    actions: pick(["notify"]),
    pattern: one(["x", "y"]),
    conditions: pick([{ kind: "event_match", key: "room_id", pattern: one(["!a", "!gone"]) }]),
  });
  const shuffled = (names: string[]) => pick(names).toSorted(() => random() - 0.5);
  return {
    accountData: {
      ...each(["m.recent_emoji", "m.invite_permission_config", "org.example.x"], () => ({
        value: one([1, 2]),
      })),
      ...each(["im.vector.web.settings"], () => each(["a", "b"], () => one([1, 2]))),
      ...each(["m.direct"], () => each(users, () => pick(rooms))),
      ...each(["m.ignored_user_list"], () => ({ ignored_users: each(users, () => ({})) })),
    },
    roomAccountData: each(rooms, () => ({
      ...each(["m.fully_read"], () => ({ event_id: one(["$1", "$2", "no event"]) })),
      ...each(["m.marked_unread", "im.vector.web.settings"], () => ({ unread: one([true, false]) })),
    })),
    tags: each(rooms, () => each(["m.favourite", "u.x", "m.server_notice"], () => one([null, 0.5]))),
    roomProfiles: each(rooms, () => ({
      displayName: one([null, "Mo", "Maestro"]),
      avatarUrl: one([null, "mxc://a/face", "mxc://a/room", "junk"]),
    })),
    profile: {
      displayName: one([null, "me", "Mo"]),
      avatarUrl: one([null, "mxc://a/face"]),
      fields: new Map(pick(["m.tz", "org.example.x"]).map((key) => [key, one([1, 2])])),
    },
    pushRules: {
      override: [
        ...shuffled(["!a", "!gone", "x"]).map(rule),
        ...pick([".m.rule.master", ".m.rule.tombstone"]).map((id) => ({ ...rule(id), default: true })),
      ],
      content: shuffled(["a", "b", "c", "d"]).map(rule),
      sender: shuffled(users).map(rule),
    },
    capabilities: random() < 0.5 ? {} : capabilities,
  };
}
