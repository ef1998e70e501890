import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface ProcessEnd {
  readonly signal: NodeJS.Signals | null;
  /** The output of the process as JSON. `undefined` if it failed or was killed. */
  readonly result: unknown;
  readonly errorOutput: string;
}

/** Runs a script of this folder to its end. */
export function runProcess(
  script: string,
  args: readonly (string | number)[],
  nodeOptions: readonly string[] = [],
): Promise<ProcessEnd> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...nodeOptions, path, ...args.map(String)],
      (error, output, errorOutput) => {
        resolve({ signal: child.signalCode, result: error ? undefined : JSON.parse(output), errorOutput });
      },
    );
  });
}
