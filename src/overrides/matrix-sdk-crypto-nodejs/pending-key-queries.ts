import { z } from "zod";

const withDeviceKeys = z.object({ device_keys: z.record(z.string(), z.unknown()).default({}) });

/**
 * Knows the users with a pending `/keys/query`. `getMissingSessions` would wait five seconds for
 * the answer, several times. matrix-bot-sdk calls it inside the lock in which it would send the
 * query, so the first message in every new room would stall (overrides/README.md, "Defects worked
 * around").
 */
export class PendingKeyQueries {
  readonly #tracked: Set<string>;
  readonly #pending = new Set<string>();
  /**
   * The users in the newest query requests, by request ID. The library ignores answers to older
   * ones.
   */
  #asked = new Map<string, Set<string>>();

  constructor(trackedUsers: Iterable<string>) {
    this.#tracked = new Set(trackedUsers);
  }

  isPending(userId: string): boolean {
    return this.#pending.has(userId);
  }

  /** Starts to track users. Users who are tracked already need no query. */
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

  /** The query requests to send now (request ID and body). They replace all earlier ones. */
  send(requests: Iterable<{ readonly id: string; readonly body: string }>): void {
    this.#asked = new Map();
    for (const { id, body } of requests) {
      const userIds = new Set(usersIn(body));
      this.#asked.set(id, userIds);
      for (const userId of userIds) this.#pending.add(userId);
    }
  }

  /** The answer to a query. Users who are not in it stay pending: their server did not answer. */
  receive(requestId: string, response: string): void {
    const asked = this.#asked.get(requestId);
    this.#asked.delete(requestId);
    for (const userId of usersIn(response)) if (asked?.has(userId)) this.#pending.delete(userId);
  }

  /** A query under way does not count for a later change. */
  #ask(userId: string): void {
    this.#pending.add(userId);
    for (const userIds of this.#asked.values()) userIds.delete(userId);
  }
}

/** In both the query and its answer the keys of `device_keys` are the users. */
function usersIn(json: string): string[] {
  return Object.keys(withDeviceKeys.parse(JSON.parse(json)).device_keys);
}
