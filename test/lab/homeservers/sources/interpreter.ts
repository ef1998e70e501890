import { open, stat } from "node:fs/promises";
import type { SourceContext, SynapseRuntime, SynapseSource } from "./source.ts";
import { probed, withoutProxies } from "./source.ts";

const VARIABLE = "MATRIX_MOVER_SYNAPSE";

/**
 * The user's own Synapse. `MATRIX_MOVER_SYNAPSE` names one of:
 * - a Python interpreter that has it;
 * - a Python script of such an interpreter (`synapse_homeserver`);
 * - a command that takes Python's arguments (`uv run --with matrix-synapse python`).
 */
export const interpreterSource: SynapseSource = {
  name: "interpreter",
  absent: `${VARIABLE} is not set`,
  async find(context) {
    return context.env[VARIABLE] ? runtime(context, context.env[VARIABLE]) : undefined;
  },
};

async function runtime(context: SourceContext, value: string): Promise<SynapseRuntime> {
  const [file = "", ...leading] = await pythonCommand(value);
  const env = withoutProxies(context.env);
  try {
    return await probed({
      source: "interpreter",
      python: (...args) => ({ file, args: [...leading, ...args], env }),
      inside: (path) => path,
    });
  } catch (error) {
    throw new Error(
      `${VARIABLE}=${value} is no Python with Synapse: ${error instanceof Error ? error.message : "?"}`,
      {
        cause: error,
      },
    );
  }
}

async function pythonCommand(value: string): Promise<string[]> {
  const isFile = await stat(value).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) return value.trim().split(/\s+/);
  return pythonOfScript(await firstLine(value)) ?? [value];
}

/** The interpreter named in a Python script's first line, `undefined` for anything else. */
export function pythonOfScript(firstLine: string): string[] | undefined {
  const command = /^#!\s*(\S*python\S*|\S*\/env\s+python\S*)/.exec(firstLine)?.[1];
  return command?.split(/\s+/);
}

async function firstLine(path: string): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
  return buffer.toString("latin1", 0, bytesRead).split("\n", 1)[0] ?? "";
}
