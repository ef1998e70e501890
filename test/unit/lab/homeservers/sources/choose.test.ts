import { describe, expect, it } from "vitest";
import { findSynapse } from "../../../../lab/homeservers/sources/choose.ts";
import type {
  SourceName,
  SynapseRuntime,
  SynapseSource,
} from "../../../../lab/homeservers/sources/source.ts";

interface Behaviour {
  found?: "yes" | Error;
  installed?: "yes" | Error;
}

function source(name: SourceName, { found, installed }: Behaviour): SynapseSource {
  const runtime: SynapseRuntime = {
    source: name,
    version: "1.0",
    python: () => ({ file: "python", args: [], env: {} }),
    inside: (path) => path,
  };
  const give = (what: "yes" | Error | undefined): Promise<SynapseRuntime> =>
    what === "yes" ? Promise.resolve(runtime) : Promise.reject(what ?? new Error("unexpected call"));
  return {
    name,
    ...(name === "interpreter" ? { absent: "no interpreter is named" } : { install: () => give(installed) }),
    find: () => (found === undefined ? Promise.resolve(undefined) : give(found)),
  };
}

async function chosen(
  sources: readonly SynapseSource[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ name: string; log: string[] }> {
  const log: string[] = [];
  const runtime = await findSynapse({ cacheFolder: "unused", env, log: (line) => log.push(line) }, sources);
  return { name: runtime.source, log };
}

describe("choosing where Synapse comes from", () => {
  it("takes the named interpreter before everything else", async () => {
    const sources = [source("interpreter", { found: "yes" }), source("venv", { found: "yes" })];
    expect(await chosen(sources)).toEqual({ name: "interpreter", log: [] });
  });

  it("takes what is installed before it installs anything", async () => {
    const sources = [source("interpreter", {}), source("venv", {}), source("debian", { found: "yes" })];
    expect((await chosen(sources)).name).toBe("debian");
  });

  it("reports why a source fails and continues with the next", async () => {
    const sources = [
      source("interpreter", {}),
      source("venv", { installed: new Error("no registry") }),
      source("debian", { installed: "yes" }),
    ];
    expect(await chosen(sources)).toEqual({
      name: "debian",
      log: ['Synapse from "venv" does not work: no registry'],
    });
  });

  it("names every reason and what to install when none works", async () => {
    const sources = [
      source("interpreter", {}),
      source("venv", { installed: new Error("no registry") }),
      source("debian", { installed: new Error("needs root") }),
    ];
    await expect(chosen(sources)).rejects.toThrow(
      /interpreter: no interpreter is named\n.*venv: no registry\n.*debian: needs root\n[^]*python3-venv[^]*MATRIX_MOVER_SYNAPSE/,
    );
  });

  it("tries only the source that is named", async () => {
    const sources = [source("interpreter", { found: "yes" }), source("venv", { installed: "yes" })];
    expect((await chosen(sources, { MATRIX_MOVER_SYNAPSE_SOURCE: "venv" })).name).toBe("venv");
  });

  it("refuses a source that it does not know", async () => {
    await expect(chosen([source("venv", {})], { MATRIX_MOVER_SYNAPSE_SOURCE: "docker" })).rejects.toThrow(
      "interpreter, venv, debian",
    );
  });
});
