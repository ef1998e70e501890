import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { startSupervised, type SupervisedProcess } from "../../lab/homeservers/supervised-process.ts";

const ROOT = new URL("../../..", import.meta.url);

const running = new Set<SupervisedProcess>();

/** How a program ended. */
export interface Ended {
  /** Whether it ended by itself with status 0. */
  readonly isSuccess: boolean;
  /** E.g. "exit status 1", or why it was ended. */
  readonly ending: string;
}

export interface RunOptions {
  /** A program that prints nothing for so long is ended. */
  readonly standstillMs: number;
  /** Gets each line that it prints, as it prints it. */
  readonly onLine: (line: string) => void;
}

/**
 * Runs what a script of package.json runs, and waits for its end. The program runs without npm and
 * a shell in between: neither would pass on a signal.
 */
export function runScript(script: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const [command = "", ...words] = commandOf(script).split(" ");
  const program = command === "node" ? [] : [fileURLToPath(new URL(`node_modules/.bin/${command}`, ROOT))];
  return runProgram([...program, ...words, ...args], options);
}

/**
 * Runs a Node program in a process group of its own. No process of that group outlives the program,
 * however it ends, and none outlives the caller.
 */
export async function runProgram(
  args: readonly string[],
  { standstillMs, onLine }: RunOptions,
): Promise<Ended> {
  let program: SupervisedProcess | undefined;
  let standstill: string | undefined;
  const timer = setTimeout(() => {
    standstill = `ended because it printed nothing for ${String(standstillMs / 1000)} s`;
    void program?.end();
  }, standstillMs);
  try {
    program = await startSupervised({ file: process.execPath, args, env: process.env }, (line) => {
      timer.refresh();
      onLine(line);
    });
    running.add(program);
    const ending = await program.ended;
    return { isSuccess: ending === "exit status 0", ending: standstill ?? ending };
  } catch (error) {
    return { isSuccess: false, ending: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    if (program !== undefined) running.delete(program);
  }
}

function commandOf(script: string): string {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")));
  const command = scripts[script];
  if (command === undefined) throw new Error(`package.json has no script ${script}`);
  return command;
}

/** Ends every program that is still running, with its process group; for when the gate is ended. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.end()));
}
