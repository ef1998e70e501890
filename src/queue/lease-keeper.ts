import type { Logger } from "pino";
import type { HeldLeases } from "./held-leases.ts";

/** The interval at which leases are extended and runs without a holder are looked for. */
const CHECK_MS = 30_000;

export interface LeaseKeeperOptions {
  leases: HeldLeases;
  /** Another process has taken the run, or its owner was forgotten. */
  lost: (runId: number) => void;
  /** Begins the work on a run, unless it has begun. */
  takeUp: (runId: number) => Promise<void>;
  log: Logger;
}

/**
 * Extends the leases of this process, and takes every run without a holder: one of an earlier
 * process, or one whose beginning failed.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#takeUp();
    this.#checkLater();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #checkLater(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#check()
        .catch((error: unknown) => {
          this.#options.log.error(
            { err: error },
            "the leases of runs could not be extended; it is tried again",
          );
        })
        .finally(() => this.#checkLater());
    }, CHECK_MS);
  }

  async #check(): Promise<void> {
    const { leases, lost } = this.#options;
    for (const runId of await leases.extend()) lost(runId);
    await this.#takeUp();
  }

  async #takeUp(): Promise<void> {
    const { leases, takeUp, log } = this.#options;
    for (const runId of await leases.free()) {
      if (this.#isStopped) return;
      try {
        await takeUp(runId);
      } catch (error) {
        log.error({ err: error, runId }, "a run could not be taken up; it is tried again");
      }
    }
  }
}
