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
 * Opens the crypto store in `storePath`, or creates it there (in a folder of its own:
 * matrix-bot-sdk keeps a file of its own beside it). Rejects when the key is not the one the store
 * was created with.
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
 * Makes the folder ready and says whether the store in it is yet to be created. indexeddbshim keeps
 * a database's version in one SQLite file and its tables in another, so a crash while the store is
 * being created can leave it unusable. A marker stands in the folder during that time; where it
 * still stands, the store is begun anew: nobody has seen a key of it yet.
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

/** Makes the names in a folder as lasting as the files themselves, should the power fail. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
