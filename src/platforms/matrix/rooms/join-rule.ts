import type { RoomVersionRules } from "./room-version.ts";
import type { StateRead } from "./state-read.ts";
import type { JoinRules } from "./types.ts";

/** A room's join rule by the authorization rules of its version. */
export type JoinRule =
  | { kind: "public" }
  | { kind: "invite" }
  | { kind: "knock" }
  | { kind: "restricted" | "knock_restricted"; allowedRoomIds: readonly string[] }
  | { kind: "private" }
  /**
   * A value that this room version does not support; `null`: no value. Nobody can join, not even
   * with an invitation.
   */
  | { kind: "unknown"; joinRule: string | null }
  /** The rule is not known, for example from an invitation whose stripped state lacks the event. */
  | { kind: "unread" };

const EVERY_RULE = { hasKnock: true, hasRestricted: true, hasKnockRestricted: true };

/**
 * The join rule of a room. A missing event means `invite` (CS §m.room.join_rules). A rule that the
 * room's version does not support yet is `unknown` (authorization rules: "otherwise, reject").
 * @param rules `unread` if the version was not read, `null` if it is unknown
 */
export function joinRuleOf(state: StateRead<JoinRules>, rules: RoomVersionRules | "unread" | null): JoinRule {
  if (state.kind === "unread") return { kind: "unread" };
  if (state.kind === "absent") return { kind: "invite" };
  if (state.kind === "malformed") return { kind: "unknown", joinRule: null };
  const { joinRule, allowedRoomIds } = state.value;
  if (joinRule === "public" || joinRule === "invite" || joinRule === "private") return { kind: joinRule };
  const has = rules === "unread" ? EVERY_RULE : rules;
  if (joinRule === "knock" && has?.hasKnock === true) return { kind: "knock" };
  if (joinRule === "restricted" && has?.hasRestricted === true) return { kind: "restricted", allowedRoomIds };
  if (joinRule === "knock_restricted" && has?.hasKnockRestricted === true)
    return { kind: "knock_restricted", allowedRoomIds };
  return { kind: "unknown", joinRule };
}

/** The rooms whose members may join. */
export function allowedRooms(rule: JoinRule): readonly string[] {
  return rule.kind === "restricted" || rule.kind === "knock_restricted" ? rule.allowedRoomIds : [];
}

/** Whether a rule permits knocking. */
export function canKnockBy(rule: JoinRule): boolean {
  return rule.kind === "knock" || rule.kind === "knock_restricted";
}
