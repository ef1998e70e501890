/**
 * Requests under way at one homeserver, for all runs together. More requests do not finish sooner,
 * because Synapse works on one core (measured; `platforms/matrix/README.md`, "Homeservers").
 */
export const MAX_REQUESTS_PER_SERVER = 8;

interface Server {
  taken: number;
  /** Runs that found no free slot, in the order in which they get one. */
  queue: Set<number>;
}

/**
 * Limits concurrent requests per homeserver. Waiting runs are served round-robin, one slot each, so
 * that a large run cannot starve a small one.
 */
export class ServerSlots {
  readonly #servers = new Map<string, Server>();
  readonly #wake: (runId: number) => void;

  /** @param wake is called with a waiting run that can take a slot now */
  constructor(wake: (runId: number) => void) {
    this.#wake = wake;
  }

  /** Takes a slot, or puts the run into the queue for one. @returns whether it took one */
  take(name: string, runId: number): boolean {
    const server = this.#server(name);
    const [first] = server.queue;
    if (server.taken < MAX_REQUESTS_PER_SERVER && (first === undefined || first === runId)) {
      server.queue.delete(runId);
      server.taken += 1;
      return true;
    }
    server.queue.add(runId);
    this.#wakeNext(server);
    return false;
  }

  release(name: string): void {
    const server = this.#server(name);
    server.taken -= 1;
    this.#wakeNext(server);
  }

  /** Removes the run from all queues except those of the given servers. */
  leave(runId: number, stayingAt: ReadonlySet<string> = new Set()): void {
    for (const [name, server] of this.#servers) {
      if (!stayingAt.has(name) && server.queue.delete(runId)) this.#wakeNext(server);
    }
  }

  #wakeNext({ taken, queue }: Server): void {
    const [first] = queue;
    if (taken < MAX_REQUESTS_PER_SERVER && first !== undefined) this.#wake(first);
  }

  #server(name: string): Server {
    const server = this.#servers.get(name) ?? { taken: 0, queue: new Set<number>() };
    this.#servers.set(name, server);
    return server;
  }
}
