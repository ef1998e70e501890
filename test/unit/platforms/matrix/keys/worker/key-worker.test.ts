import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import type { KeyJobKind } from "../../../../../../src/platforms/matrix/keys/worker/key-worker.ts";
import { KeyWorker, KeyWorkerError } from "../../../../../../src/platforms/matrix/keys/worker/key-worker.ts";

const NO_KEYS = { kind: "compare", decryptWith: null, encryptFor: null } as const;
const FAILING = new URL("../../../../../support/keys/failing-thread-process.ts", import.meta.url);
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

  it("says what is wrong with a text, and fails only that job", async () => {
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
    const keys = { ...NO_KEYS, decryptWith: "no key" };
    await expect(worker.job(keys, (job) => job.call("counts"))).rejects.toThrow(KeyWorkerError);
    expect(await worker.job(NO_KEYS, (job) => job.call("counts"))).toMatchObject({ expected: 0 });
  });

  it.each<{ hanging: KeyJobKind; other: KeyJobKind }>([
    { hanging: "transfer", other: "compare" },
    { hanging: "compare", other: "transfer" },
  ])("works on jobs that $other while all jobs that $hanging wait for servers", async (kinds) => {
    const worker = start();
    const { promise: answer, resolve } = Promise.withResolvers<undefined>();
    const begun: number[] = [];
    const hanging = Array.from({ length: 5 }, (_, number) =>
      worker.job({ ...NO_KEYS, kind: kinds.hanging }, async () => {
        begun.push(number);
        await answer;
      }),
    );
    const other = worker.job({ ...NO_KEYS, kind: kinds.other }, (job) => job.call("counts"));
    expect(await other).toMatchObject({ expected: 0 });
    expect(begun).toEqual([0, 1, 2, 3]);
    resolve(undefined);
    await Promise.all(hanging);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it("lets no job wait for its turn that is aborted", async () => {
    const worker = start();
    const { promise: answer, resolve } = Promise.withResolvers<undefined>();
    const hanging = Array.from({ length: 4 }, () => worker.job(NO_KEYS, () => answer));
    const abort = new AbortController();
    const waiting = worker.job({ ...NO_KEYS, signal: abort.signal }, (job) => job.call("counts"));
    abort.abort(new Error("cancelled"));
    await expect(waiting).rejects.toThrow("cancelled");
    resolve(undefined);
    await Promise.all(hanging);
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
