/**
 * Requests under way at one homeserver for all runs together. More do not finish sooner: Synapse
 * works on one core (measured, homeservers.md).
 */
export const MAX_REQUESTS_PER_SERVER = 8;

interface Server {
  taken: number;
  /** Runs that found no place, in the order in which they get one. */
  queue: Set<number>;
}

/**
 * The places at homeservers. Runs that want one at a full server get it in turn, each one place at
 * a time, so that a large run does not keep a small one out.
 */
export class ServerSlots {
  readonly #servers = new Map<string, Server>();
  readonly #call: (runId: number) => void;

  /** @param call a run that stands in line is to look again */
  constructor(call: (runId: number) => void) {
    this.#call = call;
  }

  /** Takes a place, or stands in line for one. */
  take(name: string, runId: number): boolean {
    const server = this.#server(name);
    const [first] = server.queue;
    if (server.taken < MAX_REQUESTS_PER_SERVER && (first === undefined || first === runId)) {
      server.queue.delete(runId);
      server.taken += 1;
      return true;
    }
    server.queue.add(runId);
    this.#callNext(server);
    return false;
  }

  release(name: string): void {
    const server = this.#server(name);
    server.taken -= 1;
    this.#callNext(server);
  }

  /** The run stands in line no more, but at these servers. */
  leave(runId: number, stayingAt: ReadonlySet<string> = new Set()): void {
    for (const [name, server] of this.#servers) {
      if (!stayingAt.has(name) && server.queue.delete(runId)) this.#callNext(server);
    }
  }

  #callNext({ taken, queue }: Server): void {
    const [first] = queue;
    if (taken < MAX_REQUESTS_PER_SERVER && first !== undefined) this.#call(first);
  }

  #server(name: string): Server {
    const server = this.#servers.get(name) ?? { taken: 0, queue: new Set<number>() };
    this.#servers.set(name, server);
    return server;
  }
}
