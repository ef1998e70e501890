import type { Database } from "better-sqlite3";

const INCREMENTAL = 2;
/** The number of free pages that stay in the file for new rows. */
const KEPT_PAGES = 256;
/** The number of pages that are moved at once. The process does nothing else meanwhile. */
const MAX_PAGES_PER_PART = 500;

/**
 * Gives the pages of deleted rows back to the disk. The file of an earlier version is rewritten
 * once, which takes about a second for 100 MB.
 * @param signal ends it early
 */
export async function compact(sqlite: Database, signal?: AbortSignal): Promise<void> {
  if (free(sqlite) <= KEPT_PAGES) return;
  if (numberOf(sqlite, "auto_vacuum") !== INCREMENTAL) {
    sqlite.pragma("auto_vacuum = INCREMENTAL");
    sqlite.exec("VACUUM");
    return;
  }
  for (let left = free(sqlite); left > KEPT_PAGES;) {
    sqlite.pragma(`incremental_vacuum(${MAX_PAGES_PER_PART})`);
    await new Promise(setImmediate);
    signal?.throwIfAborted();
    const now = free(sqlite);
    if (now >= left) return;
    left = now;
  }
}

function free(sqlite: Database): number {
  return numberOf(sqlite, "freelist_count");
}

function numberOf(sqlite: Database, pragma: string): number {
  return Number(sqlite.pragma(pragma, { simple: true }));
}
