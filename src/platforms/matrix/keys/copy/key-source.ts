import type { KeyFileEntry } from "../../../key-files.ts";
import type { KeySource, OpenedBackup } from "../../../keys.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import type { StreamingClient } from "../read-keys.ts";
import { readAllKeys, readKeys } from "../read-keys.ts";
import type { KeyJob } from "../worker/key-worker.ts";
import type { Offer } from "../worker/offer.ts";
import type { BackoffOptions } from "./backoff.ts";
import { Backoff, endCopy, withBackoff } from "./backoff.ts";
import { EndOfCopy } from "./end-of-copy.ts";

/** Where the keys of a copy come from, for a job. */
export interface SourceOfKeys {
  /** The private key of the old backup; `null` for a file. A secret. */
  readonly decryptWith: string | null;
  /** About how many sessions it has. */
  readonly count: number;
  /** Compares the source with the new backup. @throws EndOfCopy */
  compare(job: KeyJob): Promise<void>;
  /** What the new backup lacks. @throws EndOfCopy */
  offers(job: KeyJob): AsyncGenerator<Offer, void, undefined>;
}

/** Entries of a file that are handed to the thread at once. */
const FILE_SLICE = 50;

/** The keys of an opened file. */
export function keysOfFile({ content }: Extract<KeySource, { kind: "file" }>): SourceOfKeys {
  const { entries } = content;
  return {
    decryptWith: null,
    count: entries.length,
    async compare(job) {
      for (const slice of slicesOf(entries)) await job.call("compareFile", slice);
    },
    async *offers(job) {
      for (const slice of slicesOf(entries)) yield await job.call("offerFile", slice);
    },
  };
}

function* slicesOf(entries: readonly KeyFileEntry[]): Generator<readonly KeyFileEntry[], void, undefined> {
  for (let from = 0; from < entries.length; from += FILE_SLICE) yield entries.slice(from, from + FILE_SLICE);
}

/** The keys of the old backup. Its answer is read again if the connection breaks. */
export function keysOfBackup(
  { opened, count }: { opened: OpenedBackup; count: number },
  client: StreamingClient,
  options: BackoffOptions,
): SourceOfKeys {
  const { signal } = options;
  return {
    decryptWith: opened.key,
    count,
    async compare(job) {
      const take = (slice: Uint8Array) => job.call("compare", slice);
      try {
        await withBackoff("source", options, () =>
          readAllKeys(client, opened.version, { job, take, signal }),
        );
      } catch (error) {
        endFor(error);
      }
    },
    async *offers(job) {
      const take = (slice: Uint8Array) => job.call("offer", slice);
      const backoff = new Backoff("source", options);
      for (;;) {
        try {
          for await (const offer of readKeys(client, opened.version, { job, take, signal })) {
            if (offer.sessions.length > 0) backoff.reset();
            yield offer;
          }
          return;
        } catch (error) {
          await backoff.waitAfter(error).catch(endFor);
        }
      }
    },
  };
}

/** @throws EndOfCopy; the error if it is a bug */
function endFor(error: unknown): never {
  // The version is gone: the old account has reset its key storage.
  if (error instanceof HomeserverError && error.status === 404)
    throw new EndOfCopy({ status: "source_changed" });
  return endCopy("source", error);
}
