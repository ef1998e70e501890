import type { PlatformName } from "../../model/platform-name.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { Run } from "../../model/run.ts";
import type { PlannedStep } from "../../model/step.ts";
import type { Platforms } from "../../platforms/platform.ts";
import type { EarlierRun, PlannedUndo } from "../../platforms/runs.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { UndoPreviewResult } from "./results.ts";

export interface UndoPlan {
  platform: PlatformName;
  source: string;
  target: string;
  planNumber: number;
  /** The request of the last run. */
  request: unknown;
  rooms: readonly RunRoom[];
  steps: readonly PlannedStep[];
}

export interface UndoPlannerOptions {
  runs: Pick<Runs, "last" | "between" | "rooms">;
  steps: Pick<Steps, "all">;
  platforms: Platforms<"runs">;
}

/**
 * Plans the undo of everything that earlier runs between the same two accounts have written, newest
 * first.
 */
export class UndoPlanner {
  readonly #options: UndoPlannerOptions;

  constructor(options: UndoPlannerOptions) {
    this.#options = options;
  }

  async preview(owner: string): Promise<UndoPreviewResult> {
    const found = await this.#find(owner);
    return found === null || found.undo.steps.length === 0
      ? { status: "nothing_to_undo" }
      : { status: "possible", ...found.undo.facts };
  }

  /** @returns `null` if there was no run */
  async plan(owner: string): Promise<UndoPlan | null> {
    const found = await this.#find(owner);
    if (found === null) return null;
    const { platform, source, target, planNumber, request } = found.last;
    return { platform, source, target, planNumber, request, rooms: found.rooms, steps: found.undo.steps };
  }

  /** The undo of all runs between the accounts of the last run, and the rooms of those runs. */
  async #find(owner: string): Promise<{ last: Run; rooms: readonly RunRoom[]; undo: PlannedUndo } | null> {
    const { runs, steps, platforms } = this.#options;
    const last = await runs.last(owner);
    if (last === null) return null;
    const earlier: EarlierRun[] = [];
    const byId = new Map<string, RunRoom>();
    for (const { id } of await runs.between(owner, last.source, last.target)) {
      for (const room of await runs.rooms(id)) byId.set(room.roomId, room);
      earlier.push({ id, steps: await steps.all(id) });
    }
    const rooms = [...byId.values()];
    return { last, rooms, undo: platforms[last.platform].runs.undo(earlier, rooms) };
  }
}
