import type { KeyedQueue } from "../../model/keyed-queue.ts";

interface Preparation {
  ending: AbortController;
  isRetry: boolean;
}

/**
 * The preparations of runs, one at a time for each person. Each reads both accounts, which may take
 * long.
 */
export class Preparations {
  readonly #queue: KeyedQueue;
  readonly #underWay = new Map<string, Preparation>();

  /** @param queue runs the requests of each person in order */
  constructor(queue: KeyedQueue) {
    this.#queue = queue;
  }

  /**
   * Prepares a run after the person's earlier requests. A new request of the person does not wait
   * for one that is tried again by itself.
   */
  run<Result>(
    owner: string,
    work: (signal: AbortSignal) => Promise<Result>,
    { isRetry }: { isRetry: boolean },
  ): Promise<Result> {
    if (!isRetry) this.endRetry(owner);
    return this.#queue.run(owner, async () => {
      const preparation = { ending: new AbortController(), isRetry };
      this.#underWay.set(owner, preparation);
      try {
        return await work(preparation.ending.signal);
      } finally {
        this.#underWay.delete(owner);
      }
    });
  }

  /** Aborts the preparation of a person, so that a command need not wait for a slow server. */
  end(owner: string): void {
    this.#underWay.get(owner)?.ending.abort();
  }

  /** Aborts the preparation of a person if it is a retry. */
  endRetry(owner: string): void {
    if (this.#underWay.get(owner)?.isRetry === true) this.end(owner);
  }

  /** Aborts all retries. */
  stop(): void {
    for (const owner of this.#underWay.keys()) this.endRetry(owner);
  }
}
