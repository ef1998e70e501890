/** Something of which only a few pieces of work may use the same at once: a server, a person. */
export interface SlotKey {
  readonly key: string;
  /** The most work at once. */
  readonly most: number;
}

interface WaitingWork {
  readonly places: readonly SlotKey[];
  readonly begin: () => void;
}

/**
 * Limits concurrent work, in all and for each place. Work that waits for one place holds no other.
 */
export class Slots {
  readonly #most: number;
  readonly #taken = new Map<string, number>();
  readonly #waiting = new Set<WaitingWork>();
  #underWay = 0;

  /** @param most work at once */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Does the work when there is room for it. After an abort it begins at once and is expected to
   * end by itself.
   */
  async run<Result>(
    places: readonly SlotKey[],
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const distinct = [...new Map(places.map((place) => [place.key, place])).values()];
    const isCounted = await this.#turn(distinct, signal);
    try {
      return await work();
    } finally {
      if (isCounted) {
        this.#underWay -= 1;
        for (const { key } of distinct) this.#count(key, -1);
        this.#beginNext();
      }
    }
  }

  /** @returns whether a place was taken */
  async #turn(places: readonly SlotKey[], signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted === true) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: WaitingWork = { places, begin: () => resolve(true) };
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

  /** In the order in which they came, without those whose place is taken. */
  #beginNext(): void {
    for (const work of this.#waiting) {
      if (this.#underWay >= this.#most) return;
      if (work.places.some(({ key, most }) => (this.#taken.get(key) ?? 0) >= most)) continue;
      this.#waiting.delete(work);
      this.#underWay += 1;
      for (const { key } of work.places) this.#count(key, 1);
      work.begin();
    }
  }

  #count(key: string, change: number): void {
    const taken = (this.#taken.get(key) ?? 0) + change;
    if (taken === 0) this.#taken.delete(key);
    else this.#taken.set(key, taken);
  }
}
