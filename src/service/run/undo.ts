import type { CategoryName } from "../../model/categories.ts";
import { categoryOfStep } from "../../platforms/matrix/categories/registry.ts";
import type { StoredStep } from "../../model/run.ts";
import type { PlannedStep } from "../../model/step.ts";
import { stages } from "../../model/step.ts";
import type { ReportRoom } from "../../model/report.ts";
import type { RunRoom } from "../../platforms/matrix/room-of-run.ts";
import { readRunRoom } from "../../platforms/matrix/room-of-run.ts";
import { canUndo } from "../../platforms/matrix/run-step.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { UndoPreview, UndoPreviewResult } from "./results.ts";

/** One step of an earlier run that can be taken back, or cannot. */
interface WrittenStep {
  runId: number;
  step: StoredStep;
  isUndoable: boolean;
}

export interface UndoPlan {
  source: string;
  target: string;
  planNumber: number;
  /** As the run before had it. */
  request: unknown;
  rooms: readonly RunRoom[];
  steps: readonly PlannedStep[];
}

/**
 * Finds out what earlier runs between the same two accounts have written, and plans to take it
 * back, newest first.
 */
export class UndoPlanner {
  readonly #store: { runs: Runs; steps: Steps };

  constructor(store: { runs: Runs; steps: Steps }) {
    this.#store = store;
  }

  async preview(owner: string): Promise<UndoPreviewResult> {
    const found = await this.#writtenSteps(owner);
    const undoable = found?.written.filter(({ isUndoable }) => isUndoable) ?? [];
    if (found === null || undoable.length === 0) return { status: "nothing_to_undo" };
    const row = new Map(found.rooms.map((room) => [room.roomId, room.planned.row]));
    const roomsOf = (...kinds: string[]): ReportRoom[] => {
      const roomIds = new Set(
        undoable.filter(({ step }) => kinds.includes(step.kind)).map(({ step }) => step.roomId ?? ""),
      );
      return [...roomIds].flatMap((roomId) => row.get(roomId) ?? []);
    };
    const joins = roomsOf("accept_invite", "join", "join_restricted", "join_invited");
    const joined = new Set(joins.map(({ roomId }) => roomId));
    return {
      status: "possible",
      invitations: roomsOf("invite").filter(({ roomId }) => !joined.has(roomId)),
      joins,
      knocks: roomsOf("knock"),
      written: counts(undoable),
      lasting: counts(found.written.filter(({ isUndoable }) => !isUndoable)),
    } satisfies UndoPreview;
  }

  /** `null` when there was no run. */
  async plan(owner: string): Promise<UndoPlan | null> {
    const found = await this.#writtenSteps(owner);
    if (found === null) return null;
    const { source, target, planNumber, request } = found.last;
    const undoable = found.written.filter(({ isUndoable }) => isUndoable);
    const steps = undoable.reverse().map(({ runId, step }): PlannedStep => {
      const isEntry = categoryOfStep(step.kind === "undo" ? "join" : step.kind) === "rooms";
      return {
        key: undoKey(runId, step.key),
        kind: "undo",
        // By the new account: it needs no power to leave, to decline, and to lower itself.
        side: "target",
        // Rooms are left last, for what was written in them is taken back from inside.
        stage: isEntry ? stages.settings : stages.rooms,
        limits: isEntry || step.limits.length > 0 ? ["messages"] : [],
        needsRoom: null,
        after: null,
        roomId: step.roomId,
        payload: { kind: step.kind, undo: undoOf(step) },
      };
    });
    return { source, target, planNumber, request, rooms: found.rooms, steps };
  }

  async #writtenSteps(owner: string) {
    const { runs, steps } = this.#store;
    const last = await runs.last(owner);
    if (last === null) return null;
    const written: WrittenStep[] = [];
    const rooms = new Map<string, RunRoom>();
    const undone = new Set<string>();
    for (const run of await runs.between(owner, last.source, last.target)) {
      for (const room of (await runs.rooms(run.id)).map(readRunRoom)) rooms.set(room.roomId, room);
      for (const step of await steps.all(run.id)) {
        if (step.kind === "undo") {
          if (step.state === "done") undone.add(step.key);
        } else {
          const isUndoable = canUndo(step.kind) && undoOf(step) !== undefined;
          if (isUndoable || (step.state === "done" && step.outcome?.status === "done"))
            written.push({ runId: run.id, step, isUndoable });
        }
      }
    }
    return {
      last,
      rooms: [...rooms.values()],
      written: written.filter(({ runId, step }) => !undone.has(undoKey(runId, step.key))),
    };
  }
}

/** What it takes to take a step back; `undefined` for one that did nothing. */
function undoOf({ kind, state, outcome, payload, savedUndo }: StoredStep): unknown {
  if (state === "done" && outcome?.status === "done") return outcome.undo;
  // Nothing is recorded of what a knock did, and its payload serves as well.
  if (state === "done")
    return kind === "knock" && outcome?.status === "needs_moderator" ? payload : undefined;
  // Of what failed, or was ended before an answer came, a part may have been done.
  return (outcome?.status === "failed" ? outcome.undo : undefined) ?? savedUndo ?? undefined;
}

function undoKey(runId: number, key: string): string {
  return `undo:${runId}:${key}`;
}

function counts(written: readonly WrittenStep[]): { category: CategoryName; count: number }[] {
  const found = new Map<CategoryName, number>();
  for (const { step } of written) {
    const category = step.kind === "undo" ? "rooms" : categoryOfStep(step.kind);
    if (category !== "rooms") found.set(category, (found.get(category) ?? 0) + 1);
  }
  return [...found].map(([category, count]) => ({ category, count }));
}
