import type { Run } from "../model/run.ts";
import type { Unread } from "./runner-work.ts";

/** What a run without remaining steps waits for before it can end, and the end of that wait. */
export type EndWait = Pick<Unread, "side" | "waitingFor"> & { until: number };

/** The minimum time before an account that could not be read is read again. */
const MIN_END_WAIT_MS = 60_000;

/** The wait of a run whose account could not be read. */
export function endWait({ side, waitingFor, waitMs }: Unread, now: number): EndWait {
  return { side, waitingFor, until: now + Math.max(MIN_END_WAIT_MS, waitMs ?? 0) };
}

/** The state of a run in memory. All of it can be lost. */
export interface ActiveRun {
  run: Run;
  underWay: Set<Promise<void>>;
  /**
   * When the next step of each lane is due, `null` for none. A missing entry has to be read from
   * the store.
   */
  dueAt: Map<string, number | null>;
  timer: NodeJS.Timeout | null;
  endWait: EndWait | null;
  /** The last of the operations that read and write rows of the run. They run one after another. */
  chain: Promise<void>;
  isPumping: boolean;
  isPumpWanted: boolean;
}

/** The initial state of a run in memory. */
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

/** Resolves when all work under way of a run that takes no more steps has ended. */
export async function drained(active: ActiveRun): Promise<void> {
  await active.chain;
  await Promise.allSettled(active.underWay);
  await active.chain;
}

/**
 * Resolves like `drained`, or after the timeout.
 * @returns whether nothing is under way
 */
export async function drainedWithin(active: ActiveRun, timeoutMs: number): Promise<boolean> {
  const delay = new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), timeoutMs).unref();
  });
  return Promise.race([drained(active).then(() => true), delay]);
}
