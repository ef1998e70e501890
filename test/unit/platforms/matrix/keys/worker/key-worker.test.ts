import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { KeyWorker, KeyWorkerError } from "../../../../../../src/platforms/matrix/keys/worker/key-worker.ts";

const NO_KEYS = { decryptWith: null, encryptFor: null };
const FAILING = new URL("../../../../../support/key-backup/failing-thread-process.ts", import.meta.url);
const lines: string[] = [];
const log = pino({}, { write: (line: string) => void lines.push(line) });
const open: KeyWorker[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((worker) => worker.stop()));
});

function start(entry?: URL): KeyWorker {
  const worker = new KeyWorker({ log, ...(entry && { entry }) });
  open.push(worker);
  return worker;
}

describe("the thread of the keys", () => {
  it("fails the jobs under way when it crashes, and the next job gets a new one", async () => {
    const worker = start(FAILING);
    const crashing = worker.job(NO_KEYS, (job) => job.call("begin"));
    await expect(crashing).rejects.toThrow(KeyWorkerError);
    await expect(worker.job(NO_KEYS, (job) => job.call("end"))).resolves.toBeNull();
    expect(lines.join("")).toContain("the thread of the keys failed");
    expect(lines.join("")).not.toContain("nobody may see");
  });

  it("tells what is wrong with a text, and fails only that job", async () => {
    const worker = start();
    const broken = worker.job(NO_KEYS, async (job) => {
      await job.call("begin");
      await job.call("index", new TextEncoder().encode("<html>"));
    });
    await expect(broken).rejects.toMatchObject({ name: "BackupShapeError", fault: "not_json" });
    expect(await worker.job(NO_KEYS, (job) => job.call("counts"))).toMatchObject({ expected: 0 });
  });

  it("fails a job whose keys are none", async () => {
    const worker = start();
    const keys = { decryptWith: "no key", encryptFor: null };
    await expect(worker.job(keys, (job) => job.call("counts"))).rejects.toThrow(KeyWorkerError);
    expect(await worker.job(NO_KEYS, (job) => job.call("counts"))).toMatchObject({ expected: 0 });
  });

  it("lets more jobs wait than it takes at once", async () => {
    const worker = start();
    let running = 0;
    let most = 0;
    const jobs = Array.from({ length: 9 }, () =>
      worker.job(NO_KEYS, async (job) => {
        running += 1;
        most = Math.max(most, running);
        await job.call("counts");
        running -= 1;
      }),
    );
    await Promise.all(jobs);
    expect(most).toBe(4);
  });

  it("ends with the process, and fails the jobs under way", async () => {
    const worker = start();
    const job = worker.job(NO_KEYS, async ({ call }) => {
      await worker.stop();
      await call("counts");
    });
    await expect(job).rejects.toThrow(KeyWorkerError);
    await expect(worker.job(NO_KEYS, async () => undefined)).rejects.toThrow(KeyWorkerError);
  });
});
