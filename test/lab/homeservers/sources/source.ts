import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runSupervised, type Command } from "../supervised-process.ts";

export const SOURCE_NAMES = ["interpreter", "venv", "debian"] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** What a source may use. */
export interface SourceContext {
  readonly cacheFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

/** A Python that has Synapse. */
export interface SynapseRuntime {
  readonly source: SourceName;
  readonly version: string;
  /** The command that runs this Python. */
  python(...args: readonly string[]): Command;
  /** A file's path as this Python sees it. */
  inside(path: string): string;
}

/** One origin of Synapse. Both methods throw an Error that says why it cannot be used here. */
export interface SynapseSource {
  readonly name: SourceName;
  /** Why there may be nothing to find, for a source that installs nothing. */
  readonly absent?: string;
  /** Looks without installing; `undefined` when nothing is there yet. */
  find(context: SourceContext): Promise<SynapseRuntime | undefined>;
  /** Installs into the cache folder; a second process waits for the first. */
  install?(context: SourceContext): Promise<SynapseRuntime>;
}

const SCRIPTS = fileURLToPath(new URL("../python", import.meta.url));

/**
 * The environment for Synapse, without proxies. Through a proxy it could not reach its neighbour.
 */
export function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(https?|all|no)_proxy$/i.test(name)));
}

/** The command that runs one of our Python scripts. Python leaves no files beside it (-B). */
export function scriptCommand(runtime: SynapseRuntime, name: string, ...args: readonly string[]): Command {
  return runtime.python("-B", runtime.inside(join(SCRIPTS, name)), ...args);
}

/** Names the version of Synapse, once a test run has asked for all its files. */
export const VERSION_VARIABLE = "MATRIX_MOVER_SYNAPSE_VERSION";

/** Completes a runtime with the version of its Synapse. Throws when it has none. */
export async function probed(runtime: Omit<SynapseRuntime, "version">): Promise<SynapseRuntime> {
  const known = process.env[VERSION_VARIABLE];
  if (known !== undefined) return { ...runtime, version: known };
  const script = "import synapse, cryptography; print('synapse=' + synapse.__version__)";
  const output = await runSupervised(runtime.python("-c", script));
  const version = /^synapse=(\S+)/m.exec(output)?.[1];
  if (version === undefined)
    throw new Error(`this Python did not tell Synapse's version: ${output.slice(-200)}`);
  return { ...runtime, version };
}
