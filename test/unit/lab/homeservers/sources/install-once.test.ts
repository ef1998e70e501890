import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installOnce } from "../../../../lab/homeservers/sources/install-once.ts";

let cache: string;
let folder: string;
let installs: number;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "install-once-"));
  folder = join(cache, "thing");
  installs = 0;
});

afterEach(() => rm(cache, { recursive: true }));

function install(change: Partial<Parameters<typeof installOnce>[0]> = {}): Promise<void> {
  return installOnce({
    folder,
    what: "a thing",
    log: () => {},
    isUsable: () => Promise.resolve(true),
    install: async (temporary) => {
      installs += 1;
      await mkdir(temporary);
      await writeFile(join(temporary, "content"), "complete");
    },
    ...change,
  });
}

describe("an installation shared by several processes", () => {
  it("leaves exactly the finished folder", async () => {
    await install();
    expect(await readdir(cache)).toEqual(["thing"]);
    expect(await readFile(join(folder, "content"), "utf8")).toBe("complete");
  });

  it("is done once, however many want it at the same time", async () => {
    await Promise.all([install(), install(), install()]);
    expect(installs).toBe(1);
  });

  it("is made again when what was kept does not work", async () => {
    await install();
    await install({ isUsable: () => Promise.resolve(false) });
    expect(installs).toBe(2);
    expect(await readdir(cache)).toEqual(["thing"]);
  });

  it("leaves nothing when it fails, and reports the reason", async () => {
    const failing = async (temporary: string): Promise<void> => {
      await mkdir(temporary);
      throw new Error("no network");
    };
    await expect(install({ install: failing })).rejects.toThrow("no network");
    expect(await readdir(cache)).toEqual([]);
  });

  it("clears up after a process that was killed, and takes over its lock", async () => {
    await mkdir(join(cache, "thing.unfinished-0"));
    await writeFile(join(cache, "thing.lock"), "of a dead process");
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(cache, "thing.lock"), longAgo, longAgo);
    await install();
    expect(await readdir(cache)).toEqual(["thing"]);
  });
});
