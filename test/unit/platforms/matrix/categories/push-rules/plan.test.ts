import { describe, expect, it } from "vitest";
import { pushRulesPlan } from "../../../../../../src/platforms/matrix/categories/push-rules/plan.ts";
import { desiredPushRules } from "../../../../../../src/platforms/matrix/categories/push-rules/plan.ts";
import { inShort, NEW, newAccount, OLD, oldAccount, roomIdOnTarget, short } from "../contents-sketch.ts";
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
  it.each<[string, Rules, Rules, number, string[], string[]]>([
    [
      "are named by kind and ID",
      { override: [mute("!a")], content: [word("harvest")], sender: [rule("@x:a")] },
      {},
      0,
      ["override/!a", "content/harvest", "sender/@x:a"],
      [],
    ],
    [
      "are present when they do the same",
      { override: [mute("!a")], content: [word("harvest")] },
      { override: [mute("!a")], content: [word("harvest")] },
      2,
      [],
      [],
    ],
    [
      "do the same in older words",
      { room: [rule("!a", { actions: ["dont_notify"] })] },
      { room: [rule("!a")] },
      1,
      [],
      [],
    ],
    [
      "give way to what the target has under that name",
      { content: [word("harvest")] },
      { content: [word("harvest", { pattern: "harv*" })] },
      0,
      [],
      ["content/harvest: target_has_own"],
    ],
    [
      "give way when it is switched off there",
      { content: [word("harvest")] },
      { content: [word("harvest", { enabled: false })] },
      0,
      [],
      ["content/harvest: target_has_own"],
    ],
    [
      "follow rooms to their replacements",
      { override: [mute("!upgraded:a")], room: [rule("!upgraded:a")] },
      { override: [mute("!replacement:a")] },
      1,
      ["room/!replacement:a"],
      [],
    ],
    [
      "are told when their room is not moved",
      { override: [mute("!gone")], room: [rule("!gone"), rule("!a")] },
      {},
      0,
      ["room/!a"],
      ["override/!gone: room_not_moved", "room/!gone: room_not_moved"],
    ],
    [
      "are told when only a condition names such a room",
      {
        underride: [
          rule("x", { conditions: [{ kind: "event_property_is", key: "room_id", value: "!gone" }] }),
        ],
      },
      {},
      0,
      [],
      ["underride/x: room_not_moved"],
    ],
    [
      "about the old account become rules about the new one",
      { sender: [rule(OLD)] },
      { sender: [rule(NEW)] },
      1,
      [],
      [],
    ],
    [
      "about the new account are not its own",
      { sender: [rule(NEW)] },
      {},
      0,
      [],
      [`sender/${NEW}: own_account`],
    ],
    [
      "with names that no server takes are told",
      { content: [word("a/b"), word("a\\b")] },
      {},
      0,
      [],
      ["content/a/b: malformed", "content/a\\b: malformed"],
    ],
    [
      "may be without conditions",
      { override: [rule("all")] },
      { override: [rule("all", { conditions: [] })] },
      1,
      [],
      [],
    ],
  ])("%s", (_name, source, target, ...expected) => {
    expect(compared(source, target)).toEqual(short(...expected));
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

  it("keep their order, and are missing where they stand in another", () => {
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

  it.each<[string, Rules, Rules, number, string[], string[]]>([
    [
      "are missing once changed",
      changed(),
      synapseRules,
      0,
      ["override/.m.rule.master", "underride/.m.rule.message"],
      [],
    ],
    ["are present where the target has the same change", changed(), changed(), 2, [], []],
    [
      "give way to another change of the target's",
      { override: [preset(".m.rule.tombstone", { actions: [] })] },
      { override: [preset(".m.rule.tombstone")] },
      0,
      [],
      ["override/.m.rule.tombstone: target_has_own"],
    ],
    [
      "are told where the new server has none such",
      changed(),
      {},
      0,
      [],
      ["override/.m.rule.master: rule_not_on_server", "underride/.m.rule.message: rule_not_on_server"],
    ],
    [
      "that nobody knows are told where they differ",
      { override: [preset(".org.example.a"), preset(".org.example.b"), preset(".org.example.c")] },
      { override: [preset(".org.example.a"), preset(".org.example.b", { enabled: false })] },
      0,
      [],
      ["override/.org.example.b: unknown_default_rule"],
    ],
  ])("%s", (_name, source, target, ...expected) => {
    expect(compared(source, target)).toEqual(short(...expected));
  });
});

it.each<[string, Rules, string[]]>([
  ["no lists", { override: {}, content: "x", room: null }, ["override", "content"]],
  [
    "no rules",
    { sender: [null, 7, {}, { rule_id: 5, actions: [] }] },
    ["sender/rule 1", "sender/rule 2", "sender/rule 3", "sender/rule 4"],
  ],
  [
    "no actions or patterns",
    { content: [rule("a"), word("b", { actions: "notify" })] },
    ["content/a", "content/b"],
  ],
  ["conditions that are no list", { override: [rule("a", { conditions: {} })] }, ["override/a"]],
  ["the same rule twice", { room: [rule("!a"), rule("!a")] }, ["room/!a"]],
  [
    "own rules of an unknown kind",
    { postcontent: [rule("a")], preset: [preset(".m.rule.x")], other: 7 },
    ["postcontent"],
  ],
])("tells of %s", (_name, source, items) => {
  expect(compared(source).left).toEqual(items.map((item) => `${item}: malformed`));
});

function changed(): Rules {
  return {
    override: [preset(".m.rule.master", { actions: [] })],
    underride: [preset(".m.rule.message", { actions: [] })],
  };
}
