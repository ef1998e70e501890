import type { FinishFacts } from "../../finish.ts";
import { readPushRules } from "../categories/push-rules/push-rule.ts";
import type { AccountReading } from "../reading/account-reading.ts";
import { workingMentionRule } from "./mention-rule.ts";

/**
 * What the end of a move needs of two accounts that were just read. The source is as it shows
 * itself, with names that the bot gave.
 */
export function finishFacts({ source, target }: Record<"source" | "target", AccountReading>): FinishFacts {
  const { displayName } = source.profile;
  const { rules } = readPushRules(target.pushRules);
  return {
    name: displayName,
    isRenamed: displayName?.includes(target.snapshot.userId) ?? false,
    hasMentionRule: workingMentionRule(rules, source.snapshot.userId) !== null,
  };
}
