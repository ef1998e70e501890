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
/** The requests of one run that may be under way without a slot, of each kind. */
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
  slowByRun: Map<number, number>;
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
    const [first] = pool.queue;
    if (pool.taken < SIZES[kind].perServer && (first === undefined || first === runId)) {
      pool.queue.delete(runId);
      return this.#slot(pool, kind, runId);
    }
    pool.queue.add(runId);
    this.#wakeNext(pool, kind);
    return null;
  }

  /** Removes the run from all queues except those where it wants a slot. */
  leave(runId: number, staying: readonly { server: string; kind: SlotKind }[] = []): void {
    const kept = new Set(staying.map(({ server, kind }) => nameOf(server, kind)));
    for (const [name, { kind, pool }] of this.#pools)
      if (!kept.has(name) && pool.queue.delete(runId)) {
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
    let state: "taken" | "slow" | "released" = "taken";
    const timer = setTimeout(() => {
      state = "slow";
      giveBack();
      count(pool.slowByRun, runId, 1);
      this.#wakeNext(pool, kind);
      this.#wake(runId);
    }, SLOW_AFTER_MS);
    return {
      release: () => {
        clearTimeout(timer);
        if (state === "taken") giveBack();
        if (state === "slow") count(pool.slowByRun, runId, -1);
        state = "released";
        this.#wakeNext(pool, kind);
        this.#forgetIfUnused(pool);
      },
    };
  }

  #wakeNext({ taken, queue }: Pool, kind: SlotKind): void {
    const [first] = queue;
    if (taken < SIZES[kind].perServer && first !== undefined) this.#wake(first);
  }

  #pool(server: string, kind: SlotKind): Pool {
    const name = nameOf(server, kind);
    const known = this.#pools.get(name)?.pool;
    if (known !== undefined) return known;
    const pool: Pool = { name, taken: 0, takenByRun: new Map(), slowByRun: new Map(), queue: new Set() };
    this.#pools.set(name, { kind, pool });
    return pool;
  }
}

/** Whether the run has as many requests under way as one run may have. */
function isRunFull({ takenByRun, slowByRun }: Pool, kind: SlotKind, runId: number): boolean {
  const taken = takenByRun.get(runId) ?? 0;
  return taken >= SIZES[kind].perRun || (slowByRun.get(runId) ?? 0) + taken > MAX_SLOW_PER_RUN;
}

function count(counts: Map<number, number>, runId: number, by: number): void {
  const next = (counts.get(runId) ?? 0) + by;
  if (next === 0) counts.delete(runId);
  else counts.set(runId, next);
}

function nameOf(server: string, kind: SlotKind): string {
  return `${kind} ${server}`;
}
