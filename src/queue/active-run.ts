import type { Run } from "../migration/run-model.ts";

/** What the runner keeps of a run in memory; all of it can be lost. */
export interface ActiveRun {
  run: Run;
  underWay: Set<Promise<void>>;
  /** By lane: when its next step is due, as far as it is known; a missing entry is to be asked for. */
  dueAt: Map<string, number | null>;
  timer: NodeJS.Timeout | null;
  /** Work on the run's rows is done one after the other. */
  chain: Promise<void>;
  isPumping: boolean;
  isPumpWanted: boolean;
}

export function activeRun(run: Run): ActiveRun {
  return {
    run,
    underWay: new Set(),
    dueAt: new Map(),
    timer: null,
    chain: Promise.resolve(),
    isPumping: false,
    isPumpWanted: false,
  };
}

/** Nothing of a run that takes no more steps is under way. */
export async function quiet(active: ActiveRun): Promise<void> {
  await active.chain;
  await Promise.allSettled(active.underWay);
  await active.chain;
}

/** The same, or after so long. */
export async function quietWithin(active: ActiveRun, patienceMs: number): Promise<void> {
  const delay = new Promise<void>((resolve) => {
    setTimeout(resolve, patienceMs).unref();
  });
  await Promise.race([quiet(active), delay]);
}
