import type { Logger } from "pino";
import type { Planning } from "../plan/planning.ts";

/** Brings reports up to date after keys were copied. After a stop they wait for the next plan. */
export class ReportRenewals {
  readonly #planning: Pick<Planning, "renewKeys">;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(planning: Pick<Planning, "renewKeys">, log: Logger) {
    this.#planning = planning;
    this.#log = log;
  }

  /** Begins to read the keys of a person again. */
  begin(owner: string): void {
    const renewal = this.#renew(owner).finally(() => this.#underWay.delete(renewal));
    this.#underWay.add(renewal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay);
  }

  async #renew(owner: string): Promise<void> {
    try {
      await this.#planning.renewKeys(owner, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        this.#log.error({ err: error }, "a report could not be renewed after a copy of keys");
    }
  }
}
