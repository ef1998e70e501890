import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { measuredSchema } from "./case.ts";
import type { Case, Measured } from "./case.ts";

const SCRIPT = fileURLToPath(new URL("measure.ts", import.meta.url));
/** As `npm start` has it, for it decides how much memory young objects take. */
const NODE_OPTIONS = ["--max-semi-space-size=4"];

/** @throws Error with what the process said when it failed */
export async function measureInProcess(measured: Case): Promise<Measured> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, SCRIPT], { stdio: "pipe" });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  child.stdin.end(JSON.stringify(measured));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`measuring failed: ${errors.slice(-2_000)}`);
  return measuredSchema.parse(JSON.parse(output));
}
