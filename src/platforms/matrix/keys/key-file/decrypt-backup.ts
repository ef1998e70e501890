import type { OpenedBackup } from "../../../keys.ts";
import type { RetryClock } from "../../reading/with-retries.ts";
import { withRetries } from "../../reading/with-retries.ts";
import type { StreamingClient } from "../read-keys.ts";
import { readKeys } from "../read-keys.ts";
import type { DecryptedSession } from "../worker/backup-job.ts";
import type { KeyWorker } from "../worker/key-worker.ts";

export interface DecryptOptions {
  readonly client: StreamingClient;
  readonly opened: OpenedBackup;
  readonly worker: Pick<KeyWorker, "job">;
  readonly clock: RetryClock;
  /** Called with some sessions at a time. The next ones wait for it. */
  readonly onSessions: (sessions: readonly DecryptedSession[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Decrypts every session of a backup once. Its answer is read again if the connection breaks.
 * @throws HomeserverError, UnreachableError
 */
export async function decryptBackup({
  client,
  opened,
  worker,
  clock,
  onSessions,
  signal,
}: DecryptOptions): Promise<void> {
  const order = { kind: "transfer", decryptWith: opened.key, encryptFor: null, signal } as const;
  await worker.job(order, async (job) => {
    const take = (slice: Uint8Array) => job.call("export", slice);
    const read = async () => {
      for await (const sessions of readKeys(client, opened.version, { job, take, signal }))
        await onSessions(sessions);
    };
    await withRetries(read, clock, { signal });
  });
}
