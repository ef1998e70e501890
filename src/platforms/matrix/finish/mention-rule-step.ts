import { z } from "zod";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { PushRule } from "../categories/push-rules/push-rule.ts";
import type { StepSession } from "../steps/define-step.ts";
import { defineStep } from "../steps/define-step.ts";
import { deleteRule, putRule, readRules, setEnabled } from "../steps/push-rule-requests.ts";
import { MENTION_RULE_KINDS, mentionRule, mentionRuleSchema, workingMentionRule } from "./mention-rule.ts";

/** Whether mentions reached the new account before the step. */
const undoSchema = z.object({ oldUserId: z.string(), wasOn: z.boolean() });

/** Makes or removes the rule for mentions of the old account, on the new one. */
export const mentionRuleStep = defineStep({
  payload: mentionRuleSchema,
  undoRecord: undoSchema,
  async run({ oldUserId, isOff }, { target, savedUndo, saveUndo }) {
    const rules = [...(await readRules(target)).values()];
    const isThere = isOff
      ? rulesFor(rules, oldUserId).length > 0
      : workingMentionRule(rules, oldUserId) !== null;
    const undo = savedUndo ?? { oldUserId, wasOn: isOff };
    if (isThere !== isOff) return savedUndo === null ? { status: "already_done" } : { status: "done", undo };
    await saveUndo(undo);
    if (isOff) await remove(target, rules, oldUserId);
    else await make(target, rules, oldUserId);
    return { status: "done", undo };
  },
  async undo({ oldUserId, wasOn }, { target }) {
    const rules = [...(await readRules(target)).values()];
    const isOn = workingMentionRule(rules, oldUserId) !== null;
    if (isOn === wasOn) return { status: "already_done" };
    if (wasOn) await make(target, rules, oldUserId);
    else await remove(target, rules, oldUserId);
    return { status: "done" };
  },
});

function rulesFor(rules: readonly PushRule[], oldUserId: string): PushRule[] {
  const { ruleId } = mentionRule("override", oldUserId);
  return rules.filter(
    (rule) => rule.ruleId === ruleId && MENTION_RULE_KINDS.some((kind) => kind === rule.kind),
  );
}

async function remove(session: StepSession, rules: readonly PushRule[], oldUserId: string): Promise<void> {
  for (const rule of rulesFor(rules, oldUserId)) await deleteRule(session, rule);
}

async function make(session: StepSession, rules: readonly PushRule[], oldUserId: string): Promise<void> {
  // A server without this default rule does not know the condition, and may accept it all the same.
  const knowsMentions = rules.some(({ ruleId }) => ruleId === ".m.rule.is_user_mention");
  if (knowsMentions && (await isTaken(() => put(session, rules, mentionRule("override", oldUserId))))) return;
  await put(session, rules, mentionRule("content", oldUserId));
}

/**
 * Below the person's other rules: a room that they have muted stays quiet, as it does for mentions
 * of the new account.
 */
async function put(session: StepSession, rules: readonly PushRule[], rule: PushRule): Promise<void> {
  const isSame = ({ kind, ruleId }: PushRule): boolean => kind === rule.kind && ruleId === rule.ruleId;
  const others = rules.filter((each) => each.kind === rule.kind && !each.isDefault && !isSame(each));
  const last = others.at(-1);
  await putRule(session, rule, last === undefined ? null : { after: last.ruleId });
  // A rule that was switched off stays so when it is written again.
  if (rules.find(isSame)?.isEnabled === false) await setEnabled(session, rule, true);
}

async function isTaken(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof HomeserverError && error.status === 400) return false;
    throw error;
  }
}
