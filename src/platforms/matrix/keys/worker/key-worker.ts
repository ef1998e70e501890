import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { Slots } from "../../../../model/slots.ts";
import type { BackupJob, JobKeys } from "./backup-job.ts";
import { BackupShapeError } from "./backup-scanner.ts";
import type { JobMethod, WorkerAnswer, WorkerRequest } from "./messages.ts";
import { memoryIn } from "./messages.ts";
import type { ThreadCode } from "./thread-source.ts";
import { THREAD_START, threadSources } from "./thread-source.ts";

/** The thread of the keys has ended during a job, or a job has met a bug. */
export class KeyWorkerError extends Error {
  override readonly name = "KeyWorkerError";
}

/** One job in the thread. Its calls are answered in order. */
export interface KeyJob {
  /** @throws BackupShapeError, KeyWorkerError */
  call<Method extends JobMethod>(
    method: Method,
    ...args: Parameters<BackupJob[Method]>
  ): Promise<ReturnType<BackupJob[Method]>>;
  /** Memory for one slice of work. A call with it hands it over to the thread. */
  slice(): Uint8Array;
}

export interface KeyWorkerOptions {
  readonly log: Logger;
  /** How long the thread is kept without a job. */
  readonly idleMs?: number;
  /** The module of the thread. */
  readonly entry?: URL;
}

const IDLE_MS = 10_000;
/** One slice of work in the thread: about seventy sessions. */
const SLICE_BYTES = 65_536;
/** Slices that are kept for the next use. */
const MAX_FREE_SLICES = 4;

/** `compare` only reads. `transfer` copies or exports. */
export type KeyJobKind = "compare" | "transfer";

export interface KeyJobOptions extends JobKeys {
  readonly kind: KeyJobKind;
  /** Ends the wait for a turn. The work is expected to end by it, too. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Jobs of one kind at the same time; more wait. A job waits for its servers, so that each kind has
 * places of its own: copies from servers that hang do not delay a plan. Each job has a table of the
 * sessions, of six megabytes for 100,000 sessions: together at most fifty for such accounts.
 */
const MAX_JOBS_OF_A_KIND = 4;
/**
 * Beyond it the thread ends and the process goes on. A small young generation keeps the memory of
 * the process small; entries die young anyway.
 */
const LIMITS = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 6 };

/**
 * The share of the heap, in percent, that may be added before V8 collects all of it. By default it
 * lets the used memory of uploads double the heap.
 */
const GROWTH_DURING_JOBS = 20;

/** @param percent 0: as V8 thinks best */
function setHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}

/**
 * The one thread in which keys are compared, decrypted and encrypted for all people. It starts with
 * the first job and ends when it has been idle. The next job replaces a failed thread.
 */
export class KeyWorker {
  readonly #options: KeyWorkerOptions;
  readonly #places: Readonly<Record<KeyJobKind, Slots>> = {
    compare: new Slots(MAX_JOBS_OF_A_KIND),
    transfer: new Slots(MAX_JOBS_OF_A_KIND),
  };
  #jobs = 0;
  #lastJob = 0;
  #thread: Thread | null = null;
  #sources: Promise<ReadonlyMap<string, string>> | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: KeyWorkerOptions) {
    this.#options = options;
  }

  /**
   * Does a job. It waits for its turn if there are many of its kind.
   * @throws KeyWorkerError, and what the work throws
   */
  async job<Result>(
    { kind, signal, ...keys }: KeyJobOptions,
    work: (job: KeyJob) => Promise<Result>,
  ): Promise<Result> {
    return this.#places[kind].run([], () => this.#work(keys, work, signal), signal);
  }

  async #work<Result>(
    keys: JobKeys,
    work: (job: KeyJob) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    signal?.throwIfAborted();
    clearTimeout(this.#idle);
    if (this.#jobs === 0) setHeapGrowth(GROWTH_DURING_JOBS);
    this.#jobs += 1;
    const number = (this.#lastJob += 1);
    let thread: Thread | null = null;
    try {
      const code = await this.#code();
      if (this.#isStopped) throw new KeyWorkerError("the process stops");
      thread = this.#running(code);
      const { call, slice } = thread;
      thread.post({ kind: "open", job: number, keys });
      return await work({ call: (method, ...args) => call(number, method, args), slice });
    } finally {
      thread?.post({ kind: "close", job: number });
      this.#finish();
    }
  }

  /** Ends the thread. Jobs under way fail. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#idle);
    await this.#thread?.end();
  }

  #finish(): void {
    this.#jobs -= 1;
    if (this.#jobs > 0) return;
    setHeapGrowth(0);
    this.#idle = setTimeout(() => void this.#thread?.end(), this.#options.idleMs ?? IDLE_MS);
    this.#idle.unref();
  }

  /** The code of the thread. After a failure it is read again. */
  async #code(): Promise<ThreadCode> {
    const entry = this.#options.entry ?? new URL("./thread.ts", import.meta.url);
    this.#sources ??= threadSources(entry).catch((error: unknown) => {
      this.#sources = null;
      throw error;
    });
    return { entry: entry.href, sources: await this.#sources };
  }

  #running(code: ThreadCode): Thread {
    if (this.#thread?.isRunning !== true) this.#thread = new Thread(code, this.#options.log);
    return this.#thread;
  }
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** A running thread and the calls that it has not answered. */
class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  /** Memory of slices that the thread has handed back. */
  readonly #free: ArrayBuffer[] = [];
  #lastCall = 0;
  isRunning = true;

  constructor(code: ThreadCode, log: Logger) {
    this.#worker = new Worker(THREAD_START, { eval: true, workerData: code, resourceLimits: LIMITS });
    // The thread alone does not keep the process running.
    this.#worker.unref();
    this.#worker.on("message", (answer: WorkerAnswer) => this.#answered(answer, log));
    this.#worker.on("error", (error: unknown) => {
      // The message of an error may quote a key.
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      log.error({ code }, "the thread of the keys failed");
      this.#ended(`the thread of the keys failed: ${code}`);
    });
    this.#worker.on("exit", () => this.#ended("the thread of the keys ended"));
  }

  /** Memory for the next slice. Fresh memory for each would only be freed much later. */
  readonly slice = (): Uint8Array => new Uint8Array(this.#free.pop() ?? new ArrayBuffer(SLICE_BYTES));

  post(request: WorkerRequest): void {
    const memory = request.kind === "call" ? memoryIn(request.arguments) : [];
    if (this.isRunning) this.#worker.postMessage(request, memory);
  }

  readonly call = async <Method extends JobMethod>(
    job: number,
    method: Method,
    args: Parameters<BackupJob[Method]>,
  ): Promise<ReturnType<BackupJob[Method]>> => {
    if (!this.isRunning) throw new KeyWorkerError("the thread of the keys has ended");
    const call = (this.#lastCall += 1);
    const { promise, resolve, reject } = Promise.withResolvers<ReturnType<BackupJob[Method]>>();
    this.#pending.set(call, { resolve, reject });
    this.#worker.ref();
    this.post({ kind: "call", job, call, method, arguments: args });
    return await promise;
  };

  async end(): Promise<void> {
    this.isRunning = false;
    await this.#worker.terminate();
  }

  #answered(answer: WorkerAnswer, log: Logger): void {
    const pending = this.#pending.get(answer.call);
    this.#pending.delete(answer.call);
    if (this.#pending.size === 0) this.#worker.unref();
    this.#free.push(...answer.memory.slice(0, MAX_FREE_SLICES - this.#free.length));
    if (answer.fault === null) {
      pending?.resolve(answer.result);
      return;
    }
    const { fault } = answer;
    if (fault.kind === "shape") {
      pending?.reject(new BackupShapeError(fault.fault, fault.detail));
      return;
    }
    log.error({ name: fault.name, stack: fault.stack }, "a job on keys met a bug");
    pending?.reject(new KeyWorkerError(`a job on keys met a bug: ${fault.name}`));
  }

  #ended(text: string): void {
    this.isRunning = false;
    for (const { reject } of this.#pending.values()) reject(new KeyWorkerError(text));
    this.#pending.clear();
  }
}
