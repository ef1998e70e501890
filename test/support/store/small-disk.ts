import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A small file system in memory, for one test. */
export function smallDisk(size?: string): SmallDisk {
  const disk = new SmallDisk(size);
  onTestFinished(() => disk.remove());
  return disk;
}

/** A file system of its own, in memory. It must be removed before the folder that holds it. */
export class SmallDisk {
  readonly folder: string;

  constructor(size = "1m") {
    this.folder = mkdtempSync(join(tmpdir(), "mover-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", this.folder]);
  }

  remove(): void {
    execFileSync("umount", ["--lazy", this.folder]);
    rmdirSync(this.folder);
  }

  /** Uses up all space that is left. */
  fill(): void {
    for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeFileSync(join(this.folder, "filling"), Buffer.alloc(size, 1), { flag: "a" });
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      }
    }
  }

  free(): void {
    rmSync(join(this.folder, "filling"));
  }

  makeReadOnly(): void {
    execFileSync("mount", ["-o", "remount,ro", this.folder]);
  }
}
