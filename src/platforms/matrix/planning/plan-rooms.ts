import { NO_HISTORY } from "../../../model/room-history.ts";
import type { RouteRefusal } from "../../../model/route-refusals.ts";
import { standingRefusals } from "../../../model/route-refusals.ts";
import { isInviteBlocked } from "../rooms/invite-permission.ts";
import { isUnreadable } from "../rooms/room-snapshot.ts";
import { accessFacts } from "./access-facts.ts";
import { chooseRoute } from "./choose-route.ts";
import type { EntranceInput } from "./entrances.ts";
import { findEntrances, unreachableSpaces } from "./entrances.ts";
import { needInvitations } from "./needs-invitations.ts";
import { orderOfWork } from "./order.ts";
import type { MembersNeeded } from "./people.ts";
import { mergeNeeds } from "./people.ts";
import type { PlanContext, RoomPlanInput } from "./plan-context.ts";
import { planContext } from "./plan-context.ts";
import type { PlannedRoom } from "./planned-room.ts";
import { decidedRow, excludedRow, roomFacts, successorRow } from "./room-row.ts";
import type { RoomView } from "./room-view.ts";
import type { Verdict, VerdictContext } from "./verdict.ts";
import { verdictOn } from "./verdict.ts";
import { warningsFor } from "./warnings.ts";

/**
 * A room whose summary must be read: a replacement that the source is not in, a room to which the
 * source is invited, or a room that is known from a file.
 */
export interface SummaryNeeded {
  roomId: string;
  kind: "replacement" | "invitation" | "file";
  via: readonly string[];
}

/** The plan of all rooms, and what must still be read for it. */
export interface RoomPlan {
  /** One for each room that the source is in, is invited to or knocks at, in its server's order. */
  rooms: readonly PlannedRoom[];
  /**
   * Replacements without a row of their own. They are processed like rooms, and reported in the row
   * of the room that they replace.
   */
  replacements: readonly PlannedRoom[];
  /** The IDs of rooms with work for the bot, in the order of work. */
  order: readonly string[];
  /** The members to read before the plan is final. Then the plan is made again. */
  membersNeeded: readonly MembersNeeded[];
  summariesNeeded: readonly SummaryNeeded[];
  /** Words in filters that match no room of the source. */
  unknownRooms: readonly string[];
  /** Rooms that ban the source. They are never moved and no longer count as its rooms. */
  bannedRoomIds: readonly string[];
  /** The target's settings refuse invitations from the source. */
  isInviteBlocked: boolean;
  /**
   * The IDs of rooms that may still need an invitation of the target, also those that this plan
   * leaves out. While there are any, the target must not get settings that refuse invitations.
   */
  needInvitations: ReadonlySet<string>;
  /** The IDs of rooms that no server shows, and that the run tries to join once. */
  triedRoomIds: readonly string[];
}

/**
 * Makes a plan from two snapshots. Every room of the source is in it exactly once. Pure; linear in
 * rooms, levels and `allow` entries.
 *
 * The caller reads what `membersNeeded` and `summariesNeeded` ask for and calls again, until both
 * are empty.
 *
 * To understand why a room has its route, read these files in this order:
 * 1. `plan-context.ts`: which rooms are planned, and which are replaced or left out;
 * 2. `room-view.ts`: one room as both accounts see it;
 * 3. `verdict.ts`: what the room's own rules allow (the decision table);
 * 4. `entrances.ts`: which restricted rooms open, and through which room;
 * 5. `reachable-rooms.ts`: the same as an algorithm on a graph;
 * 6. `choose-route.ts`: the route, its alternatives and the reason;
 * 7. `ask-people.ts`: what a person must do, where no route is open;
 * 8. `people.ts`: who can help.
 *
 * Then come `via.ts`, `power-grant.ts` and `warnings.ts`; `room-row.ts` makes the row of them.
 */
export function planRooms(input: RoomPlanInput): RoomPlan {
  const context = planContext(input);
  const plan = planWith(input, context, new Set());
  const gateways = gatewaysOf(context, plan);
  if (gateways.size === 0 || !hasRooms(input)) return plan;
  // A replaced room that no route leads through is not joined.
  const used = usedGateways(planWith(input, context, gateways), gateways);
  return used.size === 0 ? plan : planWith(input, context, used);
}

/**
 * Replaced rooms that are open and let the target into a restricted room that has no other route
 * without an invitation. The target joins them and stays in them.
 */
function gatewaysOf(context: PlanContext, plan: PlannedRooms): Set<string> {
  const gateways = new Set<string>();
  for (const [roomId, verdict] of plan.verdicts) {
    const row = plan.rows.get(roomId);
    if (verdict.kind !== "open" || row === undefined || isFree(row)) continue;
    const gateway = verdict.allowedRoomIds.find((allowedId) => isGateway(allowedId, context, plan));
    if (gateway !== undefined) gateways.add(gateway);
  }
  return gateways;
}

function isFree({ route }: PlannedRoom): boolean {
  return route === "accept_invite" || route === "join" || route === "join_restricted";
}

/**
 * Whether the target can join a replaced room by itself. Its replacement must be moved as well,
 * because the row of a joined room does not show it.
 */
function isGateway(roomId: string, context: PlanContext, { rows, verdictContext }: PlannedRooms): boolean {
  const view = context.views.get(roomId);
  const successor = context.replacements.get(roomId)?.roomId;
  if (view === undefined || successor === undefined || context.excluded.has(roomId)) return false;
  const status = rows.get(successor)?.status;
  if (!context.own.has(successor) && status !== "planned" && status !== "done") return false;
  const verdict = verdictOn(view, verdictContext);
  return verdict.kind === "open" && (verdict.canJoin || verdict.isInvited);
}

function usedGateways({ rows }: PlannedRooms, gateways: ReadonlySet<string>): Set<string> {
  const through = new Set(
    [...rows.values()].map((row) => (row.route === "join_restricted" ? row.through : null)),
  );
  return new Set([...gateways].filter((roomId) => through.has(roomId)));
}

/** A plan, and the decisions behind it. */
interface PlannedRooms extends RoomPlan {
  rows: ReadonlyMap<string, PlannedRoom>;
  verdicts: ReadonlyMap<string, Verdict>;
  verdictContext: VerdictContext;
}

/** @param gateways replaced rooms that are joined like others */
function planWith(input: RoomPlanInput, whole: PlanContext, gateways: ReadonlySet<string>): PlannedRooms {
  const context: PlanContext = {
    ...whole,
    replacements: new Map([...whole.replacements].filter(([roomId]) => !gateways.has(roomId))),
  };
  const isSourceBlocked = isInviteBlocked(input.target.accountData, input.source.userId);
  const verdictContext: VerdictContext = {
    parties: context.parties,
    roomVersions: new Set(input.target.roomVersions),
    isSourceBlocked,
    isEverybodyBlocked: isInviteBlocked(input.target.accountData, ""),
    histories: input.histories ?? new Map(),
  };
  const verdicts = verdictsOf(input, context, verdictContext);
  const { rows, membersNeeded } = decidedRows(input, context, verdicts);
  const rooms: PlannedRoom[] = [];
  const replacements: PlannedRoom[] = [];
  for (const [roomId, view] of context.views) {
    const row = rows.get(roomId);
    if (!context.own.has(roomId)) {
      if (row !== undefined) replacements.push(row);
      continue;
    }
    rooms.push(row ?? undecidedRow(input, context, view, rows));
  }
  return {
    rows,
    verdicts,
    verdictContext,
    rooms,
    replacements,
    order: orderOfWork([...rooms, ...replacements]),
    membersNeeded: input.areMembersRead === true ? [] : mergeNeeds(readableNeeds(membersNeeded, context)),
    summariesNeeded: [
      ...context.unknownReplacements.map((roomId) => ({ roomId, kind: "replacement" as const })),
      ...context.unknownInvitations.map((roomId) => ({ roomId, kind: "invitation" as const })),
      ...context.unaskedRooms.map((roomId) => ({ roomId, kind: "file" as const })),
    ].map((needed) => ({ ...needed, via: viaFor(needed.roomId, context) })),
    unknownRooms: context.unknownRooms,
    bannedRoomIds: [...input.source.rooms.values()]
      .filter((room) => room.membership === "ban")
      .map((room) => room.roomId),
    isInviteBlocked: isSourceBlocked,
    triedRoomIds: [...rows.values()]
      .filter(({ roomId, route }) => route === "join" && isUnshown(context.views.get(roomId)))
      .map(({ roomId }) => roomId),
    needInvitations: needInvitations([...rooms, ...replacements], context, verdicts, verdictContext),
  };
}

function isUnshown(view: RoomView | undefined): boolean {
  return view?.room.fromFile?.isShown === false;
}

/** The row of a room that is not moved itself: another room replaces it, or it is left out. */
function undecidedRow(
  input: RoomPlanInput,
  context: PlanContext,
  view: RoomView,
  rows: ReadonlyMap<string, PlannedRoom>,
): PlannedRoom {
  const { roomId } = view.room;
  const facts = roomFacts(view, context.direct.has(roomId), context.parties);
  const successor = context.replacements.get(roomId)?.roomId;
  const isReplaced =
    successor !== undefined && !context.excluded.has(roomId) && (rows.has(successor) || hasRooms(input));
  return isReplaced
    ? successorRow(facts, successor, rows.get(successor), context.own.has(successor))
    : excludedRow(facts);
}

/** The verdicts on all rooms that are moved: without those left out or replaced. */
function verdictsOf(
  input: RoomPlanInput,
  context: PlanContext,
  verdictContext: VerdictContext,
): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const [roomId, view] of context.views) {
    if (context.excluded.has(roomId) || context.replacements.has(roomId)) continue;
    const verdict = verdictOn(view, verdictContext);
    if (hasRooms(input) || verdict.kind === "joined") verdicts.set(roomId, verdict);
  }
  return verdicts;
}

function decidedRows(
  input: RoomPlanInput,
  context: PlanContext,
  verdicts: ReadonlyMap<string, Verdict>,
): { rows: Map<string, PlannedRoom>; membersNeeded: MembersNeeded[] } {
  const joinedByTarget = new Set(
    [...input.target.rooms.values()].filter((room) => room.membership === "join").map((room) => room.roomId),
  );
  const refusals = refusalsOf(input, context);
  const entranceInput: EntranceInput = {
    context,
    verdicts,
    joinedByTarget,
    refusals,
    areMembersRead: input.areMembersRead === true,
  };
  const entrances = findEntrances(entranceInput);
  const membersNeeded = [...entrances.membersNeeded];
  const rows = new Map<string, PlannedRoom>();
  for (const [roomId, verdict] of verdicts) {
    const view = context.views.get(roomId);
    if (view === undefined) continue;
    const choice = chooseRoute(view, verdict, {
      parties: context.parties,
      through: entrances.through.get(roomId) ?? null,
      unreachable: unreachableSpaces(roomId, entranceInput, entrances),
      refusals: refusals.get(roomId) ?? [],
      isInviteBlocked: (userId) => isInviteBlocked(input.target.accountData, userId),
    });
    const { warnings, membersNeeded: forWarnings } =
      verdict.kind === "unreadable"
        ? { warnings: [], membersNeeded: [] }
        : warningsFor(view, context.parties, {
            willBeInside: choice.route !== "impossible",
            hasAllKeys: input.roomsWithAllKeys?.has(roomId) === true,
          });
    membersNeeded.push(...choice.membersNeeded, ...forWarnings);
    rows.set(
      roomId,
      decidedRow(roomFacts(view, context.direct.has(roomId), context.parties), choice, warnings),
    );
  }
  return { rows, membersNeeded };
}

/** The refusals that the rooms as they are now have not outdated, by room. */
function refusalsOf(
  { histories = new Map(), now = 0 }: RoomPlanInput,
  { views, parties }: PlanContext,
): Map<string, RouteRefusal[]> {
  const standing = new Map<string, RouteRefusal[]>();
  for (const [roomId, view] of views) {
    const { refusals } = histories.get(roomId) ?? NO_HISTORY;
    if (refusals.length > 0)
      standing.set(roomId, standingRefusals(refusals, accessFacts(view, parties.sourceUserId), now));
  }
  return standing;
}

/** Members can be read only in rooms that the source has joined and that its server shows. */
function readableNeeds(needs: readonly MembersNeeded[], { own }: PlanContext): MembersNeeded[] {
  return needs.filter(({ roomId }) => {
    const room = own.get(roomId);
    return room?.membership === "join" && !isUnreadable(room);
  });
}

function hasRooms(input: RoomPlanInput): boolean {
  return input.filters?.hasRooms !== false;
}

function viaFor(roomId: string, context: PlanContext): readonly string[] {
  const view = context.views.get(roomId);
  return view === undefined ? [] : roomFacts(view, false, context.parties).via;
}
