import { mkdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { withTemporaryFolder } from "../../../support/gate/temporary-folder.ts";

it("removes a stage's temporary files after its end", async () => {
  const folder = await withTemporaryFolder(async (path) => {
    await fill(path);
    return path;
  });
  await expect(stat(folder)).rejects.toThrow("ENOENT");
});

it("removes a stage's temporary files after its failure", async () => {
  let folder = "";
  const run = withTemporaryFolder(async (path) => {
    folder = path;
    await fill(path);
    throw new Error("no memory is left");
  });
  await expect(run).rejects.toThrow("no memory is left");
  await expect(stat(folder)).rejects.toThrow("ENOENT");
});

it("takes the usual place where memory has no room", async () => {
  for (const memory of ["/nowhere", "/proc"])
    expect(dirname(await withTemporaryFolder((path) => Promise.resolve(path), memory))).toBe(tmpdir());
});

async function fill(folder: string): Promise<void> {
  await mkdir(join(folder, "mover-store-1"));
  await writeFile(join(folder, "mover-store-1", "mover.sqlite"), "rows");
}
