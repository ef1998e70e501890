import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { BackupShapeError } from "./worker/backup-scanner.ts";
import type { KeyJob } from "./worker/key-worker.ts";

/** A client that reads backups in pieces. */
export type StreamingClient = Pick<HomeserverClient, "stream" | "baseUrl">;

/** Ten times the backup of a large account. */
const MAX_BACKUP_BYTES = 1_073_741_824;
/** The longest silence of a server. Servers put together the whole answer before they send it. */
export const BACKUP_IDLE_MS = 120_000;

const ALL_KEYS = "/_matrix/client/v3/room_keys/keys";

/** How a backup is read. */
export interface KeyReading<Result> {
  readonly job: KeyJob;
  /** What the job does with each slice. */
  readonly take: (slice: Uint8Array) => Promise<Result>;
  /** Reads only this room. */
  readonly roomId?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the keys of a backup, slice by slice. The next slice is read when the caller asks for it.
 * @throws HomeserverError, UnreachableError
 */
export async function* readKeys<Result>(
  client: StreamingClient,
  version: string,
  { job, take, roomId, signal }: KeyReading<Result>,
): AsyncGenerator<Result, void, undefined> {
  const chunks = await client.stream({
    path: roomId === undefined ? ALL_KEYS : apiPath`/_matrix/client/v3/room_keys/keys/${roomId}`,
    query: { version },
    maxBytes: MAX_BACKUP_BYTES,
    idleMs: BACKUP_IDLE_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  // The thread gets a slice before the answer to the one before it is used, so that it never waits.
  const answers: Promise<Result>[] = [];
  try {
    await job.call("begin");
    for await (const slice of slicesOf(roomId === undefined ? chunks : asBackup(chunks, roomId), job)) {
      const answer = take(slice);
      answer.catch(() => undefined);
      answers.push(answer);
      if (answers.length > 1) yield* answers.splice(0, 1);
    }
    yield* answers.splice(0);
    await job.call("end");
  } catch (error) {
    // What the thread has made must not be lost: it makes nothing twice.
    for (const made of await Promise.allSettled(answers.splice(0)))
      if (made.status === "fulfilled") yield made.value;
    throw asReadError(error, client);
  }
}

/** A backup that is not what the specification says counts as an answer that cannot be used. */
export function asReadError(error: unknown, { baseUrl }: Pick<StreamingClient, "baseUrl">): unknown {
  if (!(error instanceof BackupShapeError)) return error;
  return new UnreachableError(error.fault, new URL(baseUrl).host, error.detail);
}

/** The keys of one room, in the form of a whole backup. */
async function* asBackup(chunks: AsyncIterable<Uint8Array>, roomId: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`{"rooms":{${JSON.stringify(roomId)}:`);
  yield* chunks;
  yield Buffer.from("}}");
}

/** Copies of equal size, because the thread takes over the memory of a slice. */
async function* slicesOf(
  chunks: AsyncIterable<Uint8Array>,
  job: Pick<KeyJob, "slice">,
): AsyncGenerator<Uint8Array, void, undefined> {
  let slice = job.slice();
  let filled = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + slice.length - filled);
      slice.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled < slice.length) continue;
      yield slice;
      slice = job.slice();
      filled = 0;
    }
  }
  if (filled > 0) yield slice.subarray(0, filled);
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
