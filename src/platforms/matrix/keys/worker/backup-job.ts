import type { KeyObject } from "node:crypto";
import type { RoomKeys } from "../../../../model/key-backup.ts";
import type { KeyFileEntry } from "../../../key-files.ts";
import { backupPrivateKey, backupPublicKey, decryptSession, encryptSession } from "../backup-cipher.ts";
import type { BackupEntry } from "./backup-entry.ts";
import { readEntry } from "./backup-entry.ts";
import type { OnEntry } from "./backup-scanner.ts";
import { BackupScanner } from "./backup-scanner.ts";
import type { Offer, OfferedSession, UploadedEntry } from "./offer.ts";
import { firstMessageIndexOf } from "./room-key.ts";
import {
  CONFIRMED,
  HANDLED,
  IN_SOURCE,
  IN_TARGET,
  LEFT_ALONE,
  NO_INDEX,
  OFFERED,
  SessionTable,
} from "./session-table.ts";

/** The keys of a job, base64. */
export interface JobKeys {
  /** The private key of the old backup: a secret. */
  readonly decryptWith: string | null;
  /** The public key of the new backup. */
  readonly encryptFor: string | null;
  /** Room for so many sessions is made at once. */
  readonly sessions?: number;
}

/** A session of the old backup. */
export interface DecryptedSession {
  readonly roomId: string;
  readonly sessionId: string;
  /** The JSON of the session: a secret. `null`: it cannot be decrypted. */
  readonly session: string | null;
}

/** The counts of a job, in sessions. */
export interface JobCounts {
  /** Sessions of the old backup. */
  readonly expected: number;
  /** Of them, those that the new backup had at first. */
  readonly present: number;
  /** Sessions of the new backup at first. */
  readonly target: number;
  /** Offered sessions that the new backup had in no form. */
  readonly added: number;
}

interface RoomTally {
  expected: number;
  present: number;
  unusable: number;
  offered: number;
  confirmed: number;
}

/**
 * The work on the keys of two backups. The texts of the servers come in pieces: `begin`, the pieces
 * by one of the methods, `end`. Reading again is safe. Each session is offered once.
 */
export class BackupJob {
  readonly #decryptWith: KeyObject | null;
  readonly #encryptFor: KeyObject | null;
  readonly #table: SessionTable;
  readonly #tallies = new Map<string, RoomTally>();
  #onEntry: OnEntry = () => undefined;
  #scanner = new BackupScanner(() => undefined);
  #offered: OfferedSession[] = [];
  #exported: DecryptedSession[] = [];
  #target = 0;
  #added = 0;
  #unusable = 0;

  constructor({ decryptWith, encryptFor, sessions = 0 }: JobKeys) {
    this.#table = new SessionTable(sessions);
    this.#decryptWith = decryptWith === null ? null : backupPrivateKey(decryptWith);
    this.#encryptFor = encryptFor === null ? null : backupPublicKey(encryptFor);
  }

  /** A backup is read from its beginning. */
  begin(): void {
    this.#scanner = new BackupScanner((roomId, sessionId, json) => this.#onEntry(roomId, sessionId, json));
  }

  /** @throws BackupShapeError if the text is incomplete */
  end(): void {
    this.#scanner.end();
  }

  /** Reads the new backup. */
  index(chunk: Uint8Array): void {
    this.#scan(chunk, (roomId, sessionId, entry) => {
      // What is no object can be no use to a client, so that it may be replaced.
      if (entry === null) return;
      const slot = this.#table.slot(roomId, sessionId);
      if (!this.#table.has(slot, IN_TARGET)) this.#target += 1;
      this.#table.mark(slot, IN_TARGET);
      if (entry.isVerified) this.#table.mark(slot, LEFT_ALONE);
      this.#table.lowerTargetIndex(slot, entry.firstMessageIndex ?? 0);
      this.#table.raiseForwardedCount(slot, entry.forwardedCount);
    });
  }

  /** Compares the old backup with the new one. */
  compare(chunk: Uint8Array): void {
    this.#scan(chunk, (roomId, sessionId, entry) =>
      this.#compareOne(roomId, sessionId, entry?.firstMessageIndex ?? NO_INDEX),
    );
  }

  /** Compares entries of a key file with the new backup. */
  compareFile(entries: readonly KeyFileEntry[]): void {
    for (const { roomId, sessionId, firstMessageIndex } of entries)
      this.#compareOne(roomId, sessionId, firstMessageIndex);
  }

  /** Encrypts those sessions of the old backup that the new one lacks. */
  offer(chunk: Uint8Array): Offer {
    this.#scan(chunk, (roomId, sessionId, entry) => {
      const index = entry?.firstMessageIndex ?? NO_INDEX;
      if (this.#isTurnOf(roomId, sessionId, index)) this.#offerOne(roomId, sessionId, entry);
    });
    return this.#takeOffer();
  }

  /** Encrypts those entries of a key file that the new backup lacks. */
  offerFile(entries: readonly KeyFileEntry[]): Offer {
    for (const entry of entries) {
      const { roomId, sessionId, firstMessageIndex } = entry;
      if (this.#isTurnOf(roomId, sessionId, firstMessageIndex)) this.#encryptOne(entry, 0);
    }
    return this.#takeOffer();
  }

  /** Decrypts the old backup. */
  export(chunk: Uint8Array): readonly DecryptedSession[] {
    this.#scan(chunk, (roomId, sessionId, entry) => {
      if (!this.#isTurnOf(roomId, sessionId, entry?.firstMessageIndex ?? NO_INDEX)) return;
      this.#exported.push({ roomId, sessionId, session: this.#decrypted(entry) });
    });
    return this.#exported.splice(0);
  }

  /** Looks for the sent sessions in the new backup. */
  confirm(chunk: Uint8Array): void {
    this.#scan(chunk, (roomId, sessionId, entry) => {
      if (entry === null) return;
      const slot = this.#table.slot(roomId, sessionId);
      const isFirst = this.#table.has(slot, OFFERED) && !this.#table.has(slot, CONFIRMED);
      if (!isFirst || (entry.firstMessageIndex ?? 0) > this.#table.targetIndex(slot)) return;
      this.#table.mark(slot, CONFIRMED);
      this.#tally(roomId).confirmed += 1;
    });
  }

  counts(): JobCounts {
    let expected = 0;
    let present = 0;
    for (const tally of this.#tallies.values()) {
      expected += tally.expected;
      present += tally.present;
    }
    return { expected, present, target: this.#target, added: this.#added };
  }

  /** The compared keys, by room. */
  rooms(): ReadonlyMap<string, RoomKeys> {
    const rooms = [...this.#tallies].filter(([, { expected }]) => expected > 0);
    return new Map(rooms.map(([roomId, { expected, present }]) => [roomId, { expected, present }]));
  }

  /** Rooms with unusable sessions, and how many. */
  unusable(): ReadonlyMap<string, number> {
    return this.#countByRoom(({ unusable }) => unusable);
  }

  /** Offered sessions that the new backup does not have, by room. */
  unconfirmed(): ReadonlyMap<string, number> {
    return this.#countByRoom(({ offered, confirmed }) => offered - confirmed);
  }

  #scan(
    chunk: Uint8Array,
    onEntry: (roomId: string, sessionId: string, entry: BackupEntry | null) => void,
  ): void {
    this.#onEntry = (roomId, sessionId, json) => onEntry(roomId, sessionId, readEntry(json));
    this.#scanner.write(chunk);
  }

  #compareOne(roomId: string, sessionId: string, index: number): void {
    const slot = this.#table.slot(roomId, sessionId);
    const wasSeen = this.#table.has(slot, IN_SOURCE);
    const wasPresent = wasSeen && this.#isPresent(slot);
    this.#table.mark(slot, IN_SOURCE);
    this.#table.lowerSourceIndex(slot, index);
    const tally = this.#tally(roomId);
    if (!wasSeen) tally.expected += 1;
    tally.present += Number(this.#isPresent(slot)) - Number(wasPresent);
  }

  #isPresent(slot: number): boolean {
    if (!this.#table.has(slot, IN_TARGET)) return false;
    return (
      this.#table.has(slot, LEFT_ALONE) || this.#table.targetIndex(slot) <= this.#table.sourceIndex(slot)
    );
  }

  /** Whether a session is still to be offered, and this is its entry with the lowest index. */
  #isTurnOf(roomId: string, sessionId: string, index: number): boolean {
    const slot = this.#table.slot(roomId, sessionId);
    // A client may have added it since the backups were compared.
    if (!this.#table.has(slot, IN_SOURCE)) this.#compareOne(roomId, sessionId, index);
    if (this.#table.has(slot, HANDLED) || this.#isPresent(slot)) return false;
    if (index > this.#table.sourceIndex(slot)) return false;
    this.#table.mark(slot, HANDLED);
    return true;
  }

  #offerOne(roomId: string, sessionId: string, entry: BackupEntry | null): void {
    const session = this.#decrypted(entry);
    const indexOfKey = session === null ? null : firstMessageIndexOf(session);
    if (session === null || indexOfKey === null) {
      this.#unusable += 1;
      this.#tally(roomId).unusable += 1;
      return;
    }
    const firstMessageIndex = entry?.firstMessageIndex ?? indexOfKey;
    this.#encryptOne({ roomId, sessionId, firstMessageIndex, session }, entry?.forwardedCount ?? 0);
  }

  #encryptOne({ roomId, sessionId, firstMessageIndex, session }: KeyFileEntry, forwardedCount: number): void {
    if (this.#encryptFor === null) throw new TypeError("the job has no public key");
    const slot = this.#table.slot(roomId, sessionId);
    const entry: UploadedEntry = {
      first_message_index: firstMessageIndex,
      // A lower count than that of the replaced entry lets some servers replace a better one.
      forwarded_count: Math.max(forwardedCount, this.#table.forwardedCount(slot)),
      is_verified: false,
      session_data: encryptSession(this.#encryptFor, session),
    };
    if (!this.#table.has(slot, IN_TARGET)) this.#added += 1;
    this.#table.mark(slot, OFFERED);
    this.#table.lowerTargetIndex(slot, firstMessageIndex);
    this.#tally(roomId).offered += 1;
    const bytes = Buffer.byteLength(JSON.stringify([roomId, { [sessionId]: entry }]));
    this.#offered.push({ roomId, sessionId, entry, bytes });
  }

  #decrypted(entry: BackupEntry | null): string | null {
    if (this.#decryptWith === null) throw new TypeError("the job has no private key");
    const session = entry?.session ?? null;
    if (session === null) return null;
    try {
      return decryptSession(this.#decryptWith, session);
    } catch {
      return null;
    }
  }

  #takeOffer(): Offer {
    return { sessions: this.#offered.splice(0), unusable: this.#unusable };
  }

  #tally(roomId: string): RoomTally {
    const known = this.#tallies.get(roomId);
    if (known !== undefined) return known;
    const tally = { expected: 0, present: 0, unusable: 0, offered: 0, confirmed: 0 };
    this.#tallies.set(roomId, tally);
    return tally;
  }

  #countByRoom(count: (tally: RoomTally) => number): ReadonlyMap<string, number> {
    const rooms = [...this.#tallies].map(([roomId, tally]) => [roomId, count(tally)] as const);
    return new Map(rooms.filter(([, number]) => number > 0));
  }
}
