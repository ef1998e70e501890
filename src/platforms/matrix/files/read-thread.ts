// The thread in which one file of an unknown person is read.

import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { readFile } from "./read-file.ts";

const { bytes } = z.object({ bytes: z.instanceof(Uint8Array) }).parse(workerData);

parentPort?.postMessage(readFile(bytes));
