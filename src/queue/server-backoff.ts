const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 120_000;
/** A server that has not been asked for this long is no longer remembered. */
const REMEMBERED_MS = 24 * 3_600_000;
/** Servers that are not asked any more are looked for when so many are remembered. */
const FORGETS_FROM = 100;

/** What is known of a server. Times are those of the monotonic clock. */
interface KnownServer {
  /** How often in a row it did not answer. */
  failures: number;
  /** When it may be asked again. */
  openAt: number;
  answeredAt: number;
  changedAt: number;
}

/**
 * Homeservers that are away. No request is sent to one until its delay is over, and delays grow
 * until it answers. A server that is away for days is still waited for.
 */
export class ServerBackoff {
  readonly #servers = new Map<string, KnownServer>();
  readonly #monotonicNow: () => number;

  /** @param monotonicNow milliseconds of a clock that never jumps */
  constructor(monotonicNow: () => number) {
    this.#monotonicNow = monotonicNow;
  }

  /** How long no request is sent to the server; zero if it may be asked now. */
  remainingMs(server: string): number {
    return Math.max(0, (this.#servers.get(server)?.openAt ?? 0) - this.#monotonicNow());
  }

  /** The time of day at which a server that is away is asked again; `null` if it answers. */
  awayUntil(server: string, now: number): number | null {
    const remainingMs = this.remainingMs(server);
    return remainingMs > 0 ? now + remainingMs : null;
  }

  /**
   * The server did not answer. Requests that were under way together count as one failure.
   * @returns how long no request is sent to it
   */
  failed(server: string, waitMs: number | null): number {
    const remainingMs = this.remainingMs(server);
    if (remainingMs > 0) return remainingMs;
    const known = this.#servers.get(server);
    const failures = (known?.failures ?? 0) + 1;
    const delayMs = Math.min(
      MAX_DELAY_MS,
      Math.max(waitMs ?? 0, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10)),
    );
    const answeredAt = known?.answeredAt ?? Number.NEGATIVE_INFINITY;
    this.#set(server, { failures, openAt: this.#monotonicNow() + delayMs, answeredAt });
    return delayMs;
  }

  answered(server: string): void {
    this.#set(server, { failures: 0, openAt: 0, answeredAt: this.#monotonicNow() });
  }

  /** Whether the server has answered any request since a time of the monotonic clock. */
  hasAnsweredSince(server: string, since: number): boolean {
    return (this.#servers.get(server)?.answeredAt ?? Number.NEGATIVE_INFINITY) > since;
  }

  /** The number of servers that are remembered. */
  get size(): number {
    return this.#servers.size;
  }

  #set(server: string, known: Omit<KnownServer, "changedAt">): void {
    const now = this.#monotonicNow();
    this.#servers.delete(server);
    this.#servers.set(server, { ...known, changedAt: now });
    if (this.#servers.size < FORGETS_FROM) return;
    // The server that changed longest ago is the first one.
    for (const [name, { changedAt }] of this.#servers) {
      if (now - changedAt < REMEMBERED_MS) return;
      this.#servers.delete(name);
    }
  }
}
