import { createHash } from "node:crypto";
import { isSameBackup } from "../../../../model/key-backup.ts";
import type { KeyExportRequest, KeyExportResult } from "../../../keys.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import type { RetryClock } from "../../reading/with-retries.ts";
import type { ComparedAccount } from "../compare.ts";
import type { DecryptedSession } from "../worker/backup-job.ts";
import type { KeyWorker } from "../worker/key-worker.ts";
import { decryptBackup } from "./decrypt-backup.ts";
import { entryText } from "./entry.ts";
import { listBytesIn, writeKeyFile } from "./write.ts";

/** Larger files are divided, because each is in memory at once. About 7,000 sessions. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;

export interface ExportOptions {
  readonly account: ComparedAccount;
  readonly worker: Pick<KeyWorker, "job">;
  readonly clock: RetryClock;
  /** Of PBKDF2. */
  readonly rounds: number;
}

/**
 * Writes the keys of the old backup to key files.
 * @throws HomeserverError, UnreachableError, and what `onFile` throws
 */
export async function exportKeys(
  request: KeyExportRequest,
  { account, worker, clock, rounds }: ExportOptions,
): Promise<KeyExportResult> {
  const { opened, signal } = request;
  try {
    const backup = await account.backup();
    if (backup?.kind !== "known" || !isSameBackup(backup, opened)) return { status: "source_changed" };
    const files = new Files(request, { total: backup.count, rounds });
    const { client } = account;
    const onSessions = (sessions: readonly DecryptedSession[]): Promise<void> => files.add(sessions);
    await decryptBackup({ client, opened, worker, clock, onSessions, signal });
    await files.end();
    return { status: "exported", keys: files.keys, unusable: files.unusable };
  } catch (error) {
    if (signal.aborted) return { status: "aborted" };
    // The version is gone: the old account has reset its key storage.
    if (error instanceof HomeserverError && error.status === 404) return { status: "source_changed" };
    throw error;
  }
}

/** Collects sessions and hands them on in files. */
class Files {
  readonly #request: KeyExportRequest;
  readonly #total: number;
  readonly #rounds: number;
  readonly #maxListBytes: number;
  readonly unusable = new Map<string, number>();
  #entries: string[] = [];
  #listBytes = 0;
  keys = 0;

  constructor(request: KeyExportRequest, { total, rounds }: { total: number; rounds: number }) {
    this.#rounds = rounds;
    this.#request = request;
    this.#total = total;
    this.#maxListBytes = listBytesIn(Math.min(request.maxBytes, MAX_FILE_BYTES));
  }

  async add(sessions: readonly DecryptedSession[]): Promise<void> {
    for (const { roomId, sessionId, session } of sessions) {
      const text = session === null ? null : entryText(roomId, sessionId, session);
      if (text === null) {
        this.unusable.set(roomId, (this.unusable.get(roomId) ?? 0) + 1);
        continue;
      }
      // With its comma, and with the bracket that ends the list.
      const bytes = Buffer.byteLength(text) + 2;
      if (this.#entries.length > 0 && this.#listBytes + bytes > this.#maxListBytes) await this.#write();
      this.#entries.push(text);
      this.#listBytes += bytes;
      this.keys += 1;
    }
    await this.#report();
  }

  async end(): Promise<void> {
    if (this.#entries.length > 0) await this.#write();
  }

  #report(): Promise<void> {
    const unusable = [...this.unusable.values()].reduce((sum, count) => sum + count, 0);
    const done = this.keys + unusable;
    return this.#request.onProgress({ done, total: Math.max(this.#total, done) });
  }

  async #write(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#listBytes = 0;
    const hash = createHash("sha256");
    for (const entry of entries) hash.update(entry).update("\n");
    const { passphrase, onFile, signal } = this.#request;
    const bytes = await writeKeyFile(entries, passphrase, this.#rounds);
    signal.throwIfAborted();
    await onFile({ bytes, id: hash.digest("base64url"), keys: entries.length });
  }
}
