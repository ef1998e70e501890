import type { Logger } from "pino";

const DAY_MS = 24 * 3_600_000;

export interface HousekeepingOptions {
  /** Removes data that is no longer needed. An abort ends it early. */
  tidy: (signal: AbortSignal) => Promise<void>;
  log: Logger;
}

/**
 * Tidies the stored data at the start and once a day. A failure is logged and tried again the next
 * day.
 */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #timer: NodeJS.Timeout | null = null;
  #tidying: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tidy(), DAY_MS);
    this.#tidy();
  }

  /** Resolves when no tidying is under way. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#tidying;
  }

  #tidy(): void {
    const { tidy, log } = this.#options;
    const { signal } = this.#stopping;
    this.#tidying = this.#tidying
      .then(() => tidy(signal))
      .catch((error: unknown) => {
        if (signal.aborted) return;
        log.error({ err: error }, "old data could not be removed; it is tried again tomorrow");
      });
  }
}
