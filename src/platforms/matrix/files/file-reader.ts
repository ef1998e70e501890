import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { Slots } from "../../../model/slots.ts";
import type { FileReading } from "../../files.ts";
import { MAX_IMPORT_BYTES } from "../../files.ts";
import { THREAD_START, threadSources } from "../threads/thread-source.ts";

/**
 * Beyond it the thread ends and the process usually goes on. Node may end the process while it
 * clears such a thread, so readers measure a file before they parse it. Then the worst file needs
 * little less than this, and a real one of 20 MB half of it (measured with Node 24).
 */
const LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };
/** Real files take less than two seconds on a small machine. */
const MAX_READING_MS = 60_000;
/** Each file takes memory. Further ones wait. */
const MAX_READINGS = 1;

export interface FileReaderOptions {
  readonly log: Logger;
  /** The module of the thread. */
  readonly entry?: URL;
  readonly maxMs?: number;
}

/**
 * Reads files of unknown people, each in a thread of its own. A file that takes too much time or
 * memory ends only its thread.
 */
export class FileReader {
  readonly #options: FileReaderOptions;
  readonly #slots = new Slots(MAX_READINGS);

  constructor(options: FileReaderOptions) {
    this.#options = options;
  }

  /** @throws the reason of the signal, if it is aborted */
  read(bytes: Buffer, signal: AbortSignal): Promise<FileReading> {
    if (bytes.length > MAX_IMPORT_BYTES) return Promise.resolve({ status: "refused", mistake: "too_large" });
    return this.#slots.run([], () => this.#readInThread(bytes, signal), signal);
  }

  async #readInThread(bytes: Buffer, signal: AbortSignal): Promise<FileReading> {
    const { log, maxMs = MAX_READING_MS } = this.#options;
    const entry = this.#options.entry ?? new URL("./read-thread.ts", import.meta.url);
    const sources = await threadSources(entry);
    signal.throwIfAborted();
    // The bytes of a small file share their memory with others, which must stay here.
    const copy = new Uint8Array(bytes);
    const worker = new Worker(THREAD_START, {
      eval: true,
      workerData: { entry: entry.href, sources, bytes: copy },
      transferList: [copy.buffer],
      resourceLimits: LIMITS,
    });
    const ended = Promise.withResolvers<FileReading>();
    let isOver = false;
    const refuse = (cause: string): void => {
      // An error is followed by the end of the thread, and so is an answer.
      if (isOver) return;
      isOver = true;
      log.warn({ cause, bytes: bytes.length }, "a file could not be read");
      ended.resolve({ status: "refused", mistake: "unreadable" });
    };
    const timer = setTimeout(() => refuse("time"), maxMs);
    const abort = (): void => ended.reject(signal.reason);
    signal.addEventListener("abort", abort);
    worker.once("message", (reading: FileReading) => {
      isOver = true;
      ended.resolve(reading);
    });
    // The message of an error may quote the file.
    worker.on("error", (error: unknown) =>
      refuse(error instanceof Error && "code" in error ? String(error.code) : "bug"),
    );
    worker.once("exit", () => refuse("exit"));
    try {
      return await ended.promise;
    } finally {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      await worker.terminate();
    }
  }
}
