import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { BackupShapeError } from "./worker/backup-scanner.ts";
import type { KeyJob } from "./worker/key-worker.ts";

/** A client that reads backups in pieces. */
export type StreamingClient = Pick<HomeserverClient, "stream" | "baseUrl">;

/** Ten times the backup of a large account. */
const MAX_BACKUP_BYTES = 1_073_741_824;
/** Servers put together the whole answer before they send it. */
const IDLE_MS = 120_000;
/** One slice of work in the thread. About seventy sessions. */
const SLICE_BYTES = 65_536;

/** How a backup is read. */
export interface KeyReading<Result> {
  readonly job: KeyJob;
  /** What the job does with each slice. */
  readonly take: (slice: Uint8Array) => Promise<Result>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the keys of a backup, slice by slice. The next slice is read when the caller asks for it.
 * @throws HomeserverError, UnreachableError
 */
export async function* readKeys<Result>(
  client: StreamingClient,
  version: string,
  { job, take, signal }: KeyReading<Result>,
): AsyncGenerator<Result, void, undefined> {
  const chunks = await client.stream({
    path: "/_matrix/client/v3/room_keys/keys",
    query: { version },
    maxBytes: MAX_BACKUP_BYTES,
    idleMs: IDLE_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    await job.call("begin");
    for await (const chunk of chunks) for (const slice of slicesOf(chunk)) yield await take(slice);
    await job.call("end");
  } catch (error) {
    if (!(error instanceof BackupShapeError)) throw error;
    throw new UnreachableError(error.fault, new URL(client.baseUrl).host, error.detail);
  }
}

/** Copies, because the thread takes over the memory of a slice. */
function* slicesOf(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let from = 0; from < chunk.length; from += SLICE_BYTES)
    yield new Uint8Array(chunk.subarray(from, from + SLICE_BYTES));
}

/**
 * Reads the keys of a backup to their end.
 * @throws like `readKeys`
 */
export async function readAllKeys(
  client: StreamingClient,
  version: string,
  reading: KeyReading<void>,
): Promise<void> {
  const slices = readKeys(client, version, reading);
  while ((await slices.next()).done !== true);
}
