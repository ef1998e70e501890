import type { Side } from "../../../model/account.ts";
import type { RoomHistory } from "../../../model/room-history.ts";
import { NO_HISTORY } from "../../../model/room-history.ts";
import type { Help, Reason } from "../../../model/routes.ts";
import { parseRoomAlias, serverNameOf } from "../ids/identifiers.ts";
import { isSameServer } from "../ids/server-host.ts";
import { allowedRooms, canKnockBy } from "../rooms/join-rule.ts";
import { isOfServerNotices } from "../rooms/known-bots.ts";
import { levelOf, may, requiredFor } from "../rooms/power-levels/room-power.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { Parties } from "./people.ts";
import { mayDo } from "./people.ts";
import type { RoomView } from "./room-view.ts";
import { isCutOff } from "./via.ts";

/** What a room's own rules allow. Other rooms are not considered yet. */
export type Verdict =
  | { kind: "joined" }
  /** A server does not show the room's state, so nothing is decided yet. */
  | { kind: "unreadable"; serverName: string }
  /** Nobody, or only the person, can change this. */
  | { kind: "closed"; reason: Reason }
  /** A person must act first. */
  | { kind: "person"; reason: Reason; help: Help }
  /** The source is only invited or has only knocked. The inviter is asked. */
  | { kind: "inviter"; reason: SourceNotJoined }
  /** Somebody removed the target after it had joined in a run. */
  | { kind: "removed"; reason: PersonRefused }
  | OpenVerdict;

export type SourceNotJoined = Extract<Reason, { code: "source_not_joined" }>;

export type Refused = Extract<Reason, { code: "refused" }>;

/** A person in the room refused, with the reason that they gave. */
export type PersonRefused = Refused & { by: NonNullable<Refused["by"]> };

/**
 * The routes that are open. `allowedRoomIds`: the rooms that open a restricted room, if the target
 * gets into one of them.
 */
export interface OpenVerdict {
  kind: "open";
  isInvited: boolean;
  canJoin: boolean;
  /**
   * No server shows the room, and its rule may let the target in. The run tries to join once, after
   * all other routes that need nobody.
   */
  canTry: boolean;
  allowedRoomIds: readonly string[];
  canInvite: boolean;
  /** The source could invite, but the target's own settings refuse it. */
  isInviteBlocked: boolean;
  canKnock: boolean;
  /**
   * The refusal of a run's knock; `null` if nobody declined it. Not all servers show who it was.
   */
  declined: Refused | null;
  /** Why the source cannot invite. */
  reason: Reason;
}

/** The facts about the two accounts that all verdicts share. */
export interface VerdictContext {
  parties: Parties;
  /** Room versions of the target's server. */
  roomVersions: ReadonlySet<string>;
  /** Whether the target's settings refuse invitations from the source, and from everybody. */
  isSourceBlocked: boolean;
  isEverybodyBlocked: boolean;
  /** The traces of earlier runs, by room. */
  histories: ReadonlyMap<string, RoomHistory>;
}

/**
 * The decision table (platforms/matrix/README.md, "Routes into a room") in its order, as far as one
 * room alone decides it.
 */
export function verdictOn(view: RoomView, context: VerdictContext): Verdict {
  const { sourceMembership, targetMembership, isReplacement, unreadableBy } = view;
  if (unreadableBy !== null)
    return { kind: "unreadable", serverName: serverOf(unreadableBy, context.parties) };
  if (targetMembership === "join") return { kind: "joined" };
  // No server could say which room the alias of a file means.
  if (parseRoomAlias(view.room.roomId) !== null)
    return { kind: "closed", reason: { code: "unreachable_server", serverText: null } };
  if (sourceMembership === "ban") return { kind: "closed", reason: { code: "source_banned" } };
  if (isOfServerNotices(view.room, context.parties.sourceUserId)) {
    const serverName = serverNameOf(context.parties.sourceUserId) ?? "";
    return { kind: "closed", reason: { code: "server_notices", serverName } };
  }
  if (view.isEmpty) {
    const reason: Reason = { code: "no_helper", help: "invite", required: null, isEmpty: true };
    return { kind: "closed", reason };
  }
  const closed = closedBy(view, context);
  if (closed !== null) return closed;
  if (targetMembership === "ban") return needsUnban(view, context);
  const history = context.histories.get(view.room.roomId) ?? NO_HISTORY;
  // A ban that was lifted is an invitation to come back.
  const { wasEntered, wasBanned, removedBeforeAt } = history;
  const isOfBefore = removedBeforeAt !== null && view.targetMember?.sentAt === removedBeforeAt;
  const mayBeRemoval = wasEntered && !wasBanned && !isOfBefore;
  const removal = mayBeRemoval ? endedByPerson(view, context, "removed") : null;
  if (removal !== null) return { kind: "removed", reason: removal };
  const rule = closedByJoinRule(view, context);
  if (rule !== null) return { kind: "closed", reason: rule };
  if (sourceMembership !== "join" && !isReplacement && targetMembership !== "invite") {
    return { kind: "inviter", reason: sourceNotJoined(view) };
  }
  return open(view, context);
}

function serverOf(side: Side, { sourceUserId, targetUserId }: Parties): string {
  return serverNameOf(side === "source" ? sourceUserId : targetUserId) ?? "";
}

function closedBy(
  { room, power, sourceMembership }: RoomView,
  { parties, roomVersions }: VerdictContext,
): Verdict | null {
  const targetServer = serverNameOf(parties.targetUserId) ?? "";
  if (room.create.kind !== "unread") {
    const creation = valueOf(room.create);
    const roomVersion = creation?.roomVersion ?? null;
    const isKnown = roomVersionRules(roomVersion) !== null;
    if (roomVersion === null || !isKnown || !roomVersions.has(roomVersion)) {
      return {
        kind: "closed",
        reason: { code: "room_version", roomVersion, isKnown, serverName: isKnown ? targetServer : null },
      };
    }
    const creatorServer = serverNameOf(creation?.sender ?? "");
    if (
      creation?.isFederated === false &&
      (creatorServer === null || !isSameServer(creatorServer, targetServer))
    ) {
      return { kind: "closed", reason: { code: "not_federated", serverName: creatorServer } };
    }
  }
  if (isServerAllowed(room.serverAcl, targetServer)) return null;
  // This also holds if the ACL denies the source's server, because the room may be on that server
  // alone.
  const isSourceAble =
    sourceMembership === "join" && may(power, parties.sourceUserId, { state: "m.room.server_acl" });
  return {
    kind: "person",
    help: "change_acl",
    reason: { code: "server_acl", serverName: targetServer, isSourceAble },
  };
}

function needsUnban({ power, canSourceAct }: RoomView, { parties }: VerdictContext): Verdict {
  const isSourceAble = canSourceAct && mayDo(power, parties.sourceUserId, { kind: "unban" }, parties);
  return { kind: "person", help: "unban", reason: { code: "target_banned", isSourceAble } };
}

/**
 * Under these rules nobody new can join, not even with an invitation (rooms/v12, authorization rule
 * 5.3.7). So this is checked before a pending invitation.
 */
function closedByJoinRule(
  { room, power, joinRule, canSourceAct }: RoomView,
  { parties }: VerdictContext,
): Reason | null {
  if (joinRule.kind === "private") {
    const isSourceAble = canSourceAct && may(power, parties.sourceUserId, { state: "m.room.join_rules" });
    return { code: "join_rule_private", isSourceAble };
  }
  // A file may be old, so only what a server shows is a reason.
  if (joinRule.kind === "unknown" && room.fromFile?.isShown !== false) {
    return {
      code: "unknown_join_rule",
      joinRule: joinRule.joinRule,
      roomVersion: valueOf(room.create)?.roomVersion ?? null,
    };
  }
  return null;
}

function sourceNotJoined(view: RoomView): SourceNotJoined {
  const inviter = view.sourceMembership === "invite" ? view.inviter : null;
  const membership = view.sourceMembership === "knock" ? "knock" : "invite";
  return { code: "source_not_joined", membership, inviter };
}

/** Who ended the target's membership or its knock; `null` if the target did it itself. */
function endedByPerson(
  { room, targetMembership, targetMember, isTargetInState }: RoomView,
  { parties }: VerdictContext,
  did: PersonRefused["by"]["did"],
): PersonRefused | null {
  const sender = targetMember?.sender ?? null;
  if (targetMembership !== "leave" || isTargetInState || sender === null || sender === parties.targetUserId)
    return null;
  const displayName = room.members.get(sender)?.displayName ?? null;
  return {
    code: "refused",
    serverText: targetMember?.reason ?? null,
    by: { userId: sender, displayName, did },
  };
}

function declinedBy(view: RoomView, context: VerdictContext): Refused | null {
  const { targetMembership, targetMember, isTargetInState } = view;
  const isByUnknown =
    targetMembership === "leave" && !isTargetInState && targetMember !== null && targetMember.sender === null;
  return isByUnknown
    ? { code: "refused", serverText: targetMember.reason }
    : endedByPerson(view, context, "declined");
}

function whyNoInvitation(view: RoomView, { sourceUserId }: Parties): Reason {
  const { power, sourceMembership } = view;
  if (sourceMembership === "invite" || sourceMembership === "knock") return sourceNotJoined(view);
  const isSourceJoined = sourceMembership === "join";
  if (isSourceJoined && view.isSourceShutOut)
    return { code: "source_server_acl", serverName: serverNameOf(sourceUserId) ?? "" };
  const source = isSourceJoined ? levelOf(power, sourceUserId) : null;
  return { code: "no_invite_power", required: requiredFor(power, "invite"), source, isSourceJoined };
}

/** The rules of a file under which a join may succeed. */
const TRIED_RULES: ReadonlySet<RoomView["joinRule"]["kind"]> = new Set([
  "public",
  "restricted",
  "knock_restricted",
  "unknown",
  "unread",
]);

function open(view: RoomView, context: VerdictContext): OpenVerdict {
  const { room, power, joinRule, targetMembership } = view;
  const { parties, isSourceBlocked, isEverybodyBlocked, histories } = context;
  const { hasKnocked } = histories.get(room.roomId) ?? NO_HISTORY;
  const isSourceAble = view.canSourceAct && may(power, parties.sourceUserId, "invite");
  // If the version is unknown (a replacement seen from outside), its rules are not guessed. An
  // invitation proves that the target's server knows the version.
  const areRulesKnown = room.create.kind !== "unread" || room.fromFile !== null;
  const canAsk = areRulesKnown && !isCutOff(view, parties);
  const isUnseen = room.fromFile?.isShown === false;
  return {
    kind: "open",
    isInvited: targetMembership === "invite",
    canJoin: (canAsk && joinRule.kind === "public" && !isUnseen) || view.isTargetInState,
    canTry: isUnseen && TRIED_RULES.has(joinRule.kind),
    allowedRoomIds: canAsk ? allowedRooms(joinRule).filter((roomId) => roomId !== room.roomId) : [],
    canInvite: isSourceAble && !isSourceBlocked,
    isInviteBlocked: isSourceAble && isSourceBlocked,
    // An approved knock is an invitation, which these settings refuse too.
    canKnock: canAsk && canKnockBy(joinRule) && !isEverybodyBlocked,
    declined: hasKnocked ? declinedBy(view, context) : null,
    reason: whyNoInvitation(view, parties),
  };
}
