import { access, constants, mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The file system that Linux keeps in memory. */
const MEMORY = "/dev/shm";
/** Several times what the files of a stage take. */
const MIN_FREE_BYTES = 4 * 1024 ** 3;

/**
 * Runs a function with a temporary folder, which is removed at its end. The folder is in memory
 * where there is much room: the databases wait for each commit, and on a disk that is a large part
 * of the tests' time. No test cuts the power.
 *
 * @param memory a folder in memory, by default that of Linux
 */
export async function withTemporaryFolder<Result>(
  run: (folder: string) => Promise<Result>,
  memory = MEMORY,
): Promise<Result> {
  const folder = await mkdtemp(join((await hasRoom(memory)) ? memory : tmpdir(), "gate-"));
  try {
    return await run(folder);
  } finally {
    // After the death of a test its servers may need some seconds to end. Until then they write
    // into the folder.
    await rm(folder, { recursive: true, force: true, maxRetries: 15, retryDelay: 200 });
  }
}

async function hasRoom(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize >= MIN_FREE_BYTES;
  } catch {
    return false;
  }
}
