const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 120_000;

/**
 * Homeservers that are away. No request is sent to one until its delay is over, and delays grow
 * until it answers. A server that is away for days is still waited for.
 */
export class ServerBackoff {
  readonly #failures = new Map<string, { count: number; until: number }>();
  /** When each server last answered, in milliseconds since the epoch. */
  readonly #answeredAt = new Map<string, number>();

  /** The time from which the server may be asked again; a past time if it may be asked now. */
  openAt(server: string, now: number): number {
    const until = this.#failures.get(server)?.until ?? 0;
    // The clock may have been set back since.
    return until - now > MAX_DELAY_MS ? now : until;
  }

  /** When a server that is away is asked again; `null` if it answers. */
  awayUntil(server: string, now: number): number | null {
    const at = this.openAt(server, now);
    return at > now ? at : null;
  }

  /**
   * The server did not answer. Requests that were under way together count as one failure.
   * @returns when the server is asked again
   */
  failed(server: string, now: number, waitMs: number | null): number {
    const until = this.openAt(server, now);
    if (until > now) return until;
    const count = (this.#failures.get(server)?.count ?? 0) + 1;
    const delayMs = Math.min(
      MAX_DELAY_MS,
      Math.max(waitMs ?? 0, FIRST_DELAY_MS * 2 ** Math.min(count - 1, 10)),
    );
    this.#failures.set(server, { count, until: now + delayMs });
    return now + delayMs;
  }

  answered(server: string, now: number): void {
    this.#failures.delete(server);
    this.#answeredAt.set(server, now);
  }

  /** Whether the server has answered any request since a time. */
  hasAnsweredSince(server: string, since: number): boolean {
    return (this.#answeredAt.get(server) ?? Number.NEGATIVE_INFINITY) > since;
  }
}
