import type { RouteRefusal } from "../../../model/route-refusals.ts";
import type { Help, Reason, Route } from "../../../model/routes.ts";
import type { RoomFromFile } from "../rooms/types.ts";
import { NOBODY, atMostTen, joinHelpers, namedPerson, peopleOrUpgrader } from "./named-people.ts";
import type { MembersNeeded, Parties } from "./people.ts";
import { arePeopleUndecided, membersToRead, peopleWhoMay, requiredForTask } from "./people.ts";
import type { PlannedRoom } from "./planned-room.ts";
import type { RoomView } from "./room-view.ts";
import type { PersonRefused, Refused, SourceNotJoined } from "./verdict.ts";
import { isCutOff } from "./via.ts";

/** The part of a row that follows from the route. */
export type RouteChoice = Pick<
  PlannedRoom,
  "route" | "routes" | "through" | "status" | "reason" | "helpers" | "moreHelpers"
> & {
  membersNeeded: readonly MembersNeeded[];
};

/** The facts about other rooms that decide one room. */
export interface RouteContext {
  parties: Parties;
  /** The room through which the target gets into this one. */
  through: string | null;
  /**
   * Rooms that would open this one, which the source has joined and the target cannot enter, each
   * with the missing help.
   */
  unreachable: readonly { view: RoomView; help: Help | null; isReplaced: boolean }[];
  refusals: readonly RouteRefusal[];
  /** Whether the target's own settings refuse invitations from a user; `""`: from everybody. */
  isInviteBlocked: (userId: string) => boolean;
}

/** A choice of one route, without people who are asked. */
export function choice(
  route: Route,
  status: PlannedRoom["status"],
  reason: Reason | null = null,
): Omit<RouteChoice, "helpers" | "moreHelpers"> {
  return { route, routes: [route], through: null, status, reason, membersNeeded: [] };
}

/**
 * Somebody removed the target after it had joined in a run. The bot does not join again by itself,
 * even if a route is open. The person who removed the target is the first to ask.
 */
export function removed(view: RoomView, reason: PersonRefused, context: RouteContext): RouteChoice {
  // The person did this with the old account and can change it.
  return reason.by.userId === context.parties.sourceUserId
    ? { ...choice("ask_moderator", "needs_you", reason), ...NOBODY }
    : asksWhoRefused(view, reason, context);
}

function asksWhoRefused(view: RoomView, reason: Refused, context: RouteContext): RouteChoice {
  const { room } = view;
  const { parties } = context;
  const { by } = reason;
  const asked = needsPerson(view, "invite", reason, context);
  const waits = choice("ask_moderator", "needs_moderator", reason);
  if (by === undefined) return { ...asked, ...waits, membersNeeded: asked.membersNeeded };
  const others = asked.helpers.filter(({ userId }) => userId !== by.userId);
  const helpers = joinHelpers(namedPerson(view, by.userId, parties, 0), {
    helpers: others,
    moreHelpers: asked.moreHelpers,
  });
  const unread = {
    roomId: room.roomId,
    userIds: [by.userId],
    isAnyoneNeeded: false,
    purpose: "route",
  } as const;
  const membersNeeded = room.members.has(by.userId) ? asked.membersNeeded : [...asked.membersNeeded, unread];
  return { ...waits, ...helpers, membersNeeded };
}

/** Somebody declined the knock. The bot does not knock again by itself. */
export function declinedKnock(view: RoomView, reason: Refused, context: RouteContext): RouteChoice {
  return {
    ...asksWhoRefused(view, reason, context),
    route: "knock",
    routes: ["knock", "ask_moderator"],
    status: "needs_moderator",
  };
}

/**
 * A joined member must act. If no joined member may, the room is impossible. An exception is a
 * source with the power to do it: the person is asked, because the bot never does it unasked.
 */
export function needsPerson(view: RoomView, help: Help, reason: Reason, context: RouteContext): RouteChoice {
  const { room, power } = view;
  const { parties } = context;
  if (room.fromFile !== null) return needsPersonOfFile(room.fromFile, { help, reason }, context);
  const needed = membersToRead(room, power, { kind: help }, parties, "route");
  const membersNeeded = [...(needed === null ? [] : [needed]), ...anyoneNeeded(view, parties)];
  const found = peopleOrUpgrader(view, help, parties);
  const canBeUnread = power.levels.usersDefault === null && room.powerLevels.kind === "unread";
  if (help === "invite" && (found.helpers.length > 0 || canBeUnread)) {
    const welcome = found.helpers.filter(({ userId }) => !context.isInviteBlocked(userId));
    if (context.isInviteBlocked("") || (found.helpers.length > 0 && welcome.length === 0))
      return { ...inviteBlocked(), membersNeeded };
    if (welcome.length > 0)
      return {
        ...choice("ask_moderator", "needs_moderator", reason),
        helpers: welcome,
        moreHelpers: found.moreHelpers,
        membersNeeded,
      };
  }
  if (found.helpers.length > 0)
    return { ...choice("ask_moderator", "needs_moderator", reason), ...found, membersNeeded };
  if ("isSourceAble" in reason && reason.isSourceAble)
    return { ...choice("ask_moderator", "needs_you", reason), ...NOBODY, membersNeeded };
  // The members are unknown: none can be named, and none can be ruled out.
  if (canBeUnread || arePeopleUndecided(room, power, { kind: help }, parties)) {
    return { ...choice("ask_moderator", "needs_moderator", reason), ...NOBODY, membersNeeded };
  }
  const none: Reason = isServersWord(reason)
    ? reason
    : { code: "no_helper", help, required: requiredForTask(power, { kind: help }) };
  return { ...choice("impossible", "skipped", none), ...NOBODY, membersNeeded };
}

/** Nobody can read the members, so only people whom the file names can be asked. */
function needsPersonOfFile(
  { helpers }: RoomFromFile,
  { help, reason }: { help: Help; reason: Reason },
  { isInviteBlocked }: RouteContext,
): RouteChoice {
  const welcome = help === "invite" ? helpers.filter(({ userId }) => !isInviteBlocked(userId)) : helpers;
  if (help === "invite" && (isInviteBlocked("") || (helpers.length > 0 && welcome.length === 0)))
    return inviteBlocked();
  if (welcome.length > 0)
    return { ...choice("ask_moderator", "needs_moderator", reason), ...atMostTen(welcome) };
  const none: Reason = isServersWord(reason) ? reason : { code: "no_helper", help, required: null };
  return { ...choice("impossible", "skipped", none), ...NOBODY };
}

/** Only the person can allow invitations, in the settings of the new account. */
export function inviteBlocked(): RouteChoice {
  return { ...choice("ask_moderator", "needs_you", { code: "invite_blocked" }), ...NOBODY };
}

/**
 * If no server is known through which the target can join, any joined member on another server
 * helps.
 */
function anyoneNeeded(view: RoomView, parties: Parties): MembersNeeded[] {
  if (!isCutOff(view, parties)) return [];
  return [{ roomId: view.room.roomId, userIds: [], isAnyoneNeeded: true, purpose: "route" }];
}

function isServersWord(reason: Reason): boolean {
  return (
    reason.code === "refused" || reason.code === "unreachable_server" || reason.code === "invite_blocked"
  );
}

/**
 * The helpers are people who can let the account into the room, or into the space that would open
 * it.
 */
export function throughUnreachable(view: RoomView, context: RouteContext): RouteChoice {
  const { parties, unreachable } = context;
  const membersNeeded: MembersNeeded[] = [];
  const candidates = unreachable.map((space) => {
    const { fromFile } = space.view.room;
    const found =
      space.help === null
        ? NOBODY
        : fromFile !== null
          ? atMostTen(fromFile.helpers)
          : peopleWhoMay(space.view.room, space.view.power, { kind: space.help }, parties);
    const needed =
      space.help === null || fromFile !== null
        ? null
        : membersToRead(space.view.room, space.view.power, { kind: space.help }, parties, "route");
    if (needed !== null) membersNeeded.push(needed);
    return { roomId: space.view.room.roomId, isReplaced: space.isReplaced, found };
  });
  const best = candidates.find(({ found }) => found.helpers.length > 0) ?? candidates[0];
  const through = best?.roomId ?? "";
  const isReplaced = best?.isReplaced === true;
  const reason: Reason = { code: "space_unreachable", through, ...(isReplaced && { isReplaced }) };
  const own = needsPerson(view, "invite", reason, context);
  if (own.status === "needs_you") return own;
  const helpers = joinHelpers(own, best?.found ?? NOBODY);
  const needs = [...own.membersNeeded, ...membersNeeded];
  if (helpers.helpers.length === 0) return { ...own, membersNeeded: needs };
  return {
    ...choice("ask_moderator", "needs_moderator", reason),
    through,
    ...helpers,
    membersNeeded: needs,
  };
}

export function asksInviter(view: RoomView, reason: SourceNotJoined, context: RouteContext): RouteChoice {
  const { parties, isInviteBlocked } = context;
  if (isInviteBlocked(reason.inviter ?? "")) return inviteBlocked();
  if (view.room.fromFile !== null && reason.inviter === null)
    return needsPersonOfFile(view.room.fromFile, { help: "invite", reason }, context);
  const helpers = reason.inviter === null ? NOBODY : namedPerson(view, reason.inviter, parties, 0);
  return { ...choice("ask_moderator", "needs_moderator", reason), ...helpers };
}
