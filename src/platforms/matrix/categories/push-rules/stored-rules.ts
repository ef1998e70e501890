import { z } from "zod";
import type { PushRule } from "./push-rule.ts";
import { PUSH_RULE_KINDS } from "./push-rule.ts";

const kindSchema = z.enum(PUSH_RULE_KINDS);

const ruleSchema = z.object({
  kind: kindSchema,
  ruleId: z.string(),
  isDefault: z.boolean(),
  isEnabled: z.boolean(),
  actions: z.array(z.unknown()),
  conditions: z.array(z.unknown()).nullable(),
  pattern: z.string().nullable(),
});

/** The payload of the step, as JSON. */
export const pushRulesSchema = z.object({
  /** The rules to write, in the desired order. */
  missing: z.array(ruleSchema),
  /** Names of the missing rules that exist in another place. */
  displaced: z.array(z.string()),
  /** All of the person's own rules in the desired order, present and missing. */
  order: z.array(z.object({ kind: kindSchema, ruleId: z.string() })),
});
export type PushRulesPayload = z.output<typeof pushRulesSchema>;

/** The changes of the step, in the previous order of the rules. */
export const pushRulesUndoSchema = z.object({
  changes: z.array(
    z.object({
      written: ruleSchema,
      /** `null`: the rule did not exist. */
      before: ruleSchema.nullable(),
      /** The person's own rule that was right above a moved rule; `null` for none. */
      wasAfter: z.string().nullable(),
    }),
  ),
});
export type PushRulesUndo = z.output<typeof pushRulesUndoSchema>;
export type PushRuleChange = PushRulesUndo["changes"][number];

/** A rule as JSON. */
export function toStored({ actions, conditions, ...rule }: PushRule): z.output<typeof ruleSchema> {
  return { ...rule, actions: [...actions], conditions: conditions === null ? null : [...conditions] };
}
