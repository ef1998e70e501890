// The thread in which keys are compared, decrypted and encrypted. It starts no work by itself: each
// message is one slice of a job, so that the jobs take turns.

import { parentPort } from "node:worker_threads";
import { BackupJob } from "./backup-job.ts";
import { BackupShapeError } from "./backup-scanner.ts";
import type { CallFault, WorkerRequest } from "./messages.ts";
import { memoryIn } from "./messages.ts";

const jobs = new Map<number, BackupJob>();

parentPort?.on("message", (request: WorkerRequest) => {
  switch (request.kind) {
    case "open":
      open(request);
      break;
    case "call": {
      const memory = memoryIn(request.arguments);
      parentPort?.postMessage({ ...answer(request), memory }, memory);
      break;
    }
    case "close":
      jobs.delete(request.job);
      break;
  }
});

/** A job with unusable keys is not opened, so that its calls fail. */
function open({ job, keys }: Extract<WorkerRequest, { kind: "open" }>): void {
  try {
    jobs.set(job, new BackupJob(keys));
  } catch {
    jobs.delete(job);
  }
}

function answer(
  request: Extract<WorkerRequest, { kind: "call" }>,
): { call: number; fault: null; result: unknown } | { call: number; fault: CallFault } {
  const { call, method } = request;
  try {
    const job = jobs.get(request.job);
    if (job === undefined) throw new TypeError("the job is closed");
    const called: unknown = Reflect.get(job, method);
    if (typeof called !== "function") throw new TypeError("no such method");
    return { call, fault: null, result: Reflect.apply(called, job, request.arguments) };
  } catch (error) {
    return { call, fault: faultOf(error) };
  }
}

/** The message of an error is left out: the parser of Node quotes the text that it failed on. */
function faultOf(error: unknown): CallFault {
  if (error instanceof BackupShapeError) return { kind: "shape", fault: error.fault, detail: error.detail };
  if (!(error instanceof Error)) return { kind: "bug", name: typeof error, stack: "" };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ +at /.test(line));
  return { kind: "bug", name: error.name, stack: frames.join("\n") };
}
