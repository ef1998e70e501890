import type { CategoryName } from "../../../model/categories.ts";
import type { ReportRoom } from "../../../model/report.ts";
import type { RunRoom } from "../../../model/run-room.ts";
import type { StoredStep } from "../../../model/run.ts";
import type { RoomsOfUndo } from "../../../model/stay-reason.ts";
import type { PlannedStep, Stage, StepKind } from "../../../model/step.ts";
import { stages } from "../../../model/step.ts";
import type { EarlierRun, PlannedUndo, UndoChoice, UndoFacts } from "../../runs.ts";
import { isJsonObject } from "../api/json.ts";
import { keptRoomSchema } from "../categories/kept-room-profiles/plan.ts";
import { isWrittenIntoRooms } from "../categories/profile/plan.ts";
import { categoryOfStep } from "../categories/registry.ts";
import { isContactStep } from "../contact/registry.ts";
import { overwrittenBy, roomNameBackStep, roomUndoKey, undoKey } from "../contact/rename/names-back.ts";
import { plannedStep } from "../planning/planned-step.ts";
import { JOIN_KINDS } from "../planning/step-payloads.ts";
import { canUndo } from "./run-step.ts";

/** A step of an earlier run that wrote something which is not undone yet. */
interface WrittenStep {
  runId: number;
  step: StoredStep;
  isUndoable: boolean;
}

interface CategoryCount {
  category: CategoryName;
  count: number;
}

export function roomsOfUndo(runs: readonly EarlierRun[]): RoomsOfUndo {
  const guarded = writtenSteps(runs).filter(({ step, isUndoable }) => isUndoable && isGuarded(step.kind));
  const roomsOf = (isInvitation: boolean): Set<string> =>
    new Set(
      guarded.flatMap(({ step }) => ((step.kind === "invite") === isInvitation ? (step.roomId ?? []) : [])),
    );
  const left = roomsOf(false);
  return { left: [...left], declined: [...roomsOf(true)].filter((roomId) => !left.has(roomId)) };
}

/**
 * The undo of earlier runs.
 * @param runs all runs between the two accounts, oldest first
 */
export function undoOfRuns(
  runs: readonly EarlierRun[],
  rooms: readonly RunRoom[],
  { stayReasons, leavesAnyway }: UndoChoice,
): PlannedUndo {
  const written = writtenSteps(runs);
  const isKept = ({ step }: WrittenStep): boolean =>
    isGuarded(step.kind) && stayReasons.has(step.roomId ?? "");
  const chosen = leavesAnyway ? written : written.filter((one) => !isKept(one));
  const row = new Map(rooms.map((room) => [room.roomId, room.planned.row]));
  const keptIds = new Set(written.filter(isKept).map(({ step }) => step.roomId ?? ""));
  return {
    steps: undoSteps(chosen, (one) => leavesAnyway && isKept(one)),
    facts: {
      ...undoFacts(chosen, row),
      kept: [...keptIds].flatMap((roomId) => {
        const [room, reason] = [row.get(roomId), stayReasons.get(roomId)];
        return room === undefined || reason === undefined ? [] : [{ room, reason }];
      }),
    },
  };
}

/**
 * Whether the undo of a step may take somebody away whom the room needs, or the last way into the
 * room.
 */
function isGuarded(kind: StepKind): boolean {
  return kind === "power_level" || kind === "invite" || JOINS.has(kind);
}

const JOINS: ReadonlySet<StepKind> = new Set<StepKind>(JOIN_KINDS);

/** The steps of runs that wrote something which is not undone yet. */
function writtenSteps(runs: readonly EarlierRun[]): WrittenStep[] {
  const written: WrittenStep[] = [];
  const undone = new Set<string>();
  for (const { id: runId, steps } of runs) {
    for (const step of steps) {
      if (step.kind === "undo") {
        if (step.state === "done") undone.add(step.key);
        continue;
      }
      const isUndoable = canUndo(step.kind) && undoOf(step) !== undefined;
      if (isUndoable || (step.state === "done" && step.outcome?.status === "done"))
        written.push({ runId, step, isUndoable });
    }
  }
  return written.filter(({ runId, step }) => !undone.has(undoKey(runId, step.key)));
}

/** The steps of the undo, newest first. */
function undoSteps(
  written: readonly WrittenStep[],
  leavesAnyway: (one: WrittenStep) => boolean,
): PlannedStep[] {
  const undoable = written.filter(({ isUndoable }) => isUndoable).reverse();
  const changesProfile = undoable.some(({ step }) => isWrittenIntoRooms(step));
  const keptRooms = new Set<unknown>();
  return undoable.flatMap((one) => {
    const { runId, step } = one;
    if (step.kind === "kept_room_profile") {
      // A room that several runs have kept gets its latest name.
      const { data } = keptRoomSchema.safeParse(step.payload);
      if (!changesProfile || data === undefined || keptRooms.has(data.roomId)) return [];
      keptRooms.add(data.roomId);
    }
    const undo = undoOf(step);
    const isEntry = categoryOfStep(step.kind) === "rooms";
    const undoStep = plannedStep({
      key: undoKey(runId, step.key),
      kind: "undo",
      // The new account acts: it needs no power to leave, to decline, and to lower its own level.
      // What reached other people is taken back by the account that did it.
      side: isContactStep(step.kind) ? step.side : "target",
      stage: isEntry ? stages.settings : stageInside(step),
      limits: isEntry || step.limits.length > 0 ? ["messages"] : [],
      roomId: step.roomId,
      payload: {
        kind: step.kind,
        undo: leavesAnyway(one) && isJsonObject(undo) ? { ...undo, leavesAnyway: true } : undo,
      },
    });
    const roomsBack = overwrittenBy(step).map((record) =>
      roomNameBackStep(roomUndoKey(runId, step.key, record.roomId), record),
    );
    return [undoStep, ...roomsBack];
  });
}

/**
 * Rooms are left after everything in them is undone, because that needs membership. The undo of the
 * global profile overwrites the target's own names in rooms once more, so they are written back
 * last.
 */
function stageInside({ kind }: StoredStep): Stage {
  return kind === "kept_room_profile" ? stages.last : stages.rooms;
}

/** The effects of an undo, and what it cannot undo. */
function undoFacts(
  written: readonly WrittenStep[],
  row: ReadonlyMap<string, ReportRoom>,
): Omit<UndoFacts, "kept"> {
  const undoable = written.filter(({ isUndoable }) => isUndoable);
  const roomsOf = (isKind: (kind: StepKind) => boolean): ReportRoom[] => {
    const roomIds = new Set(
      undoable.filter(({ step }) => isKind(step.kind)).map(({ step }) => step.roomId ?? ""),
    );
    return [...roomIds].flatMap((roomId) => row.get(roomId) ?? []);
  };
  const joins = roomsOf((kind) => JOINS.has(kind));
  const joined = new Set(joins.map(({ roomId }) => roomId));
  return {
    invitations: roomsOf((kind) => kind === "invite").filter(({ roomId }) => !joined.has(roomId)),
    joins,
    knocks: roomsOf((kind) => kind === "knock"),
    renamed: {
      isEverywhere: undoable.some(({ step }) => step.kind === "rename_profile"),
      rooms: undoable.filter(({ step }) => step.kind === "rename_room").length,
    },
    hasMentionRule: madeMentionRule(undoable.findLast(({ step }) => step.kind === "mention_rule")),
    written: categoryCounts(undoable),
    lastingContact: {
      messages: written.filter(({ step }) => step.kind === "send_message").length,
      chats: written.filter(({ step }) => step.kind === "open_chat").length,
      left: written.filter(({ step }) => step.kind === "leave_room").length,
    },
    lasting: categoryCounts(written.filter(({ isUndoable }) => !isUndoable)),
  };
}

/** Whether a step made the rule for mentions. Others removed it again. */
function madeMentionRule(one: WrittenStep | undefined): boolean {
  return one !== undefined && isJsonObject(one.step.payload) && one.step.payload.isOff !== true;
}

/** The undo record of a step; `undefined` if it wrote nothing. */
function undoOf({ kind, state, outcome, payload, savedUndo }: StoredStep): unknown {
  // What the target showed before the run is in the payload, also if the step was never tried.
  if (kind === "kept_room_profile") return payload;
  if (state === "done" && outcome?.status === "done") return outcome.undo;
  // A knock has no undo record of its own. Its payload serves as one.
  if (state === "done")
    return kind === "knock" && outcome?.status === "needs_moderator" ? payload : undefined;
  // A step that failed, or that was ended before its answer, may have written a part.
  const saved = isUnwritten(savedUndo) ? undefined : (savedUndo ?? undefined);
  return (outcome?.status === "failed" ? outcome.undo : undefined) ?? saved;
}

/**
 * Whether an undo record is of a step that has prepared its write and has not written. Steps of
 * older versions stored the copy of a picture that way.
 */
function isUnwritten(undo: unknown): boolean {
  return typeof undo === "object" && undo !== null && "isWritten" in undo && undo.isWritten === false;
}

/** The target's own names that are written back are no change to count. */
function categoryCounts(written: readonly WrittenStep[]): CategoryCount[] {
  const found = new Map<CategoryName, number>();
  for (const { step } of written) {
    if (step.kind === "kept_room_profile") continue;
    const category = categoryOfStep(step.kind);
    if (category !== null && category !== "rooms") found.set(category, (found.get(category) ?? 0) + 1);
  }
  return [...found].map(([category, count]) => ({ category, count }));
}
