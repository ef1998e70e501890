const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 120_000;

/**
 * Homeservers that are away. No request is sent to one until its delay is over, and delays grow
 * until it answers. A server that is away for days is still waited for.
 */
export class ServerBackoff {
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** The time from which the server may be asked again; a past time if it may be asked now. */
  openAt(server: string): number {
    return this.#failures.get(server)?.until ?? 0;
  }

  /**
   * The server did not answer. Requests that were under way together count as one failure.
   * @returns when the server is asked again
   */
  failed(server: string, now: number, waitMs: number | null): number {
    const before = this.#failures.get(server);
    if (before !== undefined && before.until > now) return before.until;
    const count = (before?.count ?? 0) + 1;
    const delayMs = Math.min(
      MAX_DELAY_MS,
      Math.max(waitMs ?? 0, FIRST_DELAY_MS * 2 ** Math.min(count - 1, 10)),
    );
    this.#failures.set(server, { count, until: now + delayMs });
    return now + delayMs;
  }

  answered(server: string): void {
    this.#failures.delete(server);
  }
}
