import { describe, expect, it } from "vitest";
import { pushRulesPlan } from "../../../../../src/platforms/matrix/categories/push-rules/plan.ts";
import { readPushRules } from "../../../../../src/platforms/matrix/categories/push-rules/push-rule.ts";
import { mentionRuleStep } from "../../../../../src/platforms/matrix/finish/mention-rule-step.ts";
import { mentionRule, workingMentionRule } from "../../../../../src/platforms/matrix/finish/mention-rule.ts";
import type { Answer, ScriptedRequest } from "../../../../support/fakes/scripted-context.ts";
import { refused, scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import { newAccount, oldAccount, roomIdOnTarget } from "../categories/contents-sketch.ts";
import type { RawRule } from "../categories/push-rules/push-rule-server.ts";
import { PushRuleServer, preset, rule } from "../categories/push-rules/push-rule-server.ts";

const OLD = "@ann:old.example";
const { ruleId: RULE_ID } = mentionRule("override", OLD);
const OWN_MENTIONS = preset(".m.rule.is_user_mention");

function serverWith(override: RawRule[] = [], knowsMentions = true): PushRuleServer {
  return new PushRuleServer({ override: [...override, ...(knowsMentions ? [OWN_MENTIONS] : [])] });
}

function run(
  server: PushRuleServer,
  { isOff = false, savedUndo = null }: { isOff?: boolean; savedUndo?: unknown } = {},
  answer: (request: ScriptedRequest) => Answer = (request) => server.answer(request),
) {
  const script = scriptedContext(answer, { savedUndo });
  return { ...script, outcome: mentionRuleStep.run({ oldUserId: OLD, isOff }, script.context) };
}

function isOn(server: PushRuleServer): boolean {
  return workingMentionRule(readPushRules(structuredClone(server.global)).rules, OLD) !== null;
}

describe("the rule for mentions of the old account", () => {
  it("notifies, sounds and highlights, below the person's own rules", async () => {
    const server = serverWith([rule("!muted:old.example"), rule("own")]);
    expect(await run(server).outcome).toMatchObject({ status: "done" });
    expect(server.idsOf("override")).toEqual(["!muted:old.example", "own", RULE_ID]);
    expect(server.global["override"]?.find(({ rule_id }) => rule_id === RULE_ID)).toMatchObject({
      enabled: true,
      conditions: [
        { kind: "event_property_contains", key: String.raw`content.m\.mentions.user_ids`, value: OLD },
      ],
      actions: ["notify", { set_tweak: "sound", value: "default" }, { set_tweak: "highlight" }],
    });
    expect(isOn(server)).toBe(true);
  });

  it.each([
    { title: "that does not know mentions", knowsMentions: false },
    { title: "that refuses the condition", knowsMentions: true },
  ])("looks for the ID in the text on a server $title", async ({ knowsMentions }) => {
    const server = serverWith([], knowsMentions);
    const { outcome } = run(server, {}, (request) =>
      request.method === "PUT" && request.path.includes("/override/")
        ? refused(400, "M_INVALID_PARAM")
        : server.answer(request),
    );
    expect(await outcome).toMatchObject({ status: "done" });
    expect(server.idsOf("override")).toEqual([]);
    expect(server.global["content"]).toMatchObject([{ rule_id: RULE_ID, pattern: OLD }]);
    expect(isOn(server)).toBe(true);
  });

  it("is done once, also after a crash", async () => {
    const server = serverWith();
    const first = run(server);
    await first.outcome;
    const again = run(server, { savedUndo: first.savedUndos[0] });
    expect(await again.outcome).toEqual({ status: "done", undo: { oldUserId: OLD, wasOn: false } });
    expect(again.writes()).toEqual([]);
    expect(await run(server).outcome).toEqual({ status: "already_done" });
  });

  it("is switched on if it is off", async () => {
    const server = serverWith();
    await run(server).outcome;
    for (const each of server.global["override"] ?? []) each.enabled = false;
    expect(await run(server).outcome).toMatchObject({ status: "done" });
    expect(isOn(server)).toBe(true);
  });

  it("is taken back in both forms", async () => {
    const server = serverWith([rule("own")]);
    await run(server).outcome;
    server.global["content"] = [rule(RULE_ID, { pattern: OLD })];
    expect(await run(server, { isOff: true }).outcome).toMatchObject({ status: "done" });
    expect([...server.idsOf("override"), ...server.idsOf("content")]).toEqual(["own"]);
    expect(await run(server, { isOff: true }).outcome).toEqual({ status: "already_done" });
  });

  it.each([{ isOff: false }, { isOff: true }])("can be undone (off: $isOff)", async ({ isOff }) => {
    const server = serverWith();
    if (isOff) await run(server).outcome;
    const outcome = await run(server, { isOff }).outcome;
    expect(isOn(server)).toBe(!isOff);
    const undo = "undo" in outcome ? outcome.undo : null;
    const { context } = scriptedContext((request) => server.answer(request));
    expect(await mentionRuleStep.undo(undo, context)).toEqual({ status: "done" });
    expect(isOn(server)).toBe(isOff);
    expect(await mentionRuleStep.undo(undo, context)).toEqual({ status: "already_done" });
  });

  it("has an ID without slashes", () => {
    expect(mentionRule("content", String.raw`@a/b\c:old.example`).ruleId).toBe(
      "mentions_of_moved_account:@a_b_c:old.example",
    );
  });

  it("is in no comparison, on either account", () => {
    const made = serverWith([rule("own"), rule(RULE_ID, { conditions: [] })], false).global;
    const onSource = pushRulesPlan.compare(
      oldAccount({ pushRules: made }),
      newAccount({ pushRules: serverWith([], false).global }),
      roomIdOnTarget,
    );
    expect(onSource.category).toMatchObject({ expected: 1, missing: ["override/own"] });
    const onTarget = pushRulesPlan.compare(
      oldAccount({ pushRules: serverWith([rule("own")], false).global }),
      newAccount({ pushRules: made }),
      roomIdOnTarget,
    );
    expect(onTarget.category).toMatchObject({ expected: 1, missing: [] });
    expect(onTarget.displaced).toEqual(new Set());
  });
});
