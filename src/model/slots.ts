/** A resource with its own limit on concurrent work, for example a server or a person. */
export interface LimitedResource {
  readonly key: string;
  /** The maximum of concurrent work. */
  readonly max: number;
}

interface WaitingWork {
  readonly resources: readonly LimitedResource[];
  readonly begin: () => void;
}

/**
 * Limits concurrent work, in all and for each resource. Work that waits for one resource occupies
 * no other.
 */
export class Slots {
  readonly #max: number;
  readonly #taken = new Map<string, number>();
  readonly #waiting = new Set<WaitingWork>();
  #underWay = 0;

  /** @param max the maximum of concurrent work */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Does the work when the limits allow it. After an abort the work begins at once and is expected
   * to end by itself.
   */
  async run<Result>(
    resources: readonly LimitedResource[],
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const leave = await this.enter(resources, signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** @returns a function that frees the slot; it must be called once */
  async enter(resources: readonly LimitedResource[] = [], signal?: AbortSignal): Promise<() => void> {
    const distinct = [...new Map(resources.map((resource) => [resource.key, resource])).values()];
    const isCounted = await this.#turn(distinct, signal);
    return () => {
      if (!isCounted) return;
      this.#underWay -= 1;
      for (const { key } of distinct) this.#count(key, -1);
      this.#beginNext();
    };
  }

  /** @returns whether the work counts towards the limits */
  async #turn(resources: readonly LimitedResource[], signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted === true) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: WaitingWork = { resources, begin: () => resolve(true) };
    const abort = () => {
      if (this.#waiting.delete(waiting)) resolve(false);
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.add(waiting);
    this.#beginNext();
    const isCounted = await promise;
    signal?.removeEventListener("abort", abort);
    return isCounted;
  }

  /** Begins waiting work in its order, except work whose resource is at its limit. */
  #beginNext(): void {
    for (const work of this.#waiting) {
      if (this.#underWay >= this.#max) return;
      if (work.resources.some(({ key, max }) => (this.#taken.get(key) ?? 0) >= max)) continue;
      this.#waiting.delete(work);
      this.#underWay += 1;
      for (const { key } of work.resources) this.#count(key, 1);
      work.begin();
    }
  }

  #count(key: string, change: number): void {
    const taken = (this.#taken.get(key) ?? 0) + change;
    if (taken === 0) this.#taken.delete(key);
    else this.#taken.set(key, taken);
  }
}
