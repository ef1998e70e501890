import { hash, randomBytes } from "node:crypto";
import { BackupShapeError } from "./backup-scanner.ts";

/** What is known of a session. */
export const IN_TARGET = 1;
/** The new backup's entry must not be replaced. */
export const LEFT_ALONE = 2;
export const IN_SOURCE = 4;
/** Its turn has come: it was offered, or found unusable. */
export const HANDLED = 8;
/** Encrypted, to be sent. */
export const OFFERED = 16;
/** Found in the new backup after it was sent. */
export const CONFIRMED = 32;
const USED = 128;

/** The worst index: everything is equal or better. */
export const NO_INDEX = 0xffff_ffff;

const FIRST_SLOTS = 1_024;
const MAX_LOAD = 0.7;
/** The count of a server is believed up to here, for the first room. */
const MAX_FIRST_SESSIONS = 250_000;
/** Several times as many as the largest accounts have. */
const MAX_SESSIONS = 2_000_000;

/**
 * The sessions of two backups, about 30 bytes each. A session is known by a hash of its IDs. The
 * hash has a random part, so that no server can make two sessions collide.
 */
export class SessionTable {
  readonly #salt = randomBytes(16).toString("hex");
  #size = 0;
  #columns: Columns;

  /** @param sessions room for so many is made at once; more is made when needed */
  constructor(sessions: number) {
    let slots = FIRST_SLOTS;
    while (slots * MAX_LOAD < Math.min(sessions, MAX_FIRST_SESSIONS)) slots *= 2;
    this.#columns = columnsOf(slots);
  }

  /**
   * The slot of a session, which is made if it is new. Slots are valid until the next call.
   * @throws BackupShapeError too_large
   */
  slot(roomId: string, sessionId: string): number {
    if (this.#size >= this.#columns.flags.length * MAX_LOAD) this.#grow();
    const [low, high] = this.#hash(roomId, sessionId);
    const slot = slotIn(this.#columns, low, high);
    const { flags, lows, highs, target, source } = this.#columns;
    if (flags[slot] !== 0) return slot;
    if (this.#size >= MAX_SESSIONS) throw new BackupShapeError("too_large", "sessions");
    this.#size += 1;
    flags[slot] = USED;
    lows[slot] = low;
    highs[slot] = high;
    target[slot] = NO_INDEX;
    source[slot] = NO_INDEX;
    return slot;
  }

  has(slot: number, flag: number): boolean {
    return ((this.#columns.flags[slot] ?? 0) & flag) !== 0;
  }

  mark(slot: number, flag: number): void {
    this.#columns.flags[slot] = (this.#columns.flags[slot] ?? 0) | flag;
  }

  /** The first message index in the new backup. */
  targetIndex(slot: number): number {
    return this.#columns.target[slot] ?? NO_INDEX;
  }

  lowerTargetIndex(slot: number, index: number): void {
    this.#columns.target[slot] = Math.min(this.targetIndex(slot), index);
  }

  /** The lowest first message index in the old backup. */
  sourceIndex(slot: number): number {
    return this.#columns.source[slot] ?? NO_INDEX;
  }

  lowerSourceIndex(slot: number, index: number): void {
    this.#columns.source[slot] = Math.min(this.sourceIndex(slot), index);
  }

  /** How often the new backup's entry was forwarded. */
  forwardedCount(slot: number): number {
    return this.#columns.forwarded[slot] ?? 0;
  }

  raiseForwardedCount(slot: number, count: number): void {
    this.#columns.forwarded[slot] = Math.max(this.forwardedCount(slot), count);
  }

  #hash(roomId: string, sessionId: string): readonly [number, number] {
    const digest = hash("sha256", `${this.#salt}${roomId.length} ${roomId}${sessionId}`, "buffer");
    return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  }

  #grow(): void {
    const old = this.#columns;
    const next = columnsOf(old.flags.length * 2);
    for (let from = 0; from < old.flags.length; from += 1) {
      if (old.flags[from] === 0) continue;
      const to = slotIn(next, old.lows[from] ?? 0, old.highs[from] ?? 0);
      next.flags[to] = old.flags[from] ?? 0;
      for (const name of NUMBERS) next[name][to] = old[name][from] ?? 0;
    }
    this.#columns = next;
  }
}

const NUMBERS = ["lows", "highs", "target", "source", "forwarded"] as const;

type Columns = Readonly<Record<(typeof NUMBERS)[number], Uint32Array> & { flags: Uint8Array }>;

function columnsOf(slots: number): Columns {
  const numbers = () => new Uint32Array(slots);
  return {
    ...{ lows: numbers(), highs: numbers(), target: numbers(), source: numbers(), forwarded: numbers() },
    flags: new Uint8Array(slots),
  };
}

/** The slot of a hash, or the empty one where it belongs (linear probing). */
function slotIn({ flags, lows, highs }: Columns, low: number, high: number): number {
  const mask = flags.length - 1;
  let slot = low & mask;
  while (flags[slot] !== 0 && (lows[slot] !== low || highs[slot] !== high)) slot = (slot + 1) & mask;
  return slot;
}
