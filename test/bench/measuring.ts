import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { z } from "zod";

/** As `npm start` has it, for it decides how much memory young objects take. */
const NODE_OPTIONS = ["--max-semi-space-size=4"];

/**
 * Measures something in a process of its own, so that its highest memory is that of nothing else.
 * What it is goes to standard input as JSON, for the tokens in it belong into no list of processes;
 * what was measured comes back the same way.
 * @throws Error with what the process said when it failed
 */
export async function measureInProcess<Schema extends z.ZodType>(
  script: URL,
  input: unknown,
  schema: Schema,
): Promise<z.output<Schema>> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, fileURLToPath(script)], { stdio: "pipe" });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  child.stdin.end(JSON.stringify(input));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`measuring failed: ${errors.slice(-2_000)}`);
  return schema.parse(JSON.parse(output));
}
