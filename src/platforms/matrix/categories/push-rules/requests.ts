import { unlessAbsent } from "../../api/homeserver-error.ts";
import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import { requestPushRules as readGlobalRules } from "../../reading/account-details.ts";
import type { StepSession } from "../../steps/step-session.ts";
import type { Place } from "./place.ts";
import { pushRuleName, readPushRules } from "./push-rule.ts";
import type { PushRule } from "./push-rule.ts";
import type { PushRuleId } from "./item-status.ts";

export async function readRules(session: StepSession): Promise<Map<string, PushRule>> {
  const { rules } = readPushRules(await readGlobalRules(session));
  return new Map(rules.map((rule) => [pushRuleName(rule), rule]));
}

/**
 * Makes a rule of the person's own, or moves the one that is there. A new one is switched on, and
 * cannot be made otherwise.
 */
export async function putRule({ request }: StepSession, rule: PushRule, place: Place): Promise<void> {
  const { actions, conditions, pattern } = rule;
  const body = {
    actions,
    ...(conditions === null ? {} : { conditions }),
    ...(pattern === null ? {} : { pattern }),
  };
  await request({ method: "PUT", path: pathOf(rule), query: place ?? {}, body, schema: z.unknown() });
}

export async function deleteRule({ request }: StepSession, rule: PushRuleId): Promise<void> {
  await unlessAbsent(request({ method: "DELETE", path: pathOf(rule), schema: z.unknown() }));
}

export async function setEnabled(
  { request }: StepSession,
  rule: PushRuleId,
  isEnabled: boolean,
): Promise<void> {
  await request({
    method: "PUT",
    path: `${pathOf(rule)}/enabled`,
    body: { enabled: isEnabled },
    schema: z.unknown(),
  });
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
