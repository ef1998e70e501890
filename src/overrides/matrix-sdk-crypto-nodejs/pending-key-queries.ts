import { z } from "zod";

const withDeviceKeys = z.object({ device_keys: z.record(z.string(), z.unknown()).default({}) });

/**
 * Knows of whom the crypto library awaits a `/keys/query` answer. `getMissingSessions` would wait
 * five seconds for it, several times over, and matrix-bot-sdk calls that inside the lock in which
 * it would send the query: the first message of every new room stalls for as long.
 */
export class PendingKeyQueries {
  readonly #tracked: Set<string>;
  readonly #pending = new Set<string>();
  /**
   * Whom the newest query requests ask about, by request ID. The library heeds the answers to no
   * older ones.
   */
  #asked = new Map<string, Set<string>>();

  constructor(trackedUsers: Iterable<string>) {
    this.#tracked = new Set(trackedUsers);
  }

  isPending(userId: string): boolean {
    return this.#pending.has(userId);
  }

  /** Users to be tracked from now on; those tracked already have nothing new to be asked. */
  track(userIds: Iterable<string>): void {
    for (const userId of userIds) {
      if (this.#tracked.has(userId)) continue;
      this.#tracked.add(userId);
      this.#ask(userId);
    }
  }

  /** Users whose devices changed. */
  change(userIds: Iterable<string>): void {
    for (const userId of userIds) if (this.#tracked.has(userId)) this.#ask(userId);
  }

  /**
   * The query requests that are to be sent now, in place of all earlier ones: request ID and body.
   */
  send(requests: Iterable<{ readonly id: string; readonly body: string }>): void {
    this.#asked = new Map();
    for (const { id, body } of requests) {
      const userIds = new Set(usersIn(body));
      this.#asked.set(id, userIds);
      for (const userId of userIds) this.#pending.add(userId);
    }
  }

  /** The answer to a query: who is not in it (their server did not answer) stays pending. */
  receive(requestId: string, response: string): void {
    const asked = this.#asked.get(requestId);
    this.#asked.delete(requestId);
    for (const userId of usersIn(response)) if (asked?.has(userId)) this.#pending.delete(userId);
  }

  /** A query already under way does not count for a change that came after it. */
  #ask(userId: string): void {
    this.#pending.add(userId);
    for (const userIds of this.#asked.values()) userIds.delete(userId);
  }
}

/** Both the query and its answer name the users as the keys of `device_keys`. */
function usersIn(json: string): string[] {
  return Object.keys(withDeviceKeys.parse(JSON.parse(json)).device_keys);
}
