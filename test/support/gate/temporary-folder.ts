import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs something with a temporary folder of its own, which is removed at its end. */
export async function withTemporaryFolder<Result>(run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "gate-"));
  try {
    return await run(folder);
  } finally {
    // A server whose test has died may need some seconds to end, and writes into the folder until
    // then.
    await rm(folder, { recursive: true, force: true, maxRetries: 15, retryDelay: 200 });
  }
}
