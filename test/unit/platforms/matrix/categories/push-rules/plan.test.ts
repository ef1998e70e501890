import { describe, expect, it } from "vitest";
import { pushRulesPlan } from "../../../../../../src/platforms/matrix/categories/push-rules/plan.ts";
import { desiredPushRules } from "../../../../../../src/platforms/matrix/categories/push-rules/plan.ts";
import { inShort, NEW, newAccount, OLD, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";
import { synapseRules } from "./synapse-rules.ts";

type Rules = Record<string, unknown>;

function compared(source: Rules, target: Rules = {}): ReturnType<typeof inShort> {
  return inShort(
    pushRulesPlan.compare(
      oldAccount({ pushRules: source }),
      newAccount({ pushRules: target }),
      roomIdOnTarget,
    ),
  );
}

function word(ruleId: string, more: object = {}): unknown {
  return { rule_id: ruleId, default: false, enabled: true, actions: ["notify"], pattern: ruleId, ...more };
}

function rule(ruleId: string, more: object = {}): unknown {
  return { rule_id: ruleId, default: false, enabled: true, actions: [], ...more };
}

function mute(roomId: string): unknown {
  return rule(roomId, { conditions: [{ kind: "event_match", key: "room_id", pattern: roomId }] });
}

function preset(ruleId: string, more: object = {}): unknown {
  return { rule_id: ruleId, default: true, enabled: true, actions: ["notify"], conditions: [], ...more };
}

describe("a person's own push rules", () => {
  it.each<{ name: string; source: Rules; target: Rules; present: number; missing: string[]; left: string[] }>(
    [
      {
        name: "are named by kind and ID",
        source: { override: [mute("!a")], content: [word("harvest")], sender: [rule("@x:a")] },
        target: {},
        present: 0,
        missing: ["override/!a", "content/harvest", "sender/@x:a"],
        left: [],
      },
      {
        name: "are present when they do the same",
        source: { override: [mute("!a")], content: [word("harvest")] },
        target: { override: [mute("!a")], content: [word("harvest")] },
        present: 2,
        missing: [],
        left: [],
      },
      {
        name: "do the same in older words",
        source: { room: [rule("!a", { actions: ["dont_notify"] })] },
        target: { room: [rule("!a")] },
        present: 1,
        missing: [],
        left: [],
      },
      {
        name: "give way to what the target has under that name",
        source: { content: [word("harvest")] },
        target: { content: [word("harvest", { pattern: "harv*" })] },
        present: 0,
        missing: [],
        left: ["content/harvest: target_has_own"],
      },
      {
        name: "give way when it is switched off there",
        source: { content: [word("harvest")] },
        target: { content: [word("harvest", { enabled: false })] },
        present: 0,
        missing: [],
        left: ["content/harvest: target_has_own"],
      },
      {
        name: "follow rooms to their replacements",
        source: { override: [mute("!upgraded:a")], room: [rule("!upgraded:a")] },
        target: { override: [mute("!replacement:a")] },
        present: 1,
        missing: ["room/!replacement:a"],
        left: [],
      },
      {
        name: "are reported when their room is not moved",
        source: { override: [mute("!gone")], room: [rule("!gone"), rule("!a")] },
        target: {},
        present: 0,
        missing: ["room/!a"],
        left: ["override/!gone: room_not_moved", "room/!gone: room_not_moved"],
      },
      {
        name: "are reported when only a condition names a room that is not moved",
        source: {
          underride: [
            rule("x", { conditions: [{ kind: "event_property_is", key: "room_id", value: "!gone" }] }),
          ],
        },
        target: {},
        present: 0,
        missing: [],
        left: ["underride/x: room_not_moved"],
      },
      {
        name: "about the old account become rules about the new one",
        source: { sender: [rule(OLD)] },
        target: { sender: [rule(NEW)] },
        present: 1,
        missing: [],
        left: [],
      },
      {
        name: "about the new account are not its own",
        source: { sender: [rule(NEW)] },
        target: {},
        present: 0,
        missing: [],
        left: [`sender/${NEW}: own_account`],
      },
      {
        name: "with names that no server takes are reported",
        source: { content: [word("a/b"), word("a\\b")] },
        target: {},
        present: 0,
        missing: [],
        left: ["content/a/b: malformed", "content/a\\b: malformed"],
      },
      {
        name: "may be without conditions",
        source: { override: [rule("all")] },
        target: { override: [rule("all", { conditions: [] })] },
        present: 1,
        missing: [],
        left: [],
      },
    ],
  )("$name", ({ source, target, present, missing, left }) => {
    expect(compared(source, target)).toEqual({ present, missing, left });
  });

  it("name rooms and the account in conditions as they are on the target, and leave other conditions alone", () => {
    const conditions = [
      { kind: "event_match", key: "room_id", pattern: "!upgraded:a" },
      { kind: "event_match", key: "room_id", pattern: "!*:old.example" },
      { kind: "event_match", key: "sender", pattern: OLD },
      { kind: "event_property_contains", key: "content.m\\.mentions.user_ids", value: OLD },
      { kind: "room_member_count", is: "2" },
      "junk",
    ];
    const mapping = { sourceUserId: OLD, targetUserId: NEW, roomIdOnTarget };
    expect(desiredPushRules({ override: [rule("x", { conditions })] }, mapping).items[0]?.conditions).toEqual(
      [
        { kind: "event_match", key: "room_id", pattern: "!replacement:a" },
        { kind: "event_match", key: "room_id", pattern: "!*:old.example" },
        { kind: "event_match", key: "sender", pattern: NEW },
        { kind: "event_property_contains", key: "content.m\\.mentions.user_ids", value: NEW },
        { kind: "room_member_count", is: "2" },
        "junk",
      ],
    );
  });

  it("keep their order, and are missing if the target has them in another order", () => {
    const source = { content: ["a", "b", "c", "d"].map((name) => word(name)) };
    const target = { content: ["d", "own", "a", "b", "c"].map((name) => word(name)) };
    expect(compared(source, target)).toEqual({ present: 3, missing: ["content/d"], left: [] });
    expect(compared(source, { content: ["a", "own", "b", "c", "d"].map((name) => word(name)) }).present).toBe(
      4,
    );
  });
});

describe("default push rules", () => {
  it("are no choice as Synapse makes them", () => {
    expect(compared(synapseRules, {})).toEqual({ present: 0, missing: [], left: [] });
  });

  it.each<{ name: string; source: Rules; target: Rules; present: number; missing: string[]; left: string[] }>(
    [
      {
        name: "are missing once changed",
        source: changed(),
        target: synapseRules,
        present: 0,
        missing: ["override/.m.rule.master", "underride/.m.rule.message"],
        left: [],
      },
      {
        name: "are present where the target has the same change",
        source: changed(),
        target: changed(),
        present: 2,
        missing: [],
        left: [],
      },
      {
        name: "give way to another change of the target's",
        source: { override: [preset(".m.rule.tombstone", { actions: [] })] },
        target: { override: [preset(".m.rule.tombstone")] },
        present: 0,
        missing: [],
        left: ["override/.m.rule.tombstone: target_has_own"],
      },
      {
        name: "are reported if the new server does not have them",
        source: changed(),
        target: {},
        present: 0,
        missing: [],
        left: [
          "override/.m.rule.master: rule_not_on_server",
          "underride/.m.rule.message: rule_not_on_server",
        ],
      },
      {
        name: "that nobody knows are reported if they differ",
        source: { override: [preset(".org.example.a"), preset(".org.example.b"), preset(".org.example.c")] },
        target: { override: [preset(".org.example.a"), preset(".org.example.b", { enabled: false })] },
        present: 0,
        missing: [],
        left: ["override/.org.example.b: unknown_default_rule"],
      },
    ],
  )("$name", ({ source, target, present, missing, left }) => {
    expect(compared(source, target)).toEqual({ present, missing, left });
  });
});

it.each<{ name: string; source: Rules; items: string[] }>([
  { name: "no lists", source: { override: {}, content: "x", room: null }, items: ["override", "content"] },
  {
    name: "no rules",
    source: { sender: [null, 7, {}, { rule_id: 5, actions: [] }] },
    items: ["sender/rule 1", "sender/rule 2", "sender/rule 3", "sender/rule 4"],
  },
  {
    name: "no actions or patterns",
    source: { content: [rule("a"), word("b", { actions: "notify" })] },
    items: ["content/a", "content/b"],
  },
  {
    name: "conditions that are no list",
    source: { override: [rule("a", { conditions: {} })] },
    items: ["override/a"],
  },
  { name: "the same rule twice", source: { room: [rule("!a"), rule("!a")] }, items: ["room/!a"] },
  {
    name: "own rules of an unknown kind",
    source: { postcontent: [rule("a")], preset: [preset(".m.rule.x")], other: 7 },
    items: ["postcontent"],
  },
])("reports $name", ({ source, items }) => {
  expect(compared(source).left).toEqual(items.map((item) => `${item}: malformed`));
});

function changed(): Rules {
  return {
    override: [preset(".m.rule.master", { actions: [] })],
    underride: [preset(".m.rule.message", { actions: [] })],
  };
}
