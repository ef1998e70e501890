import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { z } from "zod";
import type { OperationName, OperationParams, OperationResult, PersonReport } from "./protocol.ts";
import { operations, reportSchema } from "./protocol.ts";

/** How long a stopped process may take to exit by itself. */
const EXIT_GRACE_MS = 5_000;
const KEPT_ERROR_CHARACTERS = 4_000;

const resultSchemas: { [Name in OperationName]: { result: z.ZodType<OperationResult<Name>> } } = operations;

/**
 * A refusal by the person's client or homeserver. `errcode` and `status` are the homeserver's if it
 * gave them.
 */
class PersonError extends Error {
  override readonly name = "PersonError";
  readonly errcode: string | undefined;
  readonly status: number | undefined;

  constructor(message: string, errcode?: string, status?: number) {
    super(message);
    this.errcode = errcode;
    this.status = status;
  }
}

/** What the process reports unasked. */
export type PersonNotice = Extract<PersonReport, { kind: "message" | "membership" }>;

type Outcome =
  { result: unknown } | { message: string; errcode?: string | undefined; status?: number | undefined };

/** The driver's end of the channel to a person's process. */
export interface ProcessLink {
  pid: number | undefined;
  call<Name extends OperationName>(name: Name, params: OperationParams<Name>): Promise<OperationResult<Name>>;
  /** Ends the process: asks first, kills after 5 s. A second call does nothing. */
  end(): Promise<void>;
}

/**
 * Starts the process of one person and talks to it.
 *
 * @param label names the person in errors
 * @param onNotice is called in the order in which the process saw things
 * @param onEnd is called once, when the process is gone; every open call then fails
 */
export function openProcessLink(
  label: string,
  onNotice: (notice: PersonNotice) => void,
  onEnd: (error: Error) => void,
  log?: Logger,
): ProcessLink {
  const child = fork(fileURLToPath(new URL("person-process.ts", import.meta.url)), [], {
    execPath: process.execPath,
    // Replaces the test runner's own loaders and debug ports. A smaller young generation makes many
    // persons cheap.
    execArgv: ["--max-semi-space-size=4"],
    // Bytes of files and `undefined` pass the channel unchanged.
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const waiting = new Map<number, (outcome: Outcome) => void>();
  const errorOutput = keepErrorOutput(child, log);
  let nextId = 1;
  let ended: Error | undefined;

  function handleEnd(error: Error): void {
    if (ended !== undefined) return;
    ended = error;
    for (const settle of waiting.values()) settle(error);
    waiting.clear();
    onEnd(error);
  }

  child.on("error", (error) =>
    handleEnd(new PersonError(`The process of ${label} failed: ${error.message}`)),
  );
  child.on("exit", (code, signal) => {
    const output = errorOutput();
    handleEnd(
      new PersonError(
        `The process of ${label} ended (${signal ?? `code ${code}`})${output && `:\n${output}`}`,
      ),
    );
  });
  child.on("message", (raw) => {
    const report = reportSchema.parse(raw);
    if (report.kind === "message" || report.kind === "membership") {
      onNotice(report);
      return;
    }
    const settle = waiting.get(report.id);
    waiting.delete(report.id);
    settle?.(report);
  });

  function request(operation: OperationName, params: unknown): Promise<Outcome> {
    if (ended !== undefined) return Promise.resolve(ended);
    const id = nextId++;
    return new Promise((settle) => {
      waiting.set(id, settle);
      child.send({ id, operation, params }, (error) => {
        if (error !== null && waiting.delete(id)) settle(error);
      });
    });
  }

  return {
    pid: child.pid,
    async call(name, params) {
      const outcome = await request(name, params);
      // The error is made here, after the `await`, where the stack names the test's line.
      if (!("result" in outcome)) throw new PersonError(outcome.message, outcome.errcode, outcome.status);
      return resultSchemas[name].result.parse(outcome.result);
    },
    async end() {
      if (ended !== undefined) return;
      const gone = once(child, "exit");
      const insist = setTimeout(() => child.kill("SIGKILL"), EXIT_GRACE_MS);
      await request("stop", {});
      if (child.connected) child.disconnect();
      await gone;
      clearTimeout(insist);
    },
  };
}

function keepErrorOutput(child: ChildProcess, log: Logger | undefined): () => string {
  let kept = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    kept = (kept + text).slice(-KEPT_ERROR_CHARACTERS);
    log?.trace({ characters: text.length }, "The person's process wrote to its error output");
  });
  child.stdout?.resume();
  return () => kept.trim();
}
