import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { setImmediate } from "node:timers/promises";

/** The code of a thread, as its `workerData`. */
export interface ThreadCode {
  readonly entry: string;
  /** The text of each module, by its address. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * The first code of the thread. It takes the modules from `workerData`, without their types. For a
 * file with types, Node would load its type stripping into the thread, which takes twenty megabytes
 * (seen with Node 24).
 */
export const THREAD_START = `
  const { registerHooks } = require("node:module");
  const { workerData } = require("node:worker_threads");
  const { entry, sources } = workerData;
  registerHooks({
    load(url, context, nextLoad) {
      const source = sources.get(url);
      return source === undefined
        ? nextLoad(url, context)
        : { format: "module", source, shortCircuit: true };
    },
  });
  import(entry);
`;

/**
 * The modules of a thread without their types, by address: the given one and all it imports. A
 * module that is not found here is loaded by Node as usual.
 */
export async function threadSources(entry: URL): Promise<ReadonlyMap<string, string>> {
  const sources = new Map<string, string>();
  const open = [entry];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (sources.has(next.href)) continue;
    const source = stripTypeScriptTypes(await readFile(next, "utf8"));
    sources.set(next.href, source);
    for (const [, path = ""] of source.matchAll(/ from "(\.[^"]+)";$/gm)) open.push(new URL(path, next));
    // Each module takes some milliseconds.
    await setImmediate();
  }
  return sources;
}
