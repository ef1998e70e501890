import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file system of its own that can be filled up. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves no byte. */
  fill(): void;
  /** Makes room again. */
  clear(): void;
  /** Removes the file system. */
  remove(): Promise<void>;
}

/** Mounts a small file system in memory. Needs root, as the lab does. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const path = mkdtempSync(join(tmpdir(), "small-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
  const filler = join(path, "filler");
  return {
    path,
    fill: () => fillUp(filler),
    clear: () => rmSync(filler, { force: true }),
    remove: async () => {
      await run("umount", ["--lazy", path]);
      rmSync(path, { recursive: true });
    },
  };
}

/** Large pieces first, then small ones, until the disk takes no more. */
function fillUp(path: string): void {
  const file = openSync(path, "w");
  for (const size of [1_048_576, 4_096, 1]) {
    const piece = Buffer.alloc(size);
    try {
      for (;;) writeSync(file, piece);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }
  closeSync(file);
}
