import type { NotMovedCode } from "../../../../model/not-moved.ts";
import { isJsonObject } from "../../api/json.ts";
import { isPathSegment } from "../../api/path-segment.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import type { PushRule } from "./push-rule.ts";
import { conditionValueKey, isNamedForRoom, roomOfCondition } from "./rule-rooms.ts";

/** The two accounts, and the rooms of the source on the target. */
export interface Mapping {
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly roomIdOnTarget: RoomIdOnTarget;
}

/**
 * A person's own rule for the target: with the room IDs of the target, and the source's user ID
 * replaced by the target's (platforms/matrix/README.md, "Push rules").
 * @returns a code if the rule is not moved; a rule about a room that is not moved, for example,
 * would match nothing
 */
export function ruleOnTarget(rule: PushRule, mapping: Mapping): PushRule | NotMovedCode {
  const ruleId = idOnTarget(rule, mapping);
  if (ruleId === null) return "room_not_moved";
  if (!isPathSegment(ruleId) || /[/\\]/.test(ruleId) || ruleId.startsWith(".")) return "malformed";
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

function idOnTarget(rule: PushRule, { sourceUserId, targetUserId, roomIdOnTarget }: Mapping): string | null {
  const { kind, ruleId } = rule;
  if (kind === "sender") return ruleId === sourceUserId ? targetUserId : ruleId;
  return isNamedForRoom(rule) ? roomIdOnTarget(ruleId) : ruleId;
}

function conditionOnTarget(
  condition: unknown,
  { sourceUserId, targetUserId, roomIdOnTarget }: Mapping,
): unknown {
  if (!isJsonObject(condition)) return condition;
  const valueKey = conditionValueKey(condition["kind"]);
  if (valueKey === null) return condition;
  const roomId = roomOfCondition(condition);
  if (roomId !== null) {
    const targetRoomId = roomIdOnTarget(roomId);
    return targetRoomId === null ? null : { ...condition, [valueKey]: targetRoomId };
  }
  return condition[valueKey] === sourceUserId ? { ...condition, [valueKey]: targetUserId } : condition;
}
