import type { MatrixClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { isFinalRefusal } from "../server-refusal.ts";
import { TimedWorker } from "../timed-worker.ts";

const RETRY_MS = 60_000;

/**
 * The configured control rooms: looks up their aliases, and joins those the bot is not in yet,
 * where they are open to it. What a server could not tell at the start, or what does not exist yet,
 * is asked for again, so that no bot runs on without its control room.
 */
export class ControlRooms {
  readonly #client: MatrixClient;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #configured: readonly string[];
  /** By what stands in the configuration. */
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

  /** Looks up each room once. */
  async find(): Promise<void> {
    for (const controlRoom of this.#configured) await this.#lookUp(controlRoom);
  }

  /** Joins the rooms, and goes on with what is not found or joined yet. */
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
        "a control room was not found; it is looked for again in a minute",
      );
      return null;
    }
  }

  async #joinAll(): Promise<{ nextAt: number | null }> {
    const left: string[] = [];
    if (this.#toJoin.length > 0) {
      const joined = await this.#client.getJoinedRooms();
      for (const controlRoom of this.#toJoin)
        if (!(await this.#join(controlRoom, joined))) left.push(controlRoom);
    }
    this.#toJoin = left;
    return { nextAt: left.length === 0 ? null : this.#now() + RETRY_MS };
  }

  /** False when it is to be tried again. */
  async #join(controlRoom: string, joined: readonly string[]): Promise<boolean> {
    const roomId = await this.#lookUp(controlRoom);
    if (roomId === null) return false;
    if (joined.includes(roomId)) return true;
    try {
      // An alias tells the server through which others to join, an ID does not.
      await this.#client.joinRoom(controlRoom);
      return true;
    } catch (error) {
      this.#log.warn({ roomId, err: error }, "the bot is not in a control room; invite it there");
      return isFinalRefusal(error);
    }
  }
}
