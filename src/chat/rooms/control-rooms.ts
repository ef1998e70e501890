import type { MatrixClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import { TimedWorker } from "../../queue/timed-worker.ts";
import type { BotState } from "../../store/bot-state.ts";
import { isAbsent } from "../server-refusal.ts";

const FIRST_RETRY_MS = 60_000;
/** The longest time between two tries to join a room again. */
const LONGEST_RETRY_MS = 3_600_000;
/** Limits a chain of replacements, because rooms can replace each other in a circle. */
const MAX_REPLACEMENTS = 20;

const tombstoneSchema = z.looseObject({ replacement_room: z.string().startsWith("!") });
const canonicalAliasSchema = z.looseObject({
  alias: z.string().nullish().catch(null),
  alt_aliases: z.array(z.string()).catch([]),
});

export interface ControlRoomsOptions {
  client: Pick<MatrixClient, "resolveRoom" | "joinRoom" | "getJoinedRooms" | "doRequest">;
  /** The rooms of the configuration: aliases and room IDs. */
  configured: readonly string[];
  state: Pick<BotState, "get" | "set">;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

/**
 * The configured control rooms and the rooms that replaced them. The bot joins them, and joins a
 * room again that it was removed from. The ID of a room whose alias cannot be looked up is known
 * from the last start. Rooms that do not exist yet, or whose server does not answer, are tried
 * again, so that no restart is needed.
 */
export class ControlRooms {
  readonly #options: ControlRoomsOptions;
  /** Room IDs, by the name in the configuration. */
  readonly #found = new Map<string, string>();
  /** The replacement of a room. */
  readonly #replacements = new Map<string, string>();
  readonly #ids = new Set<string>();
  readonly #worker: TimedWorker;
  /** The rooms of the configuration that the bot is not in yet, with the number of tries. */
  readonly #toJoin: Map<string, number>;
  /** When the rooms are tried again, by the monotonic clock. */
  #dueAt = 0;

  constructor(options: ControlRoomsOptions) {
    this.#options = options;
    this.#toJoin = new Map(options.configured.map((name) => [name, 0]));
    this.#worker = new TimedWorker(() => this.#joinAll(), options);
  }

  /** The IDs of the rooms known so far, replaced ones and their replacements too. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** False while the ID of a configured room is not known. */
  get areAllKnown(): boolean {
    return this.#options.configured.every((name) => this.#found.has(name));
  }

  /** The room that the conversation of a room continues in. */
  currentOf(roomId: string): string {
    let current = roomId;
    for (let step = 0; step < MAX_REPLACEMENTS; step++) current = this.#replacements.get(current) ?? current;
    return current;
  }

  /**
   * Whether a room may be a control room whose alias could not be looked up yet, because the room's
   * state names that alias.
   */
  async mayBe(roomId: string): Promise<boolean> {
    const unknown = this.#options.configured.filter((name) => !this.#found.has(name));
    if (unknown.length === 0) return false;
    const content = canonicalAliasSchema.safeParse(await this.#readState(roomId, "m.room.canonical_alias"));
    if (!content.success) return false;
    const { alias, alt_aliases: more } = content.data;
    return unknown.some((name) => name === alias || more.includes(name));
  }

  /** Looks each room up once. */
  async find(): Promise<void> {
    for (const name of this.#options.configured) {
      if ((await this.#lookUp(name)) !== null) continue;
      const known = await this.#options.state.get(roomKey(name));
      if (known !== null) await this.#know(name, known);
    }
  }

  /** Joins the rooms, and retries rooms that are not found or joined yet. */
  start(): void {
    this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  /** Call this when the bot is no longer in a room. A control room is joined again. */
  left(roomId: string): void {
    for (const [name, known] of this.#found)
      if (this.currentOf(known) === roomId) this.#toJoin.set(name, this.#toJoin.get(name) ?? 0);
    this.#tryNow();
  }

  #tryNow(): void {
    this.#dueAt = 0;
    this.#worker.wake();
  }

  /** Call this when a room was replaced (CS API §Room upgrades). */
  async replaced(roomId: string, tombstone: unknown): Promise<void> {
    const parsed = tombstoneSchema.safeParse(tombstone);
    if (!parsed.success || !this.#ids.has(roomId)) return;
    const { replacement_room: replacement } = parsed.data;
    if (this.#replacements.get(roomId) === replacement) return;
    this.#options.log.info({ roomId, replacement }, "a control room was replaced");
    await this.#options.state.set(replacementKey(roomId), replacement);
    await this.#follow(roomId);
    for (const [name, known] of this.#found)
      if (this.currentOf(known) === this.currentOf(roomId)) this.#toJoin.set(name, 0);
    this.#tryNow();
  }

  async #lookUp(name: string): Promise<string | null> {
    const { client, state, log } = this.#options;
    try {
      const roomId = await client.resolveRoom(name);
      await state.set(roomKey(name), roomId);
      await this.#know(name, roomId);
      return roomId;
    } catch (error) {
      log.warn({ controlRoom: name, err: error }, "a control room was not found; it is tried again later");
      return null;
    }
  }

  async #know(name: string, roomId: string): Promise<void> {
    this.#found.set(name, roomId);
    this.#ids.add(roomId);
    await this.#follow(roomId);
  }

  /** Adds the rooms that replaced a room. */
  async #follow(roomId: string): Promise<void> {
    let from = roomId;
    for (let step = 0; step < MAX_REPLACEMENTS; step++) {
      const next = await this.#options.state.get(replacementKey(from));
      if (next === null || this.#ids.has(next)) return;
      this.#replacements.set(from, next);
      this.#ids.add(next);
      from = next;
    }
  }

  async #joinAll(): Promise<{ nextAt: number | null }> {
    const { now, monotonicNow } = this.#options;
    if (this.#toJoin.size === 0) return { nextAt: null };
    const earlyMs = this.#dueAt - monotonicNow();
    if (earlyMs > 0) return { nextAt: now() + earlyMs };
    this.#dueAt = 0;
    const joined = await this.#options.client.getJoinedRooms();
    for (const [name, tries] of [...this.#toJoin]) {
      if (await this.#isIn(name, joined)) this.#toJoin.delete(name);
      else this.#toJoin.set(name, tries + 1);
    }
    if (this.#toJoin.size === 0) return { nextAt: null };
    const tries = Math.max(1, Math.min(...this.#toJoin.values()));
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1));
    this.#dueAt = Math.max(this.#dueAt, monotonicNow() + waitMs);
    return { nextAt: now() + waitMs };
  }

  /** Returns false if it must be tried again. */
  async #isIn(name: string, joined: readonly string[]): Promise<boolean> {
    const roomId = this.#found.get(name) ?? (await this.#lookUp(name));
    if (roomId === null) return false;
    const current = this.currentOf(roomId);
    try {
      // An alias shows the server which other servers to join through. A room ID does not.
      if (!joined.includes(current))
        await (current === roomId
          ? this.#options.client.joinRoom(name)
          : this.#options.client.joinRoom(current, serversOf([current, roomId, name])));
      await this.replaced(current, await this.#readState(current, "m.room.tombstone"));
      return this.currentOf(current) === current || (await this.#isIn(name, joined));
    } catch (error) {
      this.#options.log.warn(
        { roomId: current, err: error },
        "the bot is not in a control room; invite it there",
      );
      return false;
    }
  }

  async #readState(roomId: string, type: string): Promise<unknown> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/${type}/`;
    try {
      return await this.#options.client.doRequest("GET", path);
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }
}

function roomKey(name: string): string {
  return `controlRoom.${name}`;
}

function replacementKey(roomId: string): string {
  return `controlRoom.replacement.${roomId}`;
}

function serversOf(names: readonly string[]): string[] {
  return [
    ...new Set(names.flatMap((name) => (name.includes(":") ? [name.slice(name.indexOf(":") + 1)] : []))),
  ];
}
