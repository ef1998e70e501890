import { z } from "zod";
import { apiPath } from "../api/homeserver-client.ts";
import { unlessAbsent } from "../api/homeserver-error.ts";
import type { PushRuleId } from "../categories/push-rules/item-status.ts";
import type { Place } from "../categories/push-rules/place.ts";
import type { PushRule } from "../categories/push-rules/push-rule.ts";
import { pushRuleName, readPushRules } from "../categories/push-rules/push-rule.ts";
import { requestPushRules } from "../reading/account-details.ts";
import type { StepSession } from "./define-step.ts";

/** The rules of an account by name, in the server's order. */
export async function readRules(session: StepSession): Promise<Map<string, PushRule>> {
  const { rules } = readPushRules(await requestPushRules(session));
  return new Map(rules.map((rule) => [pushRuleName(rule), rule]));
}

/** Creates a rule of the person's own, or moves an existing one. A new rule is always enabled. */
export async function putRule({ request }: StepSession, rule: PushRule, place: Place): Promise<void> {
  const { actions, conditions, pattern } = rule;
  const body = {
    actions,
    ...(conditions === null ? {} : { conditions }),
    ...(pattern === null ? {} : { pattern }),
  };
  await request({ method: "PUT", path: pathOf(rule), query: place ?? {}, body, schema: z.unknown() });
}

/** Deletes a rule, if it is there. */
export async function deleteRule({ request }: StepSession, rule: PushRuleId): Promise<void> {
  await unlessAbsent(request({ method: "DELETE", path: pathOf(rule), schema: z.unknown() }));
}

export async function setEnabled(
  { request }: StepSession,
  rule: PushRuleId,
  isEnabled: boolean,
): Promise<void> {
  const body = { enabled: isEnabled };
  await request({ method: "PUT", path: `${pathOf(rule)}/enabled`, body, schema: z.unknown() });
}

export async function setActions(
  { request }: StepSession,
  rule: PushRuleId,
  actions: readonly unknown[],
): Promise<void> {
  await request({ method: "PUT", path: `${pathOf(rule)}/actions`, body: { actions }, schema: z.unknown() });
}

function pathOf({ kind, ruleId }: PushRuleId): string {
  return apiPath`/_matrix/client/v3/pushrules/global/${kind}/${ruleId}`;
}
