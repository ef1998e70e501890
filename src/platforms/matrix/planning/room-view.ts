import { roomPowerOf } from "../rooms/power-levels/room-power.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";
import { joinRuleOf } from "../rooms/join-rule.ts";
import type { JoinRule } from "../rooms/join-rule.ts";
import type { Member, Membership, RoomSnapshot } from "../rooms/types.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import type { RoomVersionRules } from "../rooms/room-version.ts";
import { UNREAD, valueOf } from "../rooms/state-read.ts";

/** One room as both accounts see it together: what a decision rests on. */
export interface RoomView {
  room: RoomSnapshot;
  power: RoomPower;
  joinRule: JoinRule;
  sourceMembership: Membership | null;
  /** Who sent the source's member event: the inviter, where it is invited. */
  inviter: string | null;
  /** The same for the target. */
  targetInviter: string | null;
  targetMembership: Membership | null;
  /**
   * The room counts the target as joined although its own server does not: it may then simply join
   * again (authorization rule 5.3.4 of rooms/v12).
   */
  isTargetInState: boolean;
  /** Replaces a room the source is joined to: the target may join it though the source has not. */
  isReplacement: boolean;
  tombstoneSender: string | null;
}

/**
 * @param seenBySource the source's snapshot, or a room summary of a replacement it is not in
 * @param seenByTarget the target's snapshot of the same room
 */
export function roomView(
  seenBySource: RoomSnapshot,
  seenByTarget: RoomSnapshot | undefined,
  replacement: { tombstoneSender: string | null } | null,
): RoomView {
  const room = bestRead(seenBySource, seenByTarget);
  return {
    room,
    power: roomPowerOf(room),
    joinRule: joinRuleOf(room.joinRules, versionRules(room)),
    sourceMembership: seenBySource.membership,
    inviter: valueOf(seenBySource.ownMember)?.sender ?? null,
    targetInviter:
      (valueOf(seenByTarget?.ownMember ?? UNREAD) ?? valueOf(seenBySource.otherMember))?.sender ?? null,
    ...membershipOfTarget(seenBySource, seenByTarget),
    isReplacement: replacement !== null,
    tombstoneSender: replacement?.tombstoneSender ?? null,
  };
}

/** Full state beats stripped state; the source's beats the target's. */
function bestRead(seenBySource: RoomSnapshot, seenByTarget: RoomSnapshot | undefined): RoomSnapshot {
  if (seenBySource.membership === "join" || seenByTarget === undefined) return seenBySource;
  if (seenByTarget.membership === "join") return seenByTarget;
  // Both stripped, or one a room summary: the one that tells how the room is joined.
  return seenBySource.joinRules.kind === "unread" ? seenByTarget : seenBySource;
}

function versionRules(room: RoomSnapshot): RoomVersionRules | "unread" | null {
  if (room.create.kind === "unread") return "unread";
  return roomVersionRules(valueOf(room.create)?.roomVersion ?? null);
}

/**
 * The target's membership where two servers may tell different things. A server that has a joined
 * user knows the room; the target's own server knows of its invitations but is not told when one is
 * taken back or a ban of somebody who is not in the room set or lifted (protocol-facts.md section
 * 1).
 */
function membershipOfTarget(
  seenBySource: RoomSnapshot,
  seenByTarget: RoomSnapshot | undefined,
): Pick<RoomView, "targetMembership" | "isTargetInState"> {
  const own = seenByTarget?.membership ?? null;
  if (seenBySource.membership !== "join" || seenBySource.otherMember.kind === "unread") {
    return { targetMembership: own, isTargetInState: false };
  }
  const seenMember = valueOf(seenBySource.otherMember);
  const seen = seenMember?.membership ?? null;
  if (own === "join" && seen !== "ban") return { targetMembership: "join", isTargetInState: true };
  if (own === "invite" && (seen === null || (seen === "leave" && isNewer(seenByTarget, seenMember)))) {
    return { targetMembership: "invite", isTargetInState: false };
  }
  return seen === "join"
    ? { targetMembership: "leave", isTargetInState: true }
    : { targetMembership: seen, isTargetInState: false };
}

function isNewer(seenByTarget: RoomSnapshot | undefined, seen: Member | null): boolean {
  const invited = seenByTarget === undefined ? null : (valueOf(seenByTarget.ownMember)?.sentAt ?? null);
  return invited !== null && seen !== null && seen.sentAt !== null && invited > seen.sentAt;
}
