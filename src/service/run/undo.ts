import type { PlannedStep } from "../../model/step.ts";
import type { RunRoom } from "../../model/run-room.ts";

import type { EarlierRun } from "../../platforms/matrix/undo-of-run.ts";
import { undoPreview, undoSteps, writtenSteps } from "../../platforms/matrix/undo-of-run.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { UndoPreviewResult } from "./results.ts";

export interface UndoPlan {
  source: string;
  target: string;
  planNumber: number;
  /** The request of the last run. */
  request: unknown;
  rooms: readonly RunRoom[];
  steps: readonly PlannedStep[];
}

/** Plans to undo what earlier runs between the same two accounts have written, newest first. */
export class UndoPlanner {
  readonly #store: { runs: Pick<Runs, "last" | "between" | "rooms">; steps: Pick<Steps, "all"> };

  constructor(store: { runs: Pick<Runs, "last" | "between" | "rooms">; steps: Pick<Steps, "all"> }) {
    this.#store = store;
  }

  async preview(owner: string): Promise<UndoPreviewResult> {
    const found = await this.#earlierRuns(owner);
    const written = writtenSteps(found?.runs ?? []);
    if (found === null || !written.some(({ isUndoable }) => isUndoable)) return { status: "nothing_to_undo" };
    return { status: "possible", ...undoPreview(written, found.rooms) };
  }

  /** @returns `null` if there was no run */
  async plan(owner: string): Promise<UndoPlan | null> {
    const found = await this.#earlierRuns(owner);
    if (found === null) return null;
    const { source, target, planNumber, request } = found.last;
    const steps = undoSteps(writtenSteps(found.runs));
    return { source, target, planNumber, request, rooms: found.rooms, steps };
  }

  /** The runs between the accounts of the last run, and their rooms in the last version. */
  async #earlierRuns(owner: string) {
    const { runs, steps } = this.#store;
    const last = await runs.last(owner);
    if (last === null) return null;
    const earlier: EarlierRun[] = [];
    const rooms = new Map<string, RunRoom>();
    for (const { id } of await runs.between(owner, last.source, last.target)) {
      for (const room of await runs.rooms(id)) rooms.set(room.roomId, room);
      earlier.push({ id, steps: await steps.all(id) });
    }
    return { last, runs: earlier, rooms: [...rooms.values()] };
  }
}
