import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  THREAD_START,
  threadSources,
} from "../../../../../../src/platforms/matrix/keys/worker/thread-source.ts";

const ENTRY = `
import { parentPort } from "node:worker_threads";
import type { Shape } from "./shape.ts";
import { shape } from "./shape.ts";

const found: Shape = shape;
parentPort?.postMessage(found);
`;
const SHAPE = `
export interface Shape { sides: number }
export const shape: Shape = { sides: 4 };
`;

describe("the code of a thread", () => {
  let folder: string;
  let entry: URL;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "thread-source-"));
    await writeFile(join(folder, "entry.ts"), ENTRY);
    await writeFile(join(folder, "shape.ts"), SHAPE);
    entry = pathToFileURL(join(folder, "entry.ts"));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it("is the module and all that it imports, without types", async () => {
    const sources = await threadSources(entry);
    expect([...sources.keys()]).toEqual([entry.href, new URL("./shape.ts", entry).href]);
    expect([...sources.values()].join("")).not.toContain("Shape ");
  });

  it("runs as it was read", async () => {
    const sources = await threadSources(entry);
    await writeFile(join(folder, "shape.ts"), SHAPE.replace("4", "5"));
    const worker = new Worker(THREAD_START, { eval: true, workerData: { entry: entry.href, sources } });
    expect(await once(worker, "message")).toEqual([{ sides: 4 }]);
    await worker.terminate();
  });
});
