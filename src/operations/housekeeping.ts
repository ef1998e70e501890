import type { Logger } from "pino";

const DAY_MS = 24 * 3_600_000;

export interface HousekeepingOptions {
  /** Removes data that is no longer needed. */
  tidy: () => Promise<void>;
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
    await this.#tidying;
  }

  #tidy(): void {
    const { tidy, log } = this.#options;
    this.#tidying = this.#tidying.then(tidy).catch((error: unknown) => {
      log.error({ err: error }, "old data could not be removed; it is tried again tomorrow");
    });
  }
}
