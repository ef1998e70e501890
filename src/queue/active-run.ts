import { nextState } from "../model/run-states.ts";
import type { Run } from "../model/run.ts";
import type { RunTransition } from "../store/run-rows.ts";
import { EndPause } from "./end-wait.ts";
import type { RunnerOptions } from "./runner-options.ts";

/** Operations that run one after another. */
export class SerialQueue {
  #last: Promise<void> = Promise.resolve();

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Resolves when all operations so far have ended. */
  ended(): Promise<void> {
    return this.#last;
  }
}

/**
 * The work under way for a run. It belongs to the run also after the run was stopped and resumed.
 */
export interface RunActivity {
  steps: Set<Promise<void>>;
  /** The operations that read and write rows of the run. */
  turns: SerialQueue;
  /** The operations that take the run and give it back. */
  begins: SerialQueue;
  /** The target of the run; `null` until it is known. */
  target: string | null;
}

/** The activity of a run for which nothing is under way. */
export function runActivity(): RunActivity {
  return { steps: new Set(), turns: new SerialQueue(), begins: new SerialQueue(), target: null };
}

/** The state of a run in memory. All of it can be lost. */
export interface ActiveRun extends RunActivity {
  run: Run;
  /** It waits for requests of other runs of its target. */
  isHeldBack: boolean;
  /**
   * When the next step of each lane is due, `null` for none. A missing entry has to be read from
   * the store.
   */
  dueAt: Map<string, number | null>;
  timer: NodeJS.Timeout | null;
  endPause: EndPause;
  /** Aborted when the run is no longer worked on. */
  ending: AbortController;
  isPumping: boolean;
  isPumpWanted: boolean;
  /**
   * How often in a row its steps could not be taken, and the time of the next try, by the monotonic
   * clock.
   */
  failures: number;
  retryAt: number;
}

/**
 * The initial state of a run in memory. An undo takes no step before the requests of the target's
 * other runs have ended.
 * @param activities of all runs
 */
export function activeRun(
  run: Run,
  activities: Map<number, RunActivity>,
  clocks: Pick<RunnerOptions, "now" | "monotonicNow">,
): ActiveRun {
  const activity = activities.get(run.id) ?? runActivity();
  activities.set(run.id, activity);
  activity.target = run.target;
  const active: ActiveRun = {
    ...activity,
    run,
    isHeldBack: run.purpose === "undo",
    dueAt: new Map(),
    timer: null,
    endPause: new EndPause(clocks),
    ending: new AbortController(),
    isPumping: false,
    isPumpWanted: false,
    failures: 0,
    retryAt: 0,
  };
  if (active.isHeldBack)
    void activity.turns.run(async () => {
      await othersEnded(run, activities);
      active.isHeldBack = false;
    });
  return active;
}

/**
 * Resolves when the requests of other runs of the same target have ended. A cancelled run may still
 * have a request that hangs. An undo at the same time would miss what that request writes.
 */
async function othersEnded(
  { id: runId, target }: Run,
  activities: ReadonlyMap<number, RunActivity>,
): Promise<void> {
  const others = [...activities].filter(([id, activity]) => id !== runId && activity.target === target);
  await Promise.all(others.map(([, activity]) => drained(activity)));
}

/** Resolves when all work under way of a run that takes no more steps has ended. */
export async function drained({ steps, turns }: Pick<RunActivity, "steps" | "turns">): Promise<void> {
  await turns.ended();
  await Promise.allSettled(steps);
  await turns.ended();
}

/**
 * Resolves like `drained`, or after the timeout.
 * @returns whether nothing is under way
 */
export async function drainedWithin(activity: RunActivity, timeoutMs: number): Promise<boolean> {
  const delay = new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), timeoutMs).unref();
  });
  return Promise.race([drained(activity).then(() => true), delay]);
}

/** The run as the store writes it, unless somebody has changed it in the store meanwhile. */
export function afterTransition(run: Run, { event, change }: RunTransition): Run {
  return { ...run, ...change, state: nextState(run.state, event) ?? run.state };
}
