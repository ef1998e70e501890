import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT_ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/**
 * The folder of the installed Synapse: `homeservers` in the one that `MATRIX_MOVER_CACHE` names,
 * else in `.cache` in the project's root.
 */
export function cacheFolder(): string {
  const { MATRIX_MOVER_CACHE: fromEnvironment = "" } = process.env;
  const parent = fromEnvironment === "" ? join(PROJECT_ROOT, ".cache") : resolve(fromEnvironment);
  return join(parent, "homeservers");
}
