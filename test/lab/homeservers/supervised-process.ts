import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const SUPERVISOR = fileURLToPath(new URL("supervisor.ts", import.meta.url));

/** A program with its arguments and its whole environment. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Its working directory. Default: the caller's. */
  readonly cwd?: string;
}

/** A process that ends with this one, however this one ends. */
export interface SupervisedProcess {
  /** Also the ID of its process group. */
  readonly pid: number;
  /** How it ended, e.g. "exit status 1"; never rejects. */
  readonly ended: Promise<string>;
  /** Ends the process and its children: SIGTERM, after 10 seconds SIGKILL. */
  end(): Promise<void>;
}

const report = z.union([
  z.object({ pid: z.int() }),
  z.object({ error: z.string() }),
  z.object({ code: z.int().nullable(), signal: z.string().nullable() }),
]);

/**
 * Starts a command under a supervisor.
 *
 * @param onLine gets the lines of the command's output
 * @throws Error when the command cannot be started
 */
export async function startSupervised(
  command: Command,
  onLine: (line: string) => void,
): Promise<SupervisedProcess> {
  // The options are for the command. The supervisor hands them over and does not load them itself.
  const { NODE_OPTIONS: options, ...env } = command.env;
  const supervisor = spawn(process.execPath, [SUPERVISOR, command.file, ...command.args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...env, ...(options !== undefined && { SUPERVISED_NODE_OPTIONS: options }) },
    cwd: command.cwd,
    detached: true,
  });
  const { stdin, stdout, stderr } = supervisor;
  stdin.on("error", () => {});
  readLines(stderr, onLine);
  const closed = once(supervisor, "close");
  return await followed({ reports: stdout, lifeline: stdin, closed });
}

interface Supervision {
  /** What the supervisor says of the process. */
  readonly reports: Readable;
  /** The process ends when this does. */
  readonly lifeline: Writable;
  /** Settles when the supervisor has nothing more to say. */
  readonly closed: Promise<unknown>;
}

/**
 * The process that a supervisor has been asked to start.
 *
 * @throws Error when the supervisor could not start it
 */
export async function followed({ reports, lifeline, closed }: Supervision): Promise<SupervisedProcess> {
  let ending = "its supervisor ended";
  const ended = closed.then(
    () => ending,
    () => ending,
  );
  const pid = await new Promise<number>((resolve, reject) => {
    readLines(reports, (line) => {
      const message = report.parse(JSON.parse(line));
      if ("pid" in message) resolve(message.pid);
      else if ("error" in message) reject(new Error(message.error));
      else ending = message.signal === null ? `exit status ${message.code}` : `ended by ${message.signal}`;
    });
    void closed.then(() => reject(new Error("the supervisor ended before it started the command")), reject);
  });
  return {
    pid,
    ended,
    async end() {
      lifeline.end();
      await ended;
    },
  };
}

// node:readline also splits at U+2028, which a log line in JSON may contain.
function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach((line) => onLine(line));
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}

/**
 * Runs a command to its end.
 *
 * @throws Error with the last lines it printed, when its exit status is not 0
 */
export async function runSupervised(
  command: Command,
  onLine: (line: string) => void = () => {},
): Promise<string> {
  const lines: string[] = [];
  const running = await startSupervised(command, (line) => {
    lines.push(line);
    onLine(line);
  });
  const ending = await running.ended;
  if (ending !== "exit status 0")
    throw new Error(`${basename(command.file)}: ${ending}: ${tellingLines(lines).join(" | ")}`);
  return lines.join("\n");
}

// pip writes "ERROR: ...", apt "E: ...". Python ends with the exception.
function tellingLines(lines: readonly string[]): string[] {
  const errors = lines.filter((line) => /^(ERROR|E|\w*Error): /.test(line));
  return (errors.length > 0 ? errors : lines).slice(-4);
}
