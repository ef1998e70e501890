import { randomUUID } from "node:crypto";
import { isWorkedOn } from "../model/run-states.ts";
import type { Run } from "../model/run.ts";
import type { RunLeases } from "../store/run-leases.ts";
import type { Runs } from "../store/runs.ts";

/** How long a lease lasts without being extended. */
const LEASE_MS = 90_000;

export interface HeldLeasesOptions {
  runs: Pick<Runs, "get">;
  leases: RunLeases;
  now: () => number;
}

/** The runs that this process works on. */
export class HeldLeases {
  readonly #options: HeldLeasesOptions;
  readonly #holder = randomUUID();
  readonly #epochs = new Map<number, number>();

  constructor(options: HeldLeasesOptions) {
    this.#options = options;
  }

  /**
   * Takes a run. A run that this process holds keeps its lease, because its steps may be under way.
   * @returns `null` if the run is not worked on, or another process holds it
   */
  async take(runId: number): Promise<Run | null> {
    const { runs, leases, now } = this.#options;
    const epoch = this.#epochs.get(runId);
    if (epoch !== undefined) {
      const run = await runs.get(runId);
      if (run?.epoch === epoch) return isWorkedOn(run) ? run : null;
      this.#epochs.delete(runId);
    }
    const run = await leases.take(runId, { holder: this.#holder, now: now(), until: now() + LEASE_MS });
    if (run !== null) this.#epochs.set(runId, run.epoch);
    return run;
  }

  /** Gives back a run for which nothing is under way. */
  async release(runId: number): Promise<void> {
    const epoch = this.#epochs.get(runId);
    if (epoch === undefined) return;
    this.#epochs.delete(runId);
    await this.#options.leases.release({ runId, epoch });
  }

  /** Extends all leases. @returns the runs that another process has taken, or that are gone */
  async extend(): Promise<number[]> {
    return this.#extendUntil(this.#options.now() + LEASE_MS);
  }

  /** Lets another process take the runs at once. They count as interrupted. */
  async expire(): Promise<void> {
    await this.#extendUntil(this.#options.now());
    this.#epochs.clear();
  }

  /** Runs that have work and that no other process holds. */
  free(): Promise<number[]> {
    return this.#options.leases.free({ holder: this.#holder, now: this.#options.now() });
  }

  /** Drops a lease that was lost. */
  forget(runId: number): void {
    this.#epochs.delete(runId);
  }

  async #extendUntil(until: number): Promise<number[]> {
    const held = [...this.#epochs].map(([runId, epoch]) => ({ runId, epoch }));
    if (held.length === 0) return [];
    const lost = await this.#options.leases.extend(held, until);
    for (const runId of lost) this.#epochs.delete(runId);
    return lost;
  }
}
