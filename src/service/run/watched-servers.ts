import type { Logger } from "pino";
import type { SideSeen } from "../../platforms/platform.ts";
import { ServerBackoff } from "../../queue/server-backoff.ts";

export interface WatchedServersOptions {
  now: () => number;
  monotonicNow: () => number;
  log: Logger;
}

/**
 * The servers that looks ask. A server that is away is asked by one look at a time, with growing
 * pauses, however many runs wait for it. It is logged once when it goes away and once when it is
 * back.
 */
export class WatchedServers {
  readonly #backoff: ServerBackoff;
  /** The first look that found a server away. */
  readonly #awaySince = new Map<string, number>();
  readonly #asking = new Set<string>();
  readonly #now: () => number;
  readonly #log: Logger;

  constructor({ now, monotonicNow, log }: WatchedServersOptions) {
    this.#backoff = new ServerBackoff(monotonicNow);
    this.#now = now;
    this.#log = log;
  }

  /** Whether a look may ask a server now. The look then reports what it saw. */
  mayAsk(server: string): boolean {
    if (!this.#awaySince.has(server)) return true;
    if (this.#asking.has(server) || this.#backoff.remainingMs(server) > 0) return false;
    this.#asking.add(server);
    return true;
  }

  /** @param seen of each account at the server: both may be at the same one */
  saw(server: string, seen: readonly SideSeen["status"][]): void {
    this.#asking.delete(server);
    const status = ["answered" as const, "refused" as const, "away" as const].find((each) =>
      seen.includes(each),
    );
    if (status === undefined) return;
    const awaySince = this.#awaySince.get(server);
    if (status === "away") {
      this.#backoff.failed(server, null);
      if (awaySince !== undefined) return;
      this.#awaySince.set(server, this.#now());
      this.#log.warn({ server }, "a server does not answer looks at watched rooms; it is asked again");
    } else if (awaySince !== undefined) {
      this.#awaySince.delete(server);
      this.#backoff.answered(server);
      this.#log.info({ server, awayMs: this.#now() - awaySince }, "a server answers looks again");
    }
  }

  /** @returns `null` if it answers, as far as is known */
  awaySince(server: string): number | null {
    return this.#awaySince.get(server) ?? null;
  }
}
