import type { Account, Side } from "../../../model/account.ts";
import type { KeyComparison } from "../../../model/key-backup.ts";
import { guarded } from "../open-account.ts";
import type { RetryClock } from "../reading/with-retries.ts";
import { withRetries } from "../reading/with-retries.ts";
import type { ExistingBackup } from "./backup.ts";
import type { KeyReading, StreamingClient } from "./read-keys.ts";
import { readAllKeys } from "./read-keys.ts";
import type { KeyWorker } from "./worker/key-worker.ts";

/** An account of a comparison. */
export interface ComparedAccount {
  readonly account: Account;
  readonly client: StreamingClient;
  /** Which backup it has now; `null` for none. */
  readonly backup: () => Promise<ExistingBackup | null>;
}

export interface ComparisonOptions {
  readonly worker: Pick<KeyWorker, "job">;
  readonly clock: RetryClock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares the entries of both backups. Where the new one is empty or absent, only both versions
 * are read.
 * @throws UnreadableAccountError
 */
export async function compareBackups(
  { source, target }: Readonly<Record<Side, ComparedAccount>>,
  { worker, clock, signal }: ComparisonOptions,
): Promise<KeyComparison> {
  const old = await guarded(source.account, source.backup);
  if (old === null) return { kind: "none" };
  if (old.kind !== "known") return { kind: "unknown_algorithm" };
  if (old.count === 0) return { kind: "none" };
  const present = await guarded(target.account, target.backup);
  const from = { version: old.version, publicKey: old.publicKey };
  if (present?.kind !== "known" || present.count === 0) return { kind: "counted", from, expected: old.count };
  const sessions = Math.max(old.count, present.count);
  const order = { kind: "compare", decryptWith: null, encryptFor: null, sessions, signal } as const;
  const rooms = await worker.job(order, async (job) => {
    const read = async (side: ComparedAccount, version: string, take: KeyReading<void>["take"]) =>
      guarded(side.account, () =>
        withRetries(() => readAllKeys(side.client, version, { job, take, signal }), clock, { signal }),
      );
    await read(target, present.version, (slice) => job.call("index", slice));
    await read(source, old.version, (slice) => job.call("compare", slice));
    return job.call("rooms");
  });
  return { kind: "compared", from, rooms };
}
