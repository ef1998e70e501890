import type { BackupIdentity } from "../../../../model/key-backup.ts";
import { anyAnswer } from "../../api/any-answer.ts";
import type { HomeserverClient } from "../../api/homeserver-client.ts";
import type { HomeserverError } from "../../api/homeserver-error.ts";
import type { OfferedSession, UploadedEntry } from "../worker/offer.ts";
import type { BackoffOptions } from "./backoff.ts";
import { endCopy, isRefusedRequest, withBackoff } from "./backoff.ts";
import { EndOfCopy } from "./end-of-copy.ts";

/** Some servers read the whole backup for each request. */
const TIMEOUT_MS = 120_000;
const TOO_LARGE = 413;
/** Servers answer so if the version is another one, and also if they dislike an entry. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 404, TOO_LARGE]);

export interface UploadOptions extends BackoffOptions {
  readonly client: Pick<HomeserverClient, "request">;
  readonly to: BackupIdentity;
  /** Sessions a batch at first. */
  readonly batchSize: number;
  /** Whether the backup held sessions when the copy began. */
  readonly isTargetFilled: boolean;
  /** @throws OtherTargetBackup if the new backup is another one by now */
  readonly assertSameTarget: () => Promise<void>;
  /** Called after each batch that the server took. */
  readonly onTaken: () => Promise<void>;
}

/** Puts batches of sessions into the new backup. */
export class Upload {
  readonly #options: UploadOptions;
  readonly #refused = new Map<string, number>();
  #batchSize: number;
  #taken = 0;
  #refusedCount = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#batchSize = Math.max(1, options.batchSize);
  }

  get batchSize(): number {
    return this.#batchSize;
  }

  /** Sessions that the server took. */
  get taken(): number {
    return this.#taken;
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Sessions that the server refused one by one, by room. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused;
  }

  /** @throws EndOfCopy, OtherTargetBackup */
  async send(batch: readonly OfferedSession[]): Promise<void> {
    for (let from = 0; from < batch.length;) {
      const piece = batch.slice(from, from + this.#batchSize);
      await this.#sendPiece(piece);
      from += piece.length;
    }
  }

  async #sendPiece(piece: readonly OfferedSession[]): Promise<void> {
    let refusal = await this.#put(piece);
    if (refusal !== null && refusal.status !== TOO_LARGE) {
      await this.#options.assertSameTarget();
      refusal = await this.#put(piece);
    }
    if (refusal === null) {
      await this.#note(piece);
      return;
    }
    const takenBefore = this.#taken;
    await this.#halve(piece, refusal, { largest: 0 });
    if (this.#taken > takenBefore) return;
    // A last batch of one bad entry is no sign that the server refuses everything.
    const isServerWilling = this.#options.isTargetFilled || this.#taken > 0;
    if (piece.length === 1 && isServerWilling) return;
    // The backup may have been replaced while the halves were sent.
    await this.#options.assertSameTarget();
    throw new EndOfCopy({ status: "stopped", reason: "batch_refused", text: refusal.text });
  }

  /** @param taken the largest part of the batch that the server took */
  async #halve(
    batch: readonly OfferedSession[],
    refusal: HomeserverError,
    taken: { largest: number },
  ): Promise<void> {
    const [only, ...more] = batch;
    if (only !== undefined && more.length === 0) {
      this.#refused.set(only.roomId, (this.#refused.get(only.roomId) ?? 0) + 1);
      this.#refusedCount += 1;
      return;
    }
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const next = await this.#put(half);
      if (next !== null) {
        await this.#halve(half, next, taken);
        continue;
      }
      taken.largest = Math.max(taken.largest, half.length);
      if (refusal.status === TOO_LARGE) this.#batchSize = taken.largest;
      await this.#note(half);
    }
  }

  async #note(batch: readonly OfferedSession[]): Promise<void> {
    this.#taken += batch.length;
    await this.#options.onTaken();
  }

  /** `null`: the server took it. @throws EndOfCopy */
  async #put(batch: readonly OfferedSession[]): Promise<HomeserverError | null> {
    const { client, to, signal } = this.#options;
    try {
      await withBackoff("target", this.#options, () =>
        client.request({
          method: "PUT",
          path: "/_matrix/client/v3/room_keys/keys",
          query: { version: to.version },
          body: { rooms: roomsOf(batch) },
          schema: anyAnswer,
          timeoutMs: TIMEOUT_MS,
          signal,
        }),
      );
      return null;
    } catch (error) {
      return isRefusedRequest(error) && REFUSALS.has(error.status) ? error : endCopy("target", error);
    }
  }
}

function roomsOf(
  batch: readonly OfferedSession[],
): Record<string, { sessions: Record<string, UploadedEntry> }> {
  const rooms = new Map<string, [string, UploadedEntry][]>();
  for (const { roomId, sessionId, entry } of batch) {
    const sessions = rooms.get(roomId);
    if (sessions === undefined) rooms.set(roomId, [[sessionId, entry]]);
    else sessions.push([sessionId, entry]);
  }
  // `fromEntries` also takes names like "__proto__" as they are.
  return Object.fromEntries(
    [...rooms].map(([roomId, sessions]) => [roomId, { sessions: Object.fromEntries(sessions) }]),
  );
}
