import type { Run } from "../model/run.ts";
import type { Unread } from "./runner-work.ts";

/** What a run waits for before it can end, and until when. */
export type EndWait = Pick<Unread, "side" | "waitingFor"> & { until: number };

/** At least so long is waited before an account is looked at again, whatever its server says. */
const SHORTEST_END_WAIT_MS = 60_000;

export function endWait({ side, waitingFor, waitMs }: Unread, now: number): EndWait {
  return { side, waitingFor, until: now + Math.max(SHORTEST_END_WAIT_MS, waitMs ?? 0) };
}

/** What the runner keeps of a run in memory; all of it can be lost. */
export interface ActiveRun {
  run: Run;
  underWay: Set<Promise<void>>;
  /**
   * By lane: when its next step is due, as far as it is known; a missing entry is to be asked for.
   */
  dueAt: Map<string, number | null>;
  timer: NodeJS.Timeout | null;
  endWait: EndWait | null;
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
    endWait: null,
    chain: Promise.resolve(),
    isPumping: false,
    isPumpWanted: false,
  };
}

/** Nothing of a run that takes no more steps is under way. */
export async function drained(active: ActiveRun): Promise<void> {
  await active.chain;
  await Promise.allSettled(active.underWay);
  await active.chain;
}

/** The same, or after so long. @returns whether nothing is under way */
export async function drainedWithin(active: ActiveRun, timeoutMs: number): Promise<boolean> {
  const delay = new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), timeoutMs).unref();
  });
  return Promise.race([drained(active).then(() => true), delay]);
}
