import type { Side } from "../../../model/account.ts";
import { serverPartOf } from "../ids/server-host.ts";
import type { JoinRule } from "../rooms/join-rule.ts";
import { joinRuleOf } from "../rooms/join-rule.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";
import { roomPowerOf } from "../rooms/power-levels/room-power.ts";
import { isUnreadable } from "../rooms/room-snapshot.ts";
import type { RoomVersionRules } from "../rooms/room-version.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import { UNREAD, valueOf } from "../rooms/state-read.ts";
import type { Member, Membership, RoomSnapshot } from "../rooms/types.ts";
import type { Replacement } from "../rooms/upgrades.ts";

/** One room as both accounts see it. Decisions are based on it. */
export interface RoomView {
  room: RoomSnapshot;
  power: RoomPower;
  joinRule: JoinRule;
  sourceMembership: Membership | null;
  /**
   * The room's ACL denies the source's server. The other servers drop the source's events, so its
   * power counts as none. A join through its server enters a copy of the room that the others do
   * not see (CS §Server Access Control Lists).
   */
  isSourceShutOut: boolean;
  /** The source is signed in and has joined, and the other servers accept what it does. */
  canSourceAct: boolean;
  /** The sender of the source's member event: the inviter, if it is invited. */
  inviter: string | null;
  /** Like `inviter`, for the target. */
  targetInviter: string | null;
  targetMembership: Membership | null;
  /** The member event that decides `targetMembership`; `null` if it is not known. */
  targetMember: Member | null;
  /**
   * The power levels that the target's own server shows, if the target has joined and they can be
   * read. They lack changes that only the source's server accepted.
   */
  powerByTarget: RoomPower | null;
  /** The target's server shows its join, and the source's server does not. */
  isUnseenBySource: boolean;
  /** `membershipPosition` of a membership that only the target's server shows. */
  targetPosition: number | null;
  /**
   * The room's state shows the target as joined, but its own server does not. It may simply join
   * again (rooms/v12, authorization rule 5.3.4).
   */
  isTargetInState: boolean;
  /**
   * The account whose server does not show the room's state, although that account has joined;
   * `null` if the state is known.
   */
  unreadableBy: Side | null;
  /**
   * The room replaces one that the source has joined. The target may join it although the source
   * has not.
   */
  isReplacement: boolean;
  /** Nobody has joined the room, by its summary. */
  isEmpty: boolean;
  tombstoneSender: string | null;
}

/**
 * @param seenBySource the source's snapshot, or a room summary of a replacement that it is not in
 * @param seenByTarget the target's snapshot of the same room
 */
export function roomView(
  seenBySource: RoomSnapshot,
  seenByTarget: RoomSnapshot | undefined,
  {
    sourceUserId,
    replacement,
    isEmpty = false,
  }: {
    sourceUserId: string;
    replacement: Pick<Replacement, "tombstoneSender"> | null;
    isEmpty?: boolean;
  },
): RoomView {
  const { fromFile } = seenBySource;
  const room = { ...bestRead(seenBySource, seenByTarget), fromFile };
  const ofTarget = membershipOfTarget(seenBySource, seenByTarget);
  const isSourceShutOut = fromFile === null && !isServerAllowed(room.serverAcl, serverPartOf(sourceUserId));
  return {
    room,
    power: roomPowerOf(room),
    joinRule: joinRuleOf(room.joinRules, versionRules(room)),
    sourceMembership: seenBySource.membership,
    isSourceShutOut,
    canSourceAct: seenBySource.membership === "join" && !isSourceShutOut && fromFile === null,
    inviter: valueOf(seenBySource.ownMember)?.sender ?? null,
    targetInviter:
      (valueOf(seenByTarget?.ownMember ?? UNREAD) ?? valueOf(seenBySource.otherMember))?.sender ?? null,
    ...ofTarget,
    powerByTarget: powerSeenBy(seenByTarget),
    isUnseenBySource: isUnseen(seenBySource, seenByTarget),
    unreadableBy: unreadableBy(ofTarget.targetMembership, seenBySource, seenByTarget),
    isReplacement: replacement !== null,
    isEmpty,
    tombstoneSender: replacement?.tombstoneSender ?? null,
  };
}

function powerSeenBy(seenByTarget: RoomSnapshot | undefined): RoomPower | null {
  const isRead = seenByTarget?.membership === "join" && seenByTarget.powerLevels.kind !== "unread";
  return isRead ? roomPowerOf(seenByTarget) : null;
}

function isUnseen(seenBySource: RoomSnapshot, seenByTarget: RoomSnapshot | undefined): boolean {
  if (seenByTarget?.membership !== "join" || seenBySource.membership !== "join") return false;
  const { otherMember } = seenBySource;
  return otherMember.kind !== "unread" && valueOf(otherMember)?.membership !== "join";
}

/**
 * The new account counts as being in a room only if its server shows the room. The old account's
 * view is not needed for that.
 */
function unreadableBy(
  targetMembership: Membership | null,
  seenBySource: RoomSnapshot,
  seenByTarget: RoomSnapshot | undefined,
): Side | null {
  if (targetMembership === "join" && seenByTarget !== undefined)
    return isUnreadable(seenByTarget) ? "target" : null;
  return isUnreadable(seenBySource) ? "source" : null;
}

/** Full state is preferred to stripped state, and the source's to the target's. */
function bestRead(seenBySource: RoomSnapshot, seenByTarget: RoomSnapshot | undefined): RoomSnapshot {
  if (seenByTarget === undefined) return seenBySource;
  if (
    seenBySource.membership === "join" &&
    seenBySource.fromFile === null &&
    !(isUnreadable(seenBySource) && seenByTarget.membership === "join")
  )
    return seenBySource;
  if (seenByTarget.membership === "join") return seenByTarget;
  // Both are stripped, or one is a room summary. The one with the join rule is preferred.
  return seenBySource.joinRules.kind === "unread" ? seenByTarget : seenBySource;
}

function versionRules(room: RoomSnapshot): RoomVersionRules | "unread" | null {
  if (room.create.kind === "unread") return "unread";
  return roomVersionRules(valueOf(room.create)?.roomVersion ?? null);
}

/**
 * The target's membership when the two servers disagree.
 * - A server with a joined user knows the room, and is trusted.
 * - The target's own server knows of invitations. It does not learn that one was withdrawn, or that
 *   a user who has not joined was banned or unbanned (platforms/matrix/README.md, "Reading an
 *   account").
 */
function membershipOfTarget(
  seenBySource: RoomSnapshot,
  seenByTarget: RoomSnapshot | undefined,
): Pick<RoomView, "targetMembership" | "targetMember" | "targetPosition" | "isTargetInState"> {
  const own = seenByTarget?.membership ?? null;
  const byTarget = {
    targetMembership: own,
    targetMember: valueOf(seenByTarget?.ownMember ?? UNREAD),
    targetPosition: seenByTarget?.membershipPosition ?? null,
    isTargetInState: false,
  };
  if (seenBySource.membership !== "join" || seenBySource.otherMember.kind === "unread") return byTarget;
  const seenMember = valueOf(seenBySource.otherMember);
  const seen = seenMember?.membership ?? null;
  if (own === "join" && !isRemoved(seenMember, byTarget.targetMember, seenByTarget))
    return { ...byTarget, isTargetInState: true };
  if (own === "invite" && (seen === null || (seen === "leave" && isNewer(byTarget.targetMember, seenMember))))
    return byTarget;
  const bySource = { targetMember: seenMember, targetPosition: null };
  return seen === "join"
    ? { ...bySource, targetMembership: "leave", isTargetInState: true }
    : { ...bySource, targetMembership: seen, isTargetInState: false };
}

/**
 * Whether the room has removed the target since its own server let it join. A server that missed
 * the removal still shows the join. One that does not show the room may have missed it too.
 */
export function isRemoved(
  seen: Member | null,
  own: Member | null,
  seenByTarget: RoomSnapshot | undefined,
): boolean {
  if (seen?.membership === "ban") return true;
  const isShown = seenByTarget === undefined || !isUnreadable(seenByTarget);
  return seen?.membership === "leave" && (!isShown || isNewer(seen, own));
}

function isNewer(left: Member | null, right: Member | null): boolean {
  const [leftAt, rightAt] = [left?.sentAt ?? null, right?.sentAt ?? null];
  return leftAt !== null && rightAt !== null && leftAt > rightAt;
}
