/**
 * Requests under way at one homeserver that it answers without other servers, for all runs
 * together. More of them do not finish sooner, because Synapse works on one core (measured;
 * `platforms/matrix/README.md`, "Homeservers").
 */
export const MAX_REQUESTS_PER_SERVER = 8;

/**
 * Requests that wait for other servers (joins, knocks, invitations) have slots of their own, so
 * that rooms whose servers do not answer hold up nothing else. One run gets a part of them.
 */
export const MAX_FEDERATED_PER_SERVER = 8;
export const MAX_FEDERATED_PER_RUN = 3;

/**
 * A request that is not answered within this time gives its slot back and goes on. Such a request
 * waits for another server, so it does not load this one.
 */
export const SLOW_AFTER_MS = 10_000;
/**
 * The requests that may be under way without a slot, of each kind: those of all runs together, and
 * those of one run. If there are more, a slow request keeps its slot until another one ends.
 */
export const MAX_SLOW_PER_SERVER = 64;
export const MAX_SLOW_PER_RUN = 16;

/**
 * Whether a homeserver answers a request by itself (`own`), or asks other servers first
 * (`federated`).
 */
export type SlotKind = "own" | "federated";

/** The right to send one request. */
export interface Slot {
  /** The request has ended. */
  release(): void;
}

interface Pool {
  name: string;
  taken: number;
  takenByRun: Map<number, number>;
  slow: number;
  slowByRun: Map<number, number>;
  /** Slow requests that keep their slots, oldest first: how each gives it back, and its run. */
  overdue: Map<() => void, number>;
  /**
   * Runs with a slow request, or whose last request was slow. A run without requests and without a
   * place in the queue is not remembered.
   */
  slowRuns: Set<number>;
  /** Runs that found no free slot, in the order in which they get one. */
  queue: Set<number>;
}

const SIZES: Readonly<Record<SlotKind, { perServer: number; perRun: number }>> = {
  own: { perServer: MAX_REQUESTS_PER_SERVER, perRun: Number.POSITIVE_INFINITY },
  federated: { perServer: MAX_FEDERATED_PER_SERVER, perRun: MAX_FEDERATED_PER_RUN },
};

/**
 * Limits concurrent requests per homeserver. Waiting runs are served round-robin, one slot each, so
 * that a large run cannot starve a small one.
 *
 * While the server has as many slow requests as it may have, the runs without slow requests are
 * served first. Otherwise each slot would soon be kept by a slow request. The other runs wait for
 * as long as a request may take, because then fewer requests are slow.
 */
export class ServerSlots {
  readonly #pools = new Map<string, { kind: SlotKind; pool: Pool }>();
  readonly #wake: (runId: number) => void;

  /** @param wake is called with a waiting run that can take a slot now */
  constructor(wake: (runId: number) => void) {
    this.#wake = wake;
  }

  /** Takes a slot, or puts the run into the queue for one. @returns `null` if none is free */
  take(server: string, runId: number, kind: SlotKind): Slot | null {
    const pool = this.#pool(server, kind);
    if (isRunFull(pool, kind, runId)) {
      // The run is woken when one of its own requests ends, so it leaves the queue for the others.
      if (pool.queue.delete(runId)) this.#wakeNext(pool, kind);
      return null;
    }
    pool.queue.add(runId);
    if (pool.taken < SIZES[kind].perServer && nextOf(pool) === runId) {
      pool.queue.delete(runId);
      return this.#slot(pool, kind, runId);
    }
    this.#wakeNext(pool, kind);
    return null;
  }

  /** Removes the run from all queues except those where it wants a slot. */
  leave(runId: number, staying: readonly { server: string; kind: SlotKind }[] = []): void {
    const kept = new Set(staying.map(({ server, kind }) => nameOf(server, kind)));
    for (const [name, { kind, pool }] of this.#pools)
      if (!kept.has(name) && pool.queue.delete(runId)) {
        forgetIfIdle(pool, runId);
        this.#wakeNext(pool, kind);
        this.#forgetIfUnused(pool);
      }
  }

  /** The number of servers with requests or waiting runs, of both kinds. */
  get size(): number {
    return this.#pools.size;
  }

  #forgetIfUnused({ name, taken, slowByRun, queue }: Pool): void {
    if (taken + slowByRun.size + queue.size === 0) this.#pools.delete(name);
  }

  #slot(pool: Pool, kind: SlotKind, runId: number): Slot {
    pool.taken += 1;
    count(pool.takenByRun, runId, 1);
    const giveBack = (): void => {
      pool.taken -= 1;
      count(pool.takenByRun, runId, -1);
    };
    let state: "taken" | "overdue" | "slow" | "released" = "taken";
    const goOn = (): void => {
      state = "slow";
      pool.overdue.delete(goOn);
      giveBack();
      pool.slow += 1;
      count(pool.slowByRun, runId, 1);
      this.#wakeNext(pool, kind);
      this.#wake(runId);
    };
    const timer = setTimeout(() => {
      state = "overdue";
      pool.slowRuns.add(runId);
      pool.overdue.set(goOn, runId);
      goOnIfPossible(pool);
    }, SLOW_AFTER_MS);
    return {
      release: () => {
        clearTimeout(timer);
        const ended = state;
        state = "released";
        if (ended === "released") return;
        pool.overdue.delete(goOn);
        if (ended === "slow") {
          pool.slow -= 1;
          count(pool.slowByRun, runId, -1);
        } else giveBack();
        if (ended === "taken" && !hasSlow(pool, runId)) pool.slowRuns.delete(runId);
        forgetIfIdle(pool, runId);
        goOnIfPossible(pool);
        this.#wakeNext(pool, kind);
        this.#forgetIfUnused(pool);
      },
    };
  }

  #wakeNext(pool: Pool, kind: SlotKind): void {
    const next = nextOf(pool);
    if (pool.taken < SIZES[kind].perServer && next !== undefined) this.#wake(next);
  }

  #pool(server: string, kind: SlotKind): Pool {
    const name = nameOf(server, kind);
    const known = this.#pools.get(name)?.pool;
    if (known !== undefined) return known;
    const pool: Pool = {
      name,
      taken: 0,
      takenByRun: new Map(),
      slow: 0,
      slowByRun: new Map(),
      overdue: new Map(),
      slowRuns: new Set(),
      queue: new Set(),
    };
    this.#pools.set(name, { kind, pool });
    return pool;
  }
}

/** Whether the run has as many requests under way as one run may have. */
function isRunFull({ takenByRun, slowByRun }: Pool, kind: SlotKind, runId: number): boolean {
  const taken = takenByRun.get(runId) ?? 0;
  return taken >= SIZES[kind].perRun || (slowByRun.get(runId) ?? 0) + taken > MAX_SLOW_PER_RUN;
}

/** The waiting run that gets the next slot. */
function nextOf({ slow, slowRuns, queue }: Pool): number | undefined {
  const [first] = queue;
  if (slow < MAX_SLOW_PER_SERVER) return first;
  for (const runId of queue) if (!slowRuns.has(runId)) return runId;
  return first;
}

/** The oldest slow request with a slot gives it back, if there may be one more without. */
function goOnIfPossible({ slow, overdue }: Pool): void {
  const [oldest] = overdue.keys();
  if (oldest !== undefined && slow < MAX_SLOW_PER_SERVER) oldest();
}

function hasSlow({ slowByRun, overdue }: Pool, runId: number): boolean {
  return slowByRun.has(runId) || [...overdue.values()].includes(runId);
}

function forgetIfIdle({ takenByRun, slowByRun, slowRuns, queue }: Pool, runId: number): void {
  if (!takenByRun.has(runId) && !slowByRun.has(runId) && !queue.has(runId)) slowRuns.delete(runId);
}

function count(counts: Map<number, number>, runId: number, by: number): void {
  const next = (counts.get(runId) ?? 0) + by;
  if (next === 0) counts.delete(runId);
  else counts.set(runId, next);
}

function nameOf(server: string, kind: SlotKind): string {
  return `${kind} ${server}`;
}
