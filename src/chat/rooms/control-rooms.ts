import type { MatrixClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { isFinalRefusal } from "../server-refusal.ts";
import { TimedWorker } from "../timed-worker.ts";

const RETRY_MS = 60_000;

/**
 * The configured control rooms. Resolves their aliases, and joins the public ones that the bot has
 * not joined. Rooms that do not exist yet, or whose server did not answer, are tried again, so that
 * the bot gets its control room without a restart.
 */
export class ControlRooms {
  readonly #client: MatrixClient;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #configured: readonly string[];
  /** Room IDs, by the name in the configuration. */
  readonly #found = new Map<string, string>();
  readonly #ids = new Set<string>();
  readonly #worker: TimedWorker;
  #toJoin: readonly string[];

  constructor(
    client: MatrixClient,
    configured: readonly string[],
    { now, log }: { now: () => number; log: Logger },
  ) {
    this.#client = client;
    this.#now = now;
    this.#log = log;
    this.#configured = configured;
    this.#toJoin = configured;
    this.#worker = new TimedWorker(() => this.#joinAll(), { now, log });
  }

  /** Room IDs of the control rooms found so far. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** Resolves each room once. */
  async find(): Promise<void> {
    for (const controlRoom of this.#configured) await this.#lookUp(controlRoom);
  }

  /** Joins the rooms, and retries rooms that are not found or joined yet. */
  start(): void {
    this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  async #lookUp(controlRoom: string): Promise<string | null> {
    const known = this.#found.get(controlRoom);
    if (known !== undefined) return known;
    try {
      const roomId = await this.#client.resolveRoom(controlRoom);
      this.#found.set(controlRoom, roomId);
      this.#ids.add(roomId);
      return roomId;
    } catch (error) {
      this.#log.warn(
        { controlRoom, err: error },
        "a control room was not found; it is tried again in a minute",
      );
      return null;
    }
  }

  async #joinAll(): Promise<{ nextAt: number | null }> {
    const remaining: string[] = [];
    if (this.#toJoin.length > 0) {
      const joined = await this.#client.getJoinedRooms();
      for (const controlRoom of this.#toJoin)
        if (!(await this.#join(controlRoom, joined))) remaining.push(controlRoom);
    }
    this.#toJoin = remaining;
    return { nextAt: remaining.length === 0 ? null : this.#now() + RETRY_MS };
  }

  /** Returns false if it must be tried again. */
  async #join(controlRoom: string, joined: readonly string[]): Promise<boolean> {
    const roomId = await this.#lookUp(controlRoom);
    if (roomId === null) return false;
    if (joined.includes(roomId)) return true;
    try {
      // An alias shows the server which other servers to join through. A room ID does not.
      await this.#client.joinRoom(controlRoom);
      return true;
    } catch (error) {
      this.#log.warn({ roomId, err: error }, "the bot is not in a control room; invite it there");
      return isFinalRefusal(error);
    }
  }
}
