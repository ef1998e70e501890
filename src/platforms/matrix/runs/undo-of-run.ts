import type { CategoryName } from "../../../model/categories.ts";
import type { ReportRoom } from "../../../model/report.ts";
import type { RunRoom } from "../../../model/run-room.ts";
import type { StoredStep } from "../../../model/run.ts";
import type { PlannedStep } from "../../../model/step.ts";
import { stages } from "../../../model/step.ts";
import type { EarlierRun, PlannedUndo, UndoFacts } from "../../runs.ts";
import { categoryOfStep } from "../categories/registry.ts";
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

/**
 * The undo of earlier runs.
 * @param runs all runs between the two accounts, oldest first
 */
export function undoOfRuns(runs: readonly EarlierRun[], rooms: readonly RunRoom[]): PlannedUndo {
  const written = writtenSteps(runs);
  return { steps: undoSteps(written), facts: undoFacts(written, rooms) };
}

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
function undoSteps(written: readonly WrittenStep[]): PlannedStep[] {
  const undoable = written.filter(({ isUndoable }) => isUndoable);
  return undoable.reverse().map(({ runId, step }) => {
    const isEntry = categoryOfStep(step.kind === "undo" ? "join" : step.kind) === "rooms";
    return {
      key: undoKey(runId, step.key),
      platform: "matrix",
      kind: "undo",
      // The new account acts: it needs no power to leave, to decline, and to lower its own level.
      side: "target",
      // Rooms are left last, because the undo inside them needs membership.
      stage: isEntry ? stages.settings : stages.rooms,
      limits: isEntry || step.limits.length > 0 ? ["messages"] : [],
      needsRoom: null,
      after: null,
      roomId: step.roomId,
      payload: { kind: step.kind, undo: undoOf(step) },
    };
  });
}

/**
 * The effects of an undo, and what it cannot undo.
 * @param rooms of the runs, in their last version
 */
function undoFacts(written: readonly WrittenStep[], rooms: readonly RunRoom[]): UndoFacts {
  const undoable = written.filter(({ isUndoable }) => isUndoable);
  const row = new Map(rooms.map((room) => [room.roomId, room.planned.row]));
  const roomsOf = (...kinds: string[]): ReportRoom[] => {
    const roomIds = new Set(
      undoable.filter(({ step }) => kinds.includes(step.kind)).map(({ step }) => step.roomId ?? ""),
    );
    return [...roomIds].flatMap((roomId) => row.get(roomId) ?? []);
  };
  const joins = roomsOf("accept_invite", "join", "join_restricted", "join_invited");
  const joined = new Set(joins.map(({ roomId }) => roomId));
  return {
    invitations: roomsOf("invite").filter(({ roomId }) => !joined.has(roomId)),
    joins,
    knocks: roomsOf("knock"),
    written: categoryCounts(undoable),
    lasting: categoryCounts(written.filter(({ isUndoable }) => !isUndoable)),
  };
}

/** The undo record of a step; `undefined` if it wrote nothing. */
function undoOf({ kind, state, outcome, payload, savedUndo }: StoredStep): unknown {
  if (state === "done" && outcome?.status === "done") return outcome.undo;
  // A knock has no undo record of its own. Its payload serves as one.
  if (state === "done")
    return kind === "knock" && outcome?.status === "needs_moderator" ? payload : undefined;
  // A step that failed, or that was ended before its answer, may have written a part.
  const saved = isUnwritten(savedUndo) ? undefined : (savedUndo ?? undefined);
  return (outcome?.status === "failed" ? outcome.undo : undefined) ?? saved;
}

/** Whether an undo record says that the step has prepared its write, and has not written. */
function isUnwritten(undo: unknown): boolean {
  return typeof undo === "object" && undo !== null && "isWritten" in undo && undo.isWritten === false;
}

function undoKey(runId: number, key: string): string {
  return `undo:${runId}:${key}`;
}

function categoryCounts(written: readonly WrittenStep[]): CategoryCount[] {
  const found = new Map<CategoryName, number>();
  for (const { step } of written) {
    const category = step.kind === "undo" ? "rooms" : categoryOfStep(step.kind);
    if (category !== "rooms") found.set(category, (found.get(category) ?? 0) + 1);
  }
  return [...found].map(([category, count]) => ({ category, count }));
}
