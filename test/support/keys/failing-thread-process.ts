/* A thread of keys that crashes at one call, and answers the others. */
import { parentPort } from "node:worker_threads";
import type { WorkerRequest } from "../../../src/platforms/matrix/keys/worker/messages.ts";

parentPort?.on("message", (request: WorkerRequest) => {
  if (request.kind !== "call") return;
  if (request.method === "begin") throw new Error("a text that nobody may see");
  parentPort?.postMessage({ call: request.call, memory: [], fault: null, result: null });
});
