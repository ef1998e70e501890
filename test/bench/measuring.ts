import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { z } from "zod";

/** The flags of `npm start`. They decide how much memory young objects take. */
const NODE_OPTIONS = ["--max-semi-space-size=4"];

/**
 * Runs a measurement in a process of its own, so that the peak memory belongs to it alone. The
 * input is JSON on standard input, because it holds tokens that must not show in a list of
 * processes. The result comes back as JSON.
 * @throws Error with the output of the process when it failed
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
