import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { Slots } from "../../../model/slots.ts";
import type { FileReading } from "../../files.ts";
import { MAX_IMPORT_BYTES } from "../../files.ts";

/**
 * Beyond these megabytes the process of the file ends. The worst file needs little less, and a real
 * one of 20 MB half of it (measured with Node 24). A thread would not do: Node can end the whole
 * process while it clears a thread that has used up its memory.
 */
const MEMORY = ["--max-old-space-size=256", "--max-semi-space-size=16"];
/** Nobody reads what this process prints. */
const WARNINGS = ["--no-warnings"];
/** A real file takes less than a second, and one of 20 MB some seconds, on a small machine. */
const MAX_READING_MS = 60_000;
/** Each file takes memory. Further ones wait. */
const MAX_READINGS = 1;

export interface FileReaderOptions {
  readonly log: Logger;
  /** The module of the process. */
  readonly entry?: URL;
  readonly maxMs?: number;
}

/**
 * Reads files of unknown people, each in a process of its own, which has no secret. A file that
 * takes too much time or memory ends only that process.
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
    return this.#slots.run([], () => this.#readInProcess(bytes, signal), signal);
  }

  async #readInProcess(bytes: Buffer, signal: AbortSignal): Promise<FileReading> {
    signal.throwIfAborted();
    const { log, maxMs = MAX_READING_MS } = this.#options;
    const entry = this.#options.entry ?? new URL("./file-reading-process.ts", import.meta.url);
    const child = fork(fileURLToPath(entry), {
      execArgv: [...MEMORY, ...WARNINGS],
      env: {},
      // JSON would turn each byte into text.
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const ended = Promise.withResolvers<FileReading>();
    let isOver = false;
    const refuse = (cause: string): void => {
      // An answer is followed by the end of the process.
      if (isOver) return;
      isOver = true;
      log.warn({ cause, bytes: bytes.length }, "a file could not be read");
      ended.resolve({ status: "refused", mistake: "unreadable" });
    };
    const timer = setTimeout(() => refuse("time"), maxMs);
    const abort = (): void => ended.reject(signal.reason);
    signal.addEventListener("abort", abort);
    child.once("message", (reading: FileReading) => {
      isOver = true;
      ended.resolve(reading);
    });
    child.on("error", (error) => refuse("code" in error ? String(error.code) : "bug"));
    child.once("exit", (code, endedBy) => refuse(`exit ${endedBy ?? code}`));
    // A process that ends at once may not take it. Its end says more than that error.
    child.send(bytes, () => undefined);
    try {
      return await ended.promise;
    } finally {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      await end(child);
    }
  }
}

/** Resolves when the memory of the process is free. */
async function end(child: ChildProcess): Promise<void> {
  const isRunning = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  if (!isRunning) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
