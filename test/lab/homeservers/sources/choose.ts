import { debianSource } from "./debian.ts";
import { interpreterSource } from "./interpreter.ts";
import type { SourceContext, SynapseRuntime, SynapseSource } from "./source.ts";
import { SOURCE_NAMES } from "./source.ts";
import { venvSource } from "./venv.ts";

const VARIABLE = "MATRIX_MOVER_SYNAPSE_SOURCE";
const SOURCES: readonly SynapseSource[] = [interpreterSource, venvSource, debianSource];

const WHAT_TO_INSTALL = `One of these is enough:
  - Python 3.10 or newer with its venv module (on Debian and Ubuntu: apt-get install python3-venv) and access to the Python package registry
  - Debian, as root, with access to Debian's packages
  - a Synapse of your own: set MATRIX_MOVER_SYNAPSE to the Python interpreter that has it`;

/**
 * The first source that works. Installed sources come before those that must be installed.
 *
 * @throws Error with the reason for each source and what to install
 */
export async function findSynapse(
  context: SourceContext,
  sources: readonly SynapseSource[] = SOURCES,
): Promise<SynapseRuntime> {
  const wanted = desiredSources(context.env, sources);
  const reasons = new Map(wanted.map((source) => [source.name, source.absent ?? "not installed"]));
  for (const how of ["find", "install"] as const) {
    for (const source of wanted) {
      try {
        const runtime = await source[how]?.(context);
        if (runtime !== undefined) return runtime;
      } catch (error) {
        const reason = error instanceof Error ? error.message : "?";
        reasons.set(source.name, reason);
        context.log(`Synapse from "${source.name}" does not work: ${reason}`);
      }
    }
  }
  const told = [...reasons].map(([name, reason]) => `  - ${name}: ${reason}`);
  throw new Error(["No Synapse homeserver could be set up:", ...told, WHAT_TO_INSTALL].join("\n"));
}

function desiredSources(env: NodeJS.ProcessEnv, sources: readonly SynapseSource[]): readonly SynapseSource[] {
  const wanted = env[VARIABLE];
  if (wanted === undefined || wanted === "") return sources;
  const found = sources.filter((source) => source.name === wanted);
  if (found.length === 0)
    throw new Error(`${VARIABLE} must be one of ${SOURCE_NAMES.join(", ")}, not "${wanted}"`);
  return found;
}
