const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 120_000;

/**
 * Homeservers that are away: nothing is asked of one until its pause is over, and pauses grow until
 * it answers. One that is away for days is waited for.
 */
export class ServerBackoff {
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** When the server may be asked again; in the past when it may now. */
  openAt(server: string): number {
    return this.#failures.get(server)?.until ?? 0;
  }

  /**
   * It did not answer. What was under way at the same moment counts once.
   * @returns when it is asked again
   */
  failed(server: string, now: number, waitMs: number | null): number {
    const before = this.#failures.get(server);
    if (before !== undefined && before.until > now) return before.until;
    const count = (before?.count ?? 0) + 1;
    const pauseMs = Math.min(
      LONGEST_PAUSE_MS,
      Math.max(waitMs ?? 0, FIRST_PAUSE_MS * 2 ** Math.min(count - 1, 10)),
    );
    this.#failures.set(server, { count, until: now + pauseMs });
    return now + pauseMs;
  }

  answered(server: string): void {
    this.#failures.delete(server);
  }
}
