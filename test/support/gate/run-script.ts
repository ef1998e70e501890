import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { startSupervised, type SupervisedProcess } from "../../lab/homeservers/supervised-process.ts";

const ROOT = new URL("../../..", import.meta.url);

/** How a program ended. */
export interface Ended {
  /** Whether it ended by itself with status 0. */
  readonly isSuccess: boolean;
  /** For example "exit status 1", or why the program was stopped. */
  readonly ending: string;
}

export interface RunOptions {
  /** A program that prints nothing for this time is stopped. */
  readonly standstillMs: number;
  /** Called with each line that the program prints, at once. */
  readonly onLine: (line: string) => void;
  /** Its folder for temporary files. */
  readonly temporaryFolder: string;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/**
 * Runs a script of package.json and waits for its end. The program runs without npm and a shell in
 * between, because neither would pass on a signal.
 */
export function runScript(script: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const [command = "", ...words] = commandOf(script).split(" ");
  const program = command === "node" ? [] : [fileURLToPath(new URL(`node_modules/.bin/${command}`, ROOT))];
  return runProgram([...program, ...words, ...args], options);
}

/**
 * Runs a Node program in its own process group. No process of that group outlives the program or
 * the caller.
 */
export async function runProgram(
  args: readonly string[],
  { standstillMs, onLine, temporaryFolder, signal }: RunOptions,
): Promise<Ended> {
  let program: SupervisedProcess | undefined;
  let reason: string | undefined;
  const end = (why: string): void => {
    reason ??= why;
    void program?.end();
  };
  const onAbort = (): void => end("ended with the gate");
  const timer = setTimeout(
    () => end(`ended because it printed nothing for ${String(standstillMs / 1000)} s`),
    standstillMs,
  );
  signal.addEventListener("abort", onAbort);
  try {
    program = await startSupervised(
      { file: process.execPath, args, env: environmentOf(temporaryFolder) },
      (line) => {
        timer.refresh();
        onLine(line);
      },
    );
    if (signal.aborted) onAbort();
    const ending = await program.ended;
    return { isSuccess: reason === undefined && ending === "exit status 0", ending: reason ?? ending };
  } catch (error) {
    return { isSuccess: false, ending: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** The tests start many Node processes. Without a cache each would compile the same modules. */
function environmentOf(temporaryFolder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TMPDIR: temporaryFolder,
    NODE_COMPILE_CACHE: join(temporaryFolder, "compile-cache"),
  };
}

function commandOf(script: string): string {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")));
  const command = scripts[script];
  if (command === undefined) throw new Error(`package.json has no script ${script}`);
  return command;
}
