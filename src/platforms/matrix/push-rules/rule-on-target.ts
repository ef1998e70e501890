import { isJsonObject } from "../json-object.ts";
import type { NotMovedCode } from "../not-moved.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";
import type { PushRule } from "./push-rule.ts";

/** The two accounts, and where rooms are. */
export interface Mapping {
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly roomIdOnTarget: RoomIdOnTarget;
}

/**
 * A person's own rule as it should be on the target: rooms as they are there, the source replaced by the target (protocol-facts.md section 5).
 * @returns why there is none: a rule about a room that is not moved would match nothing
 */
export function ruleOnTarget(rule: PushRule, mapping: Mapping): PushRule | NotMovedCode {
  const ruleId = idOnTarget(rule, mapping);
  if (ruleId === null) return "room_not_moved";
  if (/[/\\]/.test(ruleId) || ruleId.startsWith(".")) return "malformed";
  if (rule.kind === "sender" && rule.ruleId === mapping.targetUserId) return "own_account";
  if (rule.conditions === null) return { ...rule, ruleId };
  const conditions: unknown[] = [];
  for (const condition of rule.conditions) {
    const mapped = conditionOnTarget(condition, mapping);
    if (mapped === null) return "room_not_moved";
    conditions.push(mapped);
  }
  return { ...rule, ruleId, conditions };
}

function idOnTarget({ kind, ruleId }: PushRule, { sourceUserId, targetUserId, roomIdOnTarget }: Mapping): string | null {
  if (kind === "sender") return ruleId === sourceUserId ? targetUserId : ruleId;
  // Clients mute a room by an override rule that bears its ID.
  const isAboutRoom = kind === "room" || (kind !== "content" && ruleId.startsWith("!"));
  return isAboutRoom ? roomIdOnTarget(ruleId) : ruleId;
}

function conditionOnTarget(condition: unknown, { sourceUserId, targetUserId, roomIdOnTarget }: Mapping): unknown {
  if (!isJsonObject(condition)) return condition;
  const valueKey = VALUE_KEYS.get(condition["kind"]);
  const value = valueKey === undefined ? undefined : condition[valueKey];
  if (valueKey === undefined || typeof value !== "string") return condition;
  if (condition["key"] === "room_id" && value.startsWith("!") && !/[*?]/.test(value)) {
    const roomId = roomIdOnTarget(value);
    return roomId === null ? null : { ...condition, [valueKey]: roomId };
  }
  return value === sourceUserId ? { ...condition, [valueKey]: targetUserId } : condition;
}

/** Where a kind of condition has what it compares with (CS §Conditions). */
const VALUE_KEYS: ReadonlyMap<unknown, string> = new Map([
  ["event_match", "pattern"],
  ["event_property_is", "value"],
  ["event_property_contains", "value"],
]);
