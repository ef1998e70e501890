import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a function with a temporary folder, which is removed at its end. */
export async function withTemporaryFolder<Result>(run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "gate-"));
  try {
    return await run(folder);
  } finally {
    // After the death of a test its servers may need some seconds to end. Until then they write
    // into the folder.
    await rm(folder, { recursive: true, force: true, maxRetries: 15, retryDelay: 200 });
  }
}
