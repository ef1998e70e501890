import { randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const HEARTBEAT_MS = 2_000;
const STALE_AFTER_MS = 15_000;
const POLL_MS = 500;

interface Installation {
  /** The final folder. It appears by one rename, complete. */
  readonly folder: string;
  /** For the log, e.g. "Synapse in a Python environment". */
  readonly what: string;
  readonly log: (line: string) => void;
  /**
   * Whether the content of `folder` works; otherwise it is replaced. Called only while no other
   * process installs.
   */
  readonly isUsable: () => Promise<boolean>;
  /** Makes everything in a temporary folder beside it. */
  readonly install: (temporary: string) => Promise<void>;
}

/**
 * Installs something into a cache folder that several processes share. One process installs and the
 * others wait. A killed installer leaves neither a folder that looks finished nor a lock that
 * lasts; the next one cleans up.
 */
export async function installOnce({ folder, what, log, isUsable, install }: Installation): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  await using _ = await lock(`${folder}.lock`, () =>
    log(`${what}: waiting for another process that is installing it`),
  );
  if (await exists(folder)) {
    if (await isUsable()) return;
    log(`${what}: what was kept does not work any more, so it is made again`);
    await discard(folder);
  }
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(folder)}.unfinished-`)) await discard(join(parent, name));
  }
  const temporary = `${folder}.unfinished-${randomBytes(4).toString("hex")}`;
  const startedAt = Date.now();
  log(`${what}: installing`);
  try {
    await install(temporary);
    await rename(temporary, folder);
  } catch (error) {
    await discard(temporary);
    if (!(await exists(folder))) throw error;
  }
  log(`${what}: installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
}

/** Whether anything exists at this path. */
export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

// The folder is renamed first, so that an interrupted removal leaves nothing that looks finished.
async function discard(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  const doomed = folder.includes(".unfinished-")
    ? folder
    : `${folder}.unfinished-${randomBytes(4).toString("hex")}`;
  if (doomed !== folder) await rename(folder, doomed);
  // A process that a killed installer started may still be writing. The next installation tries
  // again.
  await rm(doomed, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {});
}

// A lock file whose holder touches it every two seconds. Node has no lock that the kernel releases.
// If two processes take over the same stale file at the same moment, both install, and the final
// rename lets only one win.
async function lock(path: string, onWaiting: () => void): Promise<AsyncDisposable> {
  const mine = randomBytes(8).toString("hex");
  let isWaiting = false;
  for (;;) {
    try {
      await writeFile(path, mine, { flag: "wx" });
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const touchedAt = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (touchedAt !== undefined && Date.now() - touchedAt > STALE_AFTER_MS) await rm(path, { force: true });
    else {
      if (!isWaiting) onWaiting();
      isWaiting = true;
      await sleep(POLL_MS);
    }
  }
  const heartbeat = setInterval(
    () => void utimes(path, new Date(), new Date()).catch(() => {}),
    HEARTBEAT_MS,
  );
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat);
      if ((await readFile(path, "utf8").catch(() => "")) === mine) await rm(path, { force: true });
    },
  };
}
