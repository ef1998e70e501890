import type { Logger } from "pino";
import { isFromFile } from "../../model/account.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import { isWorkedOn } from "../../model/run-states.ts";
import { trackOf } from "../../model/run-tracks.ts";
import type { Run } from "../../model/run.ts";
import type { RunContents } from "../../platforms/planning.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { Runner } from "../../queue/runner.ts";
import type { NewRun, Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { DecidedMove } from "../plan/planning.ts";
import type { RunControl } from "./control.ts";
import type { StartRequest } from "./requests.ts";
import type { Beginning, StartResult } from "./results.ts";
import type { RunStatuses } from "./status.ts";

export interface BeginRunOptions {
  runs: Pick<Runs, "create" | "active">;
  steps: Pick<Steps, "revise">;
  /** As in `RunSettlerOptions`. */
  ends: KeyedQueue;
  runner: Pick<Runner, "begin">;
  statuses: Pick<RunStatuses, "of">;
  control: Pick<RunControl, "active">;
  limits: Pick<Limits, "load" | "doubt">;
  now: () => number;
  log: Logger;
}

/** A run that began, or the one that keeps it from beginning. */
export type BeginResult = Extract<StartResult, { status: "started" | "already" }>;

/**
 * Stores a run with its rooms and steps, and begins it. If the person leaves rooms already, the
 * steps are added to that run.
 */
export type BeginRun = (
  what: Omit<NewRun, "startedAt">,
  contents: RunContents,
  beginning?: Beginning,
) => Promise<BeginResult>;

/** The one way in which runs begin. */
export function createBeginRun(options: BeginRunOptions): BeginRun {
  const { runs, steps: stored, ends, runner, statuses, control, limits, now, log } = options;
  return async function begin(
    what,
    { rooms, steps },
    beginning = { changes: [], gone: [], isOnlyWatch: false },
  ): Promise<BeginResult> {
    const isInPlace = what.purpose === "move" || what.purpose === "undo";
    const run = await runs.create({ ...what, startedAt: now() }, { rooms, steps, isInPlace });
    if (run === null) {
      const added = await add(what, steps);
      if (added !== null) return { status: "started", run: await statuses.of(added), ...beginning };
      return (await control.active(what.owner, what.purpose)) ?? begin(what, { rooms, steps }, beginning);
    }
    log.info(
      { runId: run.id, purpose: run.purpose, rooms: rooms.length, steps: steps.length },
      "a run begins",
    );
    if (run.isFromFile)
      log.info({ runId: run.id, owner: run.owner, source: run.source }, "this run goes by files");
    // Limits may have been raised since the last run.
    for (const userId of [run.source, run.target]) {
      await limits.load(userId);
      limits.doubt(userId);
    }
    await runner.begin(run);
    return { status: "started", run: await statuses.of(run), ...beginning };
  };

  /** @returns `null` if no run takes the steps: it is paused, has ended or is another one */
  async function add(what: Omit<NewRun, "startedAt">, steps: RunContents["steps"]): Promise<Run | null> {
    const run = await runs.active(what.owner, trackOf(what));
    if (run === null || !takesMore(run, what)) return null;
    const change = { rooms: [], steps, again: [], run: { event: "revised" } } as const;
    if (!(await ends.run(String(run.id), () => stored.revise(run, change)))) return null;
    log.info({ runId: run.id, steps: steps.length }, "steps are added to a run");
    await runner.begin(run);
    return run;
  }
}

/**
 * Whether steps of a new run can be added to an active one: the person confirms the rooms of one
 * question one after the other.
 */
export function takesMore(
  run: Pick<Run, "purpose" | "state" | "source" | "target">,
  { purpose, ...accounts }: Pick<Run, "purpose"> & Partial<Pick<Run, "source" | "target">>,
): boolean {
  const { source = run.source, target = run.target } = accounts;
  const isSamePair = run.source === source && run.target === target;
  return purpose === "leave" && run.purpose === "leave" && isWorkedOn(run) && isSamePair;
}

/** What a new run says about its two accounts and its owner. */
export function accountsOf(
  { owner, address }: Pick<StartRequest, "owner" | "address">,
  { platform, source, target }: Pick<DecidedMove, "platform" | "source" | "target">,
): Pick<NewRun, "platform" | "owner" | "address" | "source" | "target" | "isFromFile"> {
  return {
    ...{ platform, owner, address, source: source.userId, target: target.userId },
    isFromFile: isFromFile(source),
  };
}
