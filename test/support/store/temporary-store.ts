import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";

export const secretKey = Buffer.alloc(32, 7);

const closings: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

/** A folder that is removed at the end of the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mover-store-"));
  closings.push(() => rm(folder, { recursive: true }));
  return folder;
}

/**
 * A store in its own folder. The test may close it and open it again. Only the folder is kept in
 * between.
 */
export async function temporaryStore(): Promise<{
  store: Store;
  dataDir: string;
  reopen: () => Promise<Store>;
}> {
  const dataDir = await temporaryFolder();
  let store = openStore({ dataDir, secretKey });
  let isOpen = true;
  closings.push(async () => {
    if (isOpen) await store.close();
  });
  const reopen = async (): Promise<Store> => {
    isOpen = false;
    await store.close();
    store = openStore({ dataDir, secretKey });
    isOpen = true;
    return store;
  };
  return { store, dataDir, reopen };
}

/** The bytes of all files of a data directory, with the database and its log. */
export function bytesIn(dataDir: string): string {
  return readdirSync(dataDir)
    .map((file) => readFileSync(join(dataDir, file), "latin1"))
    .join("\n");
}
