import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StoreHandle } from "@matrix-org/matrix-sdk-crypto-wasm";
import type { StoreConfiguration } from "./configuration.ts";
import { installIndexedDb } from "./indexed-db.ts";

const STORE_NAME = "bot";
const UNFINISHED = "unfinished";
const PROBE_FILE = "trial";
/** The size of the probe file: more than SQLite needs for a change. */
const PROBE_BYTES = 256 * 1024;

/**
 * Opens the crypto store below `storePath`, or creates it. The store has a folder of its own,
 * because other files may be beside it. Rejects if the store was created with another key, or if
 * nothing can be written.
 */
export async function openStore(storePath: string, { key, log }: StoreConfiguration): Promise<StoreHandle> {
  const folder = join(storePath, "olm");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertWritable(folder);
  const isUnfinished = prepareFolder(folder);
  await installIndexedDb(folder);
  if (isUnfinished) {
    const created = await StoreHandle.openWithKey(STORE_NAME, key, log);
    created.free();
    rmSync(join(folder, UNFINISHED));
    syncFolder(folder);
  }
  return StoreHandle.openWithKey(STORE_NAME, key, log);
}

/**
 * Prepares the folder. Returns whether the store in it must still be created.
 *
 * indexeddbshim keeps a database's version in one SQLite file and its tables in another. So a crash
 * during the creation of the store can leave it unusable. A marker is in the folder during that
 * time. If the marker is found, the store is created again, because nobody knows a key of it yet.
 */
function prepareFolder(folder: string): boolean {
  const marker = join(folder, UNFINISHED);
  const databases = readdirSync(folder).filter((name) => name !== UNFINISHED && name !== PROBE_FILE);
  if (databases.length > 0 && !existsSync(marker)) return false;
  writeFileSync(marker, "The crypto store is being created.\n", { flush: true });
  syncFolder(folder);
  for (const name of databases) rmSync(join(folder, name), { recursive: true });
  return true;
}

/**
 * Writes a file and removes it, so that a full or read-only disk is noticed before the library
 * depends on a write.
 */
function assertWritable(folder: string): void {
  const path = join(folder, PROBE_FILE);
  try {
    writeFileSync(path, Buffer.alloc(PROBE_BYTES), { flush: true });
  } finally {
    rmSync(path, { force: true });
  }
}

/** Makes the names in a folder as durable as the files, against a power failure. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
