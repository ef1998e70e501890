import type { RouteRefusal } from "../../../model/route-refusals.ts";
import type { Help } from "../../../model/routes.ts";
import { may } from "../rooms/power-levels/room-power.ts";
import { valueOf } from "../rooms/state-read.ts";
import { openRoutes } from "./choose-route.ts";
import type { MembersNeeded } from "./people.ts";
import { membersToRead, serversWhoMay } from "./people.ts";
import type { PlanContext } from "./plan-context.ts";
import type { ReachableRoom } from "./reachable-rooms.ts";
import { gatewayRooms } from "./reachable-rooms.ts";
import type { RoomView } from "./room-view.ts";
import type { Verdict } from "./verdict.ts";

/** The rooms that the target can enter without help, and the rooms that open them. */
export interface Entrances {
  through: ReadonlyMap<string, string>;
  entered: ReadonlySet<string>;
  /**
   * Restricted rooms in which nobody can vouch for a join. Membership in an allowed room does not
   * open them.
   */
  unvouched: ReadonlySet<string>;
  membersNeeded: readonly MembersNeeded[];
}

export interface EntranceInput {
  context: PlanContext;
  verdicts: ReadonlyMap<string, Verdict>;
  /** Rooms that the target has joined, whoever else has joined them. */
  joinedByTarget: ReadonlySet<string>;
  refusals: ReadonlyMap<string, readonly RouteRefusal[]>;
  areMembersRead: boolean;
}

/** The verdicts on rooms that the target has joined, even if its server does not show the state. */
const ENTERED: ReadonlySet<Verdict["kind"]> = new Set(["joined", "unreadable"]);

/** Finds the rooms that the target can enter without help, from the verdicts on all rooms. */
export function findEntrances(input: EntranceInput): Entrances {
  const membersNeeded: MembersNeeded[] = [];
  const rooms: ReachableRoom[] = [];
  const unvouched = new Set<string>();
  for (const [roomId, verdict] of input.verdicts) {
    const view = input.context.views.get(roomId);
    if (verdict.kind !== "open" || view === undefined) continue;
    const room = reachableRoom(view, verdict, input, membersNeeded);
    rooms.push(room);
    if (room.allowedRoomIds.length < verdict.allowedRoomIds.length) unvouched.add(roomId);
  }
  for (const roomId of input.joinedByTarget) {
    if (!ENTERED.has(input.verdicts.get(roomId)?.kind ?? "joined")) continue;
    rooms.push({ roomId, isOpen: true, canInvite: false, allowedRoomIds: [], isSpace: false });
  }
  const preference = new Map(rooms.map(({ roomId }) => [roomId, throughPreference(roomId, input)]));
  rooms.sort((left, right) => (preference.get(left.roomId) ?? 0) - (preference.get(right.roomId) ?? 0));
  const through = gatewayRooms(rooms);
  const entered = new Set(
    rooms
      .filter((room) => room.isOpen || room.canInvite || through.has(room.roomId))
      .map((room) => room.roomId),
  );
  return { through, entered, unvouched, membersNeeded };
}

/**
 * The preference among rooms that open others.
 * - First: rooms that the target has already joined. They open others at once.
 * - Last: rooms that only the target has joined. The server that is asked to let it into the
 *   restricted room must also be in such a room. The source's server, the surest one to ask, may
 *   not be in it (M_UNABLE_TO_AUTHORISE_JOIN).
 */
function throughPreference(roomId: string, { joinedByTarget, context }: EntranceInput): number {
  if (!joinedByTarget.has(roomId)) return 1;
  return context.own.get(roomId)?.membership === "join" ? 0 : 2;
}

/** A room that would open a restricted room, with the help that is missing. */
export interface UnreachableSpace {
  view: RoomView;
  help: Help | null;
  /** Whether an upgrade has replaced it, while the restricted room still names it. */
  isReplaced: boolean;
}

/**
 * The rooms that would open a restricted room which the target cannot enter. The source has joined
 * them. Each has the missing help.
 */
export function unreachableSpaces(
  restrictedId: string,
  { context, verdicts }: EntranceInput,
  { entered, unvouched }: Entrances,
): UnreachableSpace[] {
  const found: UnreachableSpace[] = [];
  const verdict = verdicts.get(restrictedId);
  if (verdict?.kind !== "open" || unvouched.has(restrictedId)) return found;
  for (const roomId of verdict.allowedRoomIds) {
    const view = context.views.get(roomId);
    if (view?.sourceMembership === "join" && !entered.has(roomId))
      found.push({
        view,
        help: missingHelp(verdicts.get(roomId)),
        isReplaced: context.replacements.has(roomId),
      });
  }
  return found;
}

function missingHelp(verdict: Verdict | undefined): Help | null {
  if (verdict?.kind === "person") return verdict.help;
  return verdict?.kind === "open" || verdict?.kind === "removed" ? "invite" : null;
}

function reachableRoom(
  view: RoomView,
  verdict: Extract<Verdict, { kind: "open" }>,
  input: EntranceInput,
  needs: MembersNeeded[],
): ReachableRoom {
  const { roomId } = view.room;
  const refusals = input.refusals.get(roomId) ?? [];
  const routes = openRoutes(verdict, null, refusals);
  const isRestrictedRefused = refusals.some((refusal) => refusal.route === "join_restricted");
  // A restricted room that no server shows opens through another room first. Then it is tried.
  const isTriedLast = verdict.canTry && verdict.allowedRoomIds.length > 0;
  const isOpen = routes.includes("accept_invite") || (routes.includes("join") && !isTriedLast);
  const canVouch =
    !isOpen && !isRestrictedRefused && verdict.allowedRoomIds.length > 0 && hasVoucher(view, input, needs);
  return {
    roomId,
    isOpen,
    canInvite: routes.includes("invite"),
    allowedRoomIds: canVouch ? verdict.allowedRoomIds : [],
    isSpace: valueOf(view.room.create)?.type === "m.space",
  };
}

/**
 * A joined user with the level to invite vouches for a restricted join (rooms/v8, rule 4.3.5.2).
 * Without one nobody can join by this route. While members are still unread the answer is yes, so
 * that only members that the final plan needs are read.
 */
function hasVoucher(
  view: RoomView,
  { context, areMembersRead }: EntranceInput,
  needs: MembersNeeded[],
): boolean {
  const { room, power, canSourceAct } = view;
  const { parties } = context;
  if (canSourceAct && may(power, parties.sourceUserId, "invite")) return true;
  if (serversWhoMay(room, power, { kind: "authorise" }, parties).length > 0) return true;
  // The room is seen only from outside: the rule is known, but not who could vouch. The people who
  // created the replacement chose this rule, so somebody can.
  if (room.powerLevels.kind === "unread") return true;
  const needed = membersToRead(room, power, { kind: "authorise" }, parties, "route");
  if (needed === null || areMembersRead) return false;
  needs.push(needed);
  return true;
}
