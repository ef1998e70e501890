import { isJsonObject } from "../../api/json.ts";
import type { PushRule } from "./push-rule.ts";

/**
 * Whether the ID of a rule is the ID of a room. Clients mute a room by an override rule that has
 * its ID, too.
 */
export function isNamedForRoom({ kind, ruleId }: Pick<PushRule, "kind" | "ruleId">): boolean {
  return kind === "room" || (kind !== "content" && kind !== "sender" && ruleId.startsWith("!"));
}

/** The rooms that a person's own rule names in its ID or its conditions. */
export function roomsOfRule(rule: PushRule): string[] {
  const named = (rule.conditions ?? []).map(roomOfCondition).filter((roomId) => roomId !== null);
  return isNamedForRoom(rule) ? [rule.ruleId, ...named] : named;
}

/** The one room that a condition names. */
export function roomOfCondition(condition: unknown): string | null {
  if (!isJsonObject(condition) || condition["key"] !== "room_id") return null;
  const valueKey = conditionValueKey(condition["kind"]);
  const value = valueKey === null ? undefined : condition[valueKey];
  return typeof value === "string" && value.startsWith("!") && !/[*?]/.test(value) ? value : null;
}

/** The key under which a kind of condition has the value that it compares with (CS §Conditions). */
export function conditionValueKey(kind: unknown): string | null {
  return VALUE_KEYS.get(kind) ?? null;
}

const VALUE_KEYS: ReadonlyMap<unknown, string> = new Map([
  ["event_match", "pattern"],
  ["event_property_is", "value"],
  ["event_property_contains", "value"],
]);
