import { hasSameEffect } from "./actions.ts";
import type { PushRule } from "./push-rule.ts";
import { pushRuleName } from "./push-rule.ts";

const SOUND = { set_tweak: "sound", value: "default" };
const RING = { set_tweak: "sound", value: "ring" };
const HIGHLIGHT = { set_tweak: "highlight" };

/**
 * The actions of the server's own rules as a new account has them (CS §Predefined Rules; the same
 * effects as Synapse 1.163's, read from its compiled list). All are on, except `.m.rule.master`,
 * which silences everything.
 */
const ACTIONS: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ["override/.m.rule.master", []],
  ["override/.m.rule.suppress_notices", []],
  ["override/.m.rule.invite_for_me", ["notify", SOUND]],
  ["override/.m.rule.member_event", []],
  ["override/.m.rule.is_user_mention", ["notify", SOUND, HIGHLIGHT]],
  ["override/.m.rule.contains_display_name", ["notify", SOUND, HIGHLIGHT]],
  ["override/.m.rule.is_room_mention", ["notify", HIGHLIGHT]],
  ["override/.m.rule.roomnotif", ["notify", HIGHLIGHT]],
  ["override/.m.rule.tombstone", ["notify", HIGHLIGHT]],
  ["override/.m.rule.reaction", []],
  ["override/.m.rule.room.server_acl", []],
  ["override/.m.rule.suppress_edits", []],
  ["content/.m.rule.contains_user_name", ["notify", SOUND, HIGHLIGHT]],
  ["underride/.m.rule.call", ["notify", RING]],
  ["underride/.m.rule.encrypted_room_one_to_one", ["notify", SOUND]],
  ["underride/.m.rule.room_one_to_one", ["notify", SOUND]],
  ["underride/.m.rule.message", ["notify"]],
  ["underride/.m.rule.encrypted", ["notify"]],
]);

/**
 * A default rule as servers make it. @returns `null` for a rule that is not in the specification
 */
export function presetOf(
  rule: Pick<PushRule, "kind" | "ruleId">,
): Pick<PushRule, "isEnabled" | "actions"> | null {
  const actions = ACTIONS.get(pushRuleName(rule));
  return actions === undefined ? null : { isEnabled: rule.ruleId !== ".m.rule.master", actions };
}

/**
 * Whether a default rule is as servers make it.
 * @returns `null` for a rule that is not in the specification
 */
export function isUnchangedDefault(rule: PushRule): boolean | null {
  const preset = presetOf(rule);
  return preset === null
    ? null
    : rule.isEnabled === preset.isEnabled && hasSameEffect(rule.actions, preset.actions);
}
