import type { Logger } from "pino";
import type { BackupIdentity, KeyBackup, KnownKeyBackup } from "../../../../model/key-backup.ts";
import { isSameBackup } from "../../../../model/key-backup.ts";
import type { KeyCopyRequest, KeyCopyResult } from "../../../keys.ts";
import type { HomeserverClient } from "../../api/homeserver-client.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import type { RetryClock } from "../../reading/with-retries.ts";
import { readAllKeys } from "../read-keys.ts";
import type { KeyJob, KeyWorker } from "../worker/key-worker.ts";
import { KeyWorkerError } from "../worker/key-worker.ts";
import type { Offer, OfferedSession } from "../worker/offer.ts";
import { endCopy, withBackoff } from "./backoff.ts";
import { batchesOf, oneAhead } from "./batches.ts";
import { EndOfCopy, OtherTargetBackup } from "./end-of-copy.ts";
import type { SourceOfKeys } from "./key-source.ts";
import { keysOfBackup, keysOfFile } from "./key-source.ts";
import { Upload } from "./upload.ts";

/** An account of a copy. */
export interface CopiedAccount {
  readonly client: Pick<HomeserverClient, "request" | "stream" | "baseUrl">;
  /** Which backup it has now. Sends each request once. */
  readonly backup: (options: { isSignatureChecked: boolean }) => Promise<KeyBackup>;
}

export interface CopyOptions {
  /** `null`: the keys come from a file. */
  readonly source: CopiedAccount | null;
  readonly target: CopiedAccount;
  readonly worker: Pick<KeyWorker, "job">;
  readonly clock: RetryClock;
  readonly log: Logger;
}

/** Adds the missing keys to the new backup. Safe to repeat. @throws only for bugs */
export async function copyKeys(request: KeyCopyRequest, options: CopyOptions): Promise<KeyCopyResult> {
  const copy = new Copy(request, options);
  try {
    return await copy.run();
  } catch (error) {
    if (error instanceof EndOfCopy) return error.result;
    if (request.signal.aborted) return { status: "aborted" };
    throw error;
  }
}

class Copy {
  readonly #request: KeyCopyRequest;
  readonly #options: CopyOptions;
  /** The backup that is written to. */
  #to: BackupIdentity;
  #hasStartedOver: boolean;
  #batchSize: number;

  constructor(request: KeyCopyRequest, options: CopyOptions) {
    this.#request = request;
    this.#options = options;
    this.#to = { version: request.to.version, publicKey: request.to.publicKey };
    this.#hasStartedOver = request.hasStartedOver;
    this.#batchSize = request.batchSize;
  }

  /** @throws EndOfCopy */
  async run(): Promise<KeyCopyResult> {
    const source = await this.#source();
    let hasWorkerFailed = false;
    for (;;) {
      try {
        const present = await this.#assertSameTarget();
        const order = {
          ...({ kind: "transfer", signal: this.#request.signal } as const),
          ...{ decryptWith: source.decryptWith, encryptFor: this.#to.publicKey },
          sessions: Math.max(source.count, present.count),
        };
        return await this.#options.worker.job(order, (job) => this.#copyInto(job, source));
      } catch (error) {
        if (error instanceof OtherTargetBackup) await this.#startOver();
        else if (!(error instanceof KeyWorkerError) || hasWorkerFailed) throw error;
        else hasWorkerFailed = true;
      }
    }
  }

  async #source(): Promise<SourceOfKeys> {
    const { from } = this.#request;
    if (from.kind === "file") return keysOfFile(from);
    const { source } = this.#options;
    if (source === null) throw new TypeError("a copy from a backup needs its account");
    const present = await this.#ask("source", () => source.backup({ isSignatureChecked: false }));
    if (present.kind !== "known" || !isSameBackup(present, from.opened))
      throw new EndOfCopy({ status: "source_changed" });
    return keysOfBackup({ opened: from.opened, count: present.count }, source.client, this.#backoff());
  }

  async #copyInto(job: KeyJob, source: SourceOfKeys): Promise<KeyCopyResult> {
    await this.#readTarget((slice) => job.call("index", slice), job);
    await source.compare(job);
    const atFirst = await job.call("counts");
    let unusable = 0;
    const report = async () => {
      this.#batchSize = upload.batchSize;
      const done = atFirst.present + unusable + upload.refusedCount + upload.taken;
      await this.#request.onProgress({
        done,
        total: Math.max(atFirst.expected, done),
        alreadyThere: atFirst.present,
        batchSize: upload.batchSize,
      });
    };
    const upload = new Upload({
      ...this.#backoff(),
      client: this.#options.target.client,
      to: this.#to,
      batchSize: this.#batchSize,
      isTargetFilled: atFirst.target > 0,
      assertSameTarget: async () => {
        await this.#assertSameTarget();
      },
      onTaken: report,
    });
    await report();
    const offers = sessionsOf(source.offers(job), (count) => {
      unusable = count;
    });
    for await (const batch of oneAhead(batchesOf(offers, () => upload.batchSize))) await upload.send(batch);
    return this.#result(job, upload);
  }

  async #result(job: KeyJob, upload: Upload): Promise<KeyCopyResult> {
    const backup = await this.#assertSameTarget();
    const { expected, present, target, added } = await job.call("counts");
    const unusable = sum(await job.call("unusable"), upload.refused);
    const isFitting = backup.count === target + added - upload.refusedCount;
    const lost = isFitting ? new Map<string, number>() : await this.#lost(job, upload);
    return {
      status: "copied",
      to: this.#to,
      counts: {
        expected,
        copied: upload.taken - total(lost),
        alreadyThere: present,
        unusable: total(unusable),
      },
      unusable,
      lost,
    };
  }

  /** The server's count is another one, so that the sent sessions are looked for. */
  async #lost(job: KeyJob, upload: Upload): Promise<ReadonlyMap<string, number>> {
    await this.#readTarget((slice) => job.call("confirm", slice), job);
    const missing = await job.call("unconfirmed");
    const rooms = [...missing].map(
      ([roomId, count]) => [roomId, count - (upload.refused.get(roomId) ?? 0)] as const,
    );
    const lost = new Map(rooms.filter(([, count]) => count > 0));
    if (lost.size > 0) this.#options.log.warn({ rooms: lost.size }, "a server lost keys that it had taken");
    return lost;
  }

  async #readTarget(take: (slice: Uint8Array) => Promise<void>, job: KeyJob): Promise<void> {
    const { client } = this.#options.target;
    const { signal } = this.#request;
    try {
      await withBackoff("target", this.#backoff(), () =>
        readAllKeys(client, this.#to.version, { job, take, signal }),
      );
    } catch (error) {
      if (!(error instanceof HomeserverError) || error.status !== 404) endCopy("target", error);
      // Some servers have no keys to show, others no longer have the version.
      await this.#assertSameTarget();
    }
  }

  /** @throws OtherTargetBackup, EndOfCopy if there is none */
  async #assertSameTarget(): Promise<KnownKeyBackup> {
    const { target } = this.#options;
    const present = await this.#ask("target", () => target.backup({ isSignatureChecked: false }));
    if (present.kind === "known" && isSameBackup(present, this.#to)) return present;
    known(present);
    throw new OtherTargetBackup();
  }

  /** The copy goes on with another backup, once, if the account has signed it. */
  async #startOver(): Promise<void> {
    const { target } = this.#options;
    if (this.#hasStartedOver) throw new EndOfCopy({ status: "stopped", reason: "changed_again", text: "" });
    const backup = known(await this.#ask("target", () => target.backup({ isSignatureChecked: true })));
    if (backup.isSigned !== true) throw new EndOfCopy({ status: "no_target_backup", reason: "unsigned" });
    this.#to = { version: backup.version, publicKey: backup.publicKey };
    this.#hasStartedOver = true;
    await this.#request.onStartedOver(this.#to);
  }

  async #ask(side: "source" | "target", read: () => Promise<KeyBackup>): Promise<KeyBackup> {
    return await withBackoff(side, this.#backoff(), read).catch((error: unknown) => endCopy(side, error));
  }

  #backoff() {
    return { clock: this.#options.clock, signal: this.#request.signal };
  }
}

async function* sessionsOf(
  offers: AsyncIterable<Offer>,
  onUnusable: (count: number) => void,
): AsyncGenerator<readonly OfferedSession[], void, undefined> {
  for await (const { sessions, unusable } of offers) {
    onUnusable(unusable);
    yield sessions;
  }
}

/** @throws EndOfCopy if there is no backup that may be written to */
function known(backup: KeyBackup): KnownKeyBackup {
  switch (backup.kind) {
    case "known":
      return backup;
    case "none":
      throw new EndOfCopy({
        status: "no_target_backup",
        reason: backup.isSwitchedOff ? "switched_off" : "none",
      });
    case "unknown_algorithm":
      throw new EndOfCopy({ status: "no_target_backup", reason: "unknown_algorithm" });
  }
}

function sum(
  left: ReadonlyMap<string, number>,
  right: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const both = new Map(left);
  for (const [roomId, count] of right) both.set(roomId, (both.get(roomId) ?? 0) + count);
  return both;
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
