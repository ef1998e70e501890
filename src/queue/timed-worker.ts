import type { Logger } from "pino";

/**
 * A loop over stored work. It works while something is due, sleeps until the next due time, and
 * wakes when work is added. All work is in the store, so the loop can stop at any point.
 */
export class TimedWorker {
  readonly #work: () => Promise<{ nextAt: number | null }>;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #wake: (() => void) | null = null;
  #isWoken = false;
  #running: Promise<void> = Promise.resolve();

  /** @param work does what is due, and returns the next due time (milliseconds since the epoch) */
  constructor(
    work: () => Promise<{ nextAt: number | null }>,
    { now, log }: { now: () => number; log: Logger },
  ) {
    this.#work = work;
    this.#now = now;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Resolves when the running piece of work is finished. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#isWoken = false;
      const nextAt = await this.#tryWork();
      await this.#sleep(nextAt);
    }
  }

  async #tryWork(): Promise<number | null> {
    try {
      return (await this.#work()).nextAt;
    } catch (error) {
      this.#log.error({ err: error }, "stored work failed and will be tried again");
      return this.#now() + RETRY_MS;
    }
  }

  #sleep(until: number | null): Promise<void> {
    if (this.#isWoken || this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer =
        until === null
          ? null
          : setTimeout(done, Math.min(Math.max(0, until - this.#now()), LONGEST_SLEEP_MS));
      this.#wake = done;
      function done(): void {
        if (timer) clearTimeout(timer);
        resolve();
      }
    });
  }
}

const RETRY_MS = 5_000;
// Limits the sleep if the clock is set back.
const LONGEST_SLEEP_MS = 60_000;
