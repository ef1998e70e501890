import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const ROOT = new URL("../../..", import.meta.url);

const running = new Set<ChildProcess>();

/**
 * How a command ended. `status` is null when it had to be ended because it took longer than it may.
 */
export interface Ended {
  readonly status: number | null;
  /** What it printed, unless that went to the terminal at once. */
  readonly output: string;
}

export interface ScriptOptions {
  readonly limitMs: number;
  /** Prints as it goes instead of collecting. */
  readonly isShown?: boolean;
}

/**
 * Runs what a script of package.json runs, and waits for its end. Without npm and a shell between,
 * which would neither pass on that the command is to end nor add anything.
 */
export function runScript(
  script: string,
  args: readonly string[],
  { limitMs, isShown = false }: ScriptOptions,
): Promise<Ended> {
  const [command = "", ...words] = commandOf(script).split(" ");
  const program = fileURLToPath(new URL(`node_modules/.bin/${command}`, ROOT));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...words, ...args], {
      cwd: ROOT,
      stdio: ["ignore", isShown ? "inherit" : "pipe", isShown ? "inherit" : "pipe"],
      timeout: limitMs,
    });
    running.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", (error) => {
      running.delete(child);
      resolve({ status: null, output: error.message });
    });
    child.once("close", (status) => {
      running.delete(child);
      resolve({ status, output });
    });
  });
}

function commandOf(script: string): string {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")));
  const command = scripts[script];
  if (command === undefined) throw new Error(`package.json has no script ${script}`);
  return command;
}

/** Ends what is still running; for when the gate itself is told to stop. */
export function endAll(): void {
  for (const child of running) child.kill();
}
