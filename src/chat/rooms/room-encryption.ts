import { createHash } from "node:crypto";
import type { MatrixClient } from "matrix-bot-sdk";
import { EncryptionAlgorithm } from "matrix-bot-sdk";
import { z } from "zod";
import type { BotState } from "../../store/bot-state.ts";
import { readRoomState } from "./room-state.ts";

/** "Not encrypted" is believed only while syncs arrive, which would report a change. */
const SYNC_FRESH_MS = 120_000;
const MAX_ROTATION_MS = 90 * 24 * 3_600_000;

/**
 * The state event of an encrypted room (CS API §m.room.encryption). A room with this event is
 * encrypted, even if the bot cannot read the event's content. Settings out of range would make
 * every encryption fail, so they are left out.
 */
const configurationSchema = z.object({
  algorithm: z.string().catch(EncryptionAlgorithm.MegolmV1AesSha2),
  rotation_period_ms: z.int().min(1).max(MAX_ROTATION_MS).optional().catch(undefined),
  rotation_period_msgs: z.int().min(1).optional().catch(undefined),
  historyVisibility: z.string().optional().catch(undefined),
});
/** How a room is encrypted. */
export type RoomConfiguration = z.infer<typeof configurationSchema>;

const visibilitySchema = z.looseObject({ history_visibility: z.string().optional().catch(undefined) });

export interface RoomEncryptionOptions {
  state: Pick<BotState, "get" | "set">;
  client: Pick<MatrixClient, "doRequest">;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
}

/**
 * Whether each room is encrypted. A room that was once encrypted stays encrypted for the bot,
 * whatever the server answers later. "Not encrypted" is remembered until an event of the room says
 * otherwise.
 */
export class RoomEncryption {
  readonly #options: RoomEncryptionOptions;
  readonly #plain = new Set<string>();
  /**
   * Reads under way, by room. The result of a read that was removed from here meanwhile does not
   * count.
   */
  readonly #reads = new Map<string, symbol>();
  #syncedAt: number;

  constructor(options: RoomEncryptionOptions) {
    this.#options = options;
    this.#syncedAt = options.monotonicNow();
  }

  /**
   * @throws if the server does not answer. Only "there is no such state event" means that a room is
   * not encrypted. A proxy's page or an error of the server does not.
   */
  async isEncrypted(roomId: string): Promise<boolean> {
    if (await this.configuration(roomId)) return true;
    if (this.#plain.has(roomId) && this.#isSyncing()) return false;
    const read = Symbol(roomId);
    this.#reads.set(roomId, read);
    const content = await readRoomState(this.#options.client, roomId, "m.room.encryption");
    if (content !== null) {
      await this.seen(roomId, content);
      return true;
    }
    if (await this.configuration(roomId)) return true;
    if (this.#reads.get(roomId) === read) this.#plain.add(roomId);
    return false;
  }

  /** Whether the room may be encrypted. False only if the server said that it is not. */
  async mayBeEncrypted(roomId: string): Promise<boolean> {
    return this.isEncrypted(roomId).catch(() => true);
  }

  /** The stored configuration of a room that was seen encrypted, else null. */
  async configuration(roomId: string): Promise<RoomConfiguration | null> {
    const stored = await this.#options.state.get(keyOf(roomId));
    if (stored === null) return null;
    return configurationSchema.parse(parseOr({}, stored));
  }

  /** Stores the configuration of a room, from the content of its state event. */
  async seen(roomId: string, content: unknown): Promise<void> {
    const configuration = configurationSchema.parse(z.looseObject({}).catch({}).parse(content));
    const { client } = this.#options;
    const visibility = await readRoomState(client, roomId, "m.room.history_visibility").catch(() => null);
    const { history_visibility: historyVisibility } = visibilitySchema.catch({}).parse(visibility ?? {});
    await this.#store(roomId, { ...configuration, historyVisibility });
  }

  /** Imports what an earlier version stored. That version named the room by its hash. */
  async adopt(roomHash: string, content: unknown): Promise<void> {
    const configuration = configurationSchema.extend({ algorithm: z.string() }).safeParse(content);
    if (!configuration.success) return;
    await this.#options.state.set(`${KEY_PREFIX}${roomHash}`, JSON.stringify(configuration.data));
  }

  /** Call this when events of the room may have been missed, or the bot left it. */
  forgetPlain(roomId: string): void {
    this.#plain.delete(roomId);
    this.#reads.delete(roomId);
  }

  /** Call this after each sync. */
  synced(): void {
    this.#syncedAt = this.#options.monotonicNow();
  }

  #isSyncing(): boolean {
    return this.#options.monotonicNow() - this.#syncedAt < SYNC_FRESH_MS;
  }

  async #store(roomId: string, configuration: RoomConfiguration): Promise<void> {
    this.forgetPlain(roomId);
    await this.#options.state.set(keyOf(roomId), JSON.stringify(configuration));
  }
}

const KEY_PREFIX = "crypto.room.";

/** A hash, so that the database does not list the IDs of people's rooms. */
function keyOf(roomId: string): string {
  return `${KEY_PREFIX}${createHash("sha512").update(roomId).digest("hex")}`;
}

function parseOr(fallback: unknown, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return fallback;
  }
}
