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

/**
 * Opens the crypto store below `storePath`, or creates it. The store has a folder of its own,
 * because matrix-bot-sdk keeps a file beside it. Rejects if the store was created with another key.
 */
export async function openStore(storePath: string, { key, log }: StoreConfiguration): Promise<StoreHandle> {
  const folder = join(storePath, "olm");
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
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const marker = join(folder, UNFINISHED);
  const databases = readdirSync(folder).filter((name) => name !== UNFINISHED);
  if (databases.length > 0 && !existsSync(marker)) return false;
  writeFileSync(marker, "The crypto store is being created.\n", { flush: true });
  syncFolder(folder);
  for (const name of databases) rmSync(join(folder, name), { recursive: true });
  return true;
}

/** Makes the names in a folder as durable as the files, against a power failure. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
