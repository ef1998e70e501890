import { z } from "zod";
import { PUSH_RULE_KINDS } from "./push-rule.ts";
import type { PushRule } from "./push-rule.ts";

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

/** What the step is given. */
export const pushRulesSchema = z.object({
  /** In their order. */
  missing: z.array(ruleSchema),
  /** Names of those among them that are there, in another place. */
  displaced: z.array(z.string()),
  /**
   * The person's own rules as they should follow each other, those that stand already among them.
   */
  order: z.array(z.object({ kind: kindSchema, ruleId: z.string() })),
});
export type PushRulesPayload = z.output<typeof pushRulesSchema>;

/** What the step changed, from the top down as the rules stood. */
export const pushRulesUndoSchema = z.object({
  changes: z.array(
    z.object({
      written: ruleSchema,
      /** `null`: there was no such rule. */
      before: ruleSchema.nullable(),
      /** The person's own rule that stood right above one that was moved; `null` for none. */
      wasAfter: z.string().nullable(),
    }),
  ),
});
export type PushRulesUndo = z.output<typeof pushRulesUndoSchema>;
export type PushRuleChange = PushRulesUndo["changes"][number];

/** A rule as it is kept. */
export function toStored({ actions, conditions, ...rule }: PushRule): z.output<typeof ruleSchema> {
  return { ...rule, actions: [...actions], conditions: conditions === null ? null : [...conditions] };
}
