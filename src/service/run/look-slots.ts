/** Looks under way at once. A look takes a few milliseconds of this process, and else waits. */
const MAX_LOOKS = 16;
/** Of these, at one server. A server that hangs holds up no more than these. */
const MAX_LOOKS_PER_SERVER = 4;

interface WaitingLook {
  servers: readonly string[];
  begin: () => void;
}

/**
 * Limits concurrent looks, in all and for each server. A look that waits for one server holds no
 * place at another.
 */
export class LookSlots {
  readonly #taken = new Map<string, number>();
  readonly #waiting = new Set<WaitingLook>();
  #underWay = 0;

  /** Does the work when there is a place for it. */
  async run(servers: readonly string[], work: () => Promise<void>): Promise<void> {
    const places = [...new Set(servers)];
    await new Promise<void>((resolve) => {
      this.#waiting.add({ servers: places, begin: resolve });
      this.#beginNext();
    });
    try {
      await work();
    } finally {
      this.#underWay -= 1;
      for (const server of places) this.#count(server, -1);
      this.#beginNext();
    }
  }

  /** In the order in which they came, without those whose server has no place. */
  #beginNext(): void {
    for (const look of this.#waiting) {
      if (this.#underWay >= MAX_LOOKS) return;
      if (look.servers.some((server) => (this.#taken.get(server) ?? 0) >= MAX_LOOKS_PER_SERVER)) continue;
      this.#waiting.delete(look);
      this.#underWay += 1;
      for (const server of look.servers) this.#count(server, 1);
      look.begin();
    }
  }

  #count(server: string, change: number): void {
    const taken = (this.#taken.get(server) ?? 0) + change;
    if (taken === 0) this.#taken.delete(server);
    else this.#taken.set(server, taken);
  }
}
