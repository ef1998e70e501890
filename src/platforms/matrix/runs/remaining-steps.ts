import type { AccessFacts } from "../../../model/access-facts.ts";
import { haveChangedFor } from "../../../model/access-facts.ts";
import type { ReportRoom } from "../../../model/report.ts";
import { nextRoute } from "../../../model/room-routes.ts";
import { isTriedEnough, standingRefusals, withRefusal } from "../../../model/route-refusals.ts";
import type { RunRoom } from "../../../model/run-room.ts";
import type { StoredStep } from "../../../model/run.ts";
import type { PlannedStep, StepKind } from "../../../model/step.ts";
import type { TriedSteps } from "../../planning.ts";
import type { ChosenCategories } from "../../planning.ts";
import { accountDataKey } from "../categories/account-data/plan.ts";
import { isOverwritten, keptRoomSchema, planKeptRoom } from "../categories/kept-room-profiles/plan.ts";
import type { PartOfStep } from "../categories/registry.ts";
import { planPartOfContents, writesWholeList } from "../categories/registry.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { roomMapping } from "../planning/room-mapping.ts";
import { INVITE_PERMISSION_TYPES } from "../rooms/invite-permission.ts";
import { runRoom } from "./room-of-run.ts";
import type { DecidedMove } from "./steps-of-run.ts";
import { isChosen, powerSteps, stepsInto, withKeptRooms } from "./steps-of-run.ts";

/** The rooms of a run as stored, and what it has tried. */
export interface StoredRooms {
  before: readonly RunRoom[];
  tried: TriedSteps;
  /** In milliseconds since the epoch. */
  now: number;
}

/**
 * The rooms of a run after both accounts were read again, and the steps of routes that are open
 * again.
 * @param before the rooms as stored
 */
export function revisedRooms(
  { rooms, replacements }: Pick<DecidedMove["decided"], "rooms" | "replacements">,
  { before, tried, now }: StoredRooms,
): { rooms: RunRoom[]; again: PlannedStep[] } {
  const storedById = new Map(before.map((room) => [room.roomId, room]));
  const revise = (isReplacement: boolean) => (room: PlannedRoom) =>
    revisedRoom(runRoom(room, { isReplacement }), storedById.get(room.roomId), { tried, now });
  const revised = [...rooms.map(revise(false)), ...replacements.map(revise(true))];
  const byId = new Map(revised.map(({ room }) => [room.roomId, room]));
  return {
    rooms: revised.map(({ room }) => {
      const successor = byId.get(room.planned.row.successor ?? "");
      return room.route === "successor" && successor !== undefined
        ? { ...room, status: successor.status }
        : room;
    }),
    again: revised.flatMap(({ again }) => again),
  };
}

interface RevisedRoom {
  room: RunRoom;
  again: readonly PlannedStep[];
}

/**
 * The room as it is now. A room that the run has tried without success keeps its status and is not
 * planned again, unless it has changed since.
 */
function revisedRoom(
  read: RunRoom,
  before: RunRoom | undefined,
  { tried, now }: Pick<StoredRooms, "tried" | "now">,
): RevisedRoom {
  if (before === undefined) return { room: read, again: [] };
  const room = { ...read, refusals: before.refusals, joinedAt: before.joinedAt };
  if (room.status !== "planned") return { room, again: [] };
  if (before.isJoined) return leftRoom(room, before, { tried, now });
  const steps = stepsInto(room, room.route);
  // The person has left it, so it is also not tried for the first time.
  const isLeft = before.route === "excluded";
  const isTried = isLeft || steps.every(({ key }) => tried.has(key));
  if (before.status === "planned" || !isTried) return { room, again: [] };
  return isOpenAgain(room, before, now)
    ? { room, again: steps }
    : { room: waitsAs(room, { route: before.route, status: before.status }), again: [] };
}

/**
 * A room that the run joined and the target is not in, though nobody removed it.
 * - The target itself has left it: the person's decision.
 * - Otherwise the join had no effect. It is tried once more, then the next route.
 */
function leftRoom(
  room: RunRoom,
  before: RunRoom,
  { tried, now }: Pick<StoredRooms, "tried" | "now">,
): RevisedRoom {
  const { route } = room;
  const { facts } = room.planned;
  if (facts?.member?.value.startsWith("leave") === true && !isOfBefore(facts, before.planned.facts))
    return { room: waitsAs(room, { route: "excluded", status: "skipped" }), again: [] };
  const vain = { route, code: "vain", who: "room", serverText: null, at: now, facts } as const;
  const refusals = withRefusal(room.refusals, vain);
  if (facts === null || !standingRefusals(refusals, facts, now).some((refusal) => refusal.route === route))
    return { room: { ...room, refusals }, again: stepsInto(room, route) };
  const next = nextRoute(room, route, (other) => stepsInto(room, other).every(({ key }) => !tried.has(key)));
  if (next !== null) return { room: { ...room, refusals, route: next }, again: [] };
  const reason = { code: "refused", serverText: null } as const;
  const waits = waitsAs(room, { route: "ask_moderator", status: "needs_moderator", reason });
  return { room: { ...waits, refusals }, again: [] };
}

/** Whether the target's member event is the one from before the join. */
function isOfBefore({ member }: AccessFacts, answered: AccessFacts | null): boolean {
  const known = answered?.member ?? null;
  return known !== null && known.sentAt !== null && known.sentAt === member?.sentAt;
}

/** The room as one that waits, in reports too. */
function waitsAs(
  room: RunRoom,
  shown: Pick<RunRoom, "route" | "status"> & Partial<Pick<ReportRoom, "reason">>,
): RunRoom {
  const { route, status } = shown;
  return { ...room, route, status, planned: { ...room.planned, row: { ...room.planned.row, ...shown } } };
}

/** Whether the facts that decide about the room's route have changed since the run tried it. */
function isOpenAgain({ route, planned }: RunRoom, before: RunRoom, now: number): boolean {
  const { facts: answered } = before.planned;
  return (
    answered !== null &&
    planned.facts !== null &&
    haveChangedFor(route, answered, planned.facts) &&
    !isTriedEnough(route, before.refusals, now)
  );
}

/** A run whose remaining steps are planned. */
interface RevisedRun {
  /** The rooms as stored. */
  readonly before: readonly RunRoom[];
  /** The rooms as `revisedRooms` returns them. */
  readonly rooms: readonly RunRoom[];
  readonly tried: TriedSteps;
  readonly request: ChosenCategories;
  /** When the run first ended; `null` while it has not. */
  readonly endedAt: number | null;
}

/**
 * Steps that are still missing and were not tried, and additions to lists that were written before
 * a room was joined.
 *
 * A list gets only the items about rooms that were joined since. Once the run has ended, so does
 * everything else, because the person may have removed the other missing items. Settings that were
 * held back until no room needs an invitation are an exception, because nothing has written them
 * yet.
 */
export function remainingSteps(move: DecidedMove, run: RevisedRun): PlannedStep[] {
  const { rooms, tried, request, endedAt } = run;
  const since = joinedSince(run);
  const isEnded = endedAt !== null;
  const sinceIds = idsOf(since);
  const partOf = ({ key, kind }: PlannedStep): PartOfStep | null => {
    const { next, last } = versionOf(key, tried);
    const isFirst = next === `${key} 2` && last?.state === "done";
    if (isFirst && !isEnded && MAY_BE_OVERWRITTEN.has(kind)) return { key: next, roomIds: null };
    if (last === null) return { key: next, roomIds: isEnded && !HELD_BACK_KEYS.has(key) ? sinceIds : null };
    if (!writesWholeList(kind) || (last.state !== "done" && last.state !== "failed")) return null;
    const { finishedAt } = last;
    const later = since.filter(({ joinedAt }) => joinedAt === null || joinedAt > (finishedAt ?? 0));
    return { key: next, roomIds: idsOf(later) };
  };
  const isAllowed = ({ key, roomId }: PlannedStep): boolean =>
    !tried.has(key) && (!isEnded || (roomId !== null && sinceIds.has(roomId)));
  const entries = rooms
    .filter((room) => room.status === "planned")
    .flatMap((room) => stepsInto(room, room.route))
    .filter(({ key }) => !tried.has(key));
  const { source, target } = move.readings;
  const steps = [
    ...entries,
    ...powerSteps(move).filter(isAllowed),
    ...planPartOfContents(source, target, roomMapping(move.decided.rooms), partOf),
    ...(isEnded ? [] : overwrittenRooms(move, tried)),
  ];
  return withKeptRooms(steps.filter(isChosen(request)), move.readings);
}

/**
 * Names and pictures in rooms. A server may overwrite them while it still spreads a change of the
 * global profile (platforms/matrix/README.md, "Profile"). Then they are written once more.
 */
const MAY_BE_OVERWRITTEN: ReadonlySet<StepKind> = new Set<StepKind>(["room_profile", "kept_room_profile"]);

/**
 * The target's own names and pictures in rooms that the server has overwritten after they were
 * written back, or before that was tried.
 */
function overwrittenRooms({ readings: { target } }: DecidedMove, tried: TriedSteps): PlannedStep[] {
  const kept = [...tried.values()].flatMap(({ kind, payload }) =>
    kind === "kept_room_profile" ? (keptRoomSchema.safeParse(payload).data ?? []) : [],
  );
  const rooms = new Map(kept.map((room) => [room.roomId, room]));
  return [...rooms.values()].flatMap((room) => {
    const step = planKeptRoom(room);
    const again = { ...step, key: `${step.key} 2` };
    const existing = target.roomProfiles.get(room.roomId);
    const isLost = existing !== undefined && isOverwritten(room, existing, target.profile);
    return isLost && !tried.has(again.key) ? [again] : [];
  });
}

const HELD_BACK_KEYS: ReadonlySet<string> = new Set([...INVITE_PERMISSION_TYPES].map(accountDataKey));

/**
 * Each version of a list has a key and an undo record of its own.
 * @returns the key of the next version, and the version before; `null` for none
 */
function versionOf(
  key: string,
  tried: TriedSteps,
): { next: string; last: Pick<StoredStep, "state" | "finishedAt"> | null } {
  let last: Pick<StoredStep, "state" | "finishedAt"> | null = null;
  for (let version = 1; ; version += 1) {
    const next = version === 1 ? key : `${key} ${version}`;
    const found = tried.get(next);
    if (found === undefined) return { next, last };
    last = found;
  }
}

/** The rooms that the target got into since the steps about rooms' contents were last planned. */
function joinedSince({ before, rooms, endedAt }: RevisedRun): RunRoom[] {
  const stored = new Map(before.map((room) => [room.roomId, room]));
  return rooms.filter((room) => room.isJoined && !isCovered(stored.get(room.roomId), endedAt));
}

function idsOf(rooms: readonly RunRoom[]): Set<string> {
  return new Set(rooms.map(({ roomId }) => roomId));
}

/** Rows of older versions do not say it. Rooms joined before the end were covered by then. */
function isCovered(room: RunRoom | undefined, endedAt: number | null): boolean {
  if (room === undefined) return false;
  const { planned, isJoined, joinedAt } = room;
  return planned.isCovered ?? (isJoined && endedAt !== null && (joinedAt ?? 0) <= endedAt);
}
