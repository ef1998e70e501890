import { join } from "node:path";
import { runSupervised } from "../supervised-process.ts";
import { exists, installOnce } from "./install-once.ts";
import type { SourceContext, SynapseRuntime, SynapseSource } from "./source.ts";
import { probed, withoutProxies } from "./source.ts";

/** The version of the Python package that is installed; 242 MB with all it needs. */
export const SYNAPSE_VERSION = "1.163.2";

const PYTHONS = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"];

/**
 * A virtual environment of Python 3.10 or newer with the package `matrix-synapse` from the Python
 * package registry.
 */
export const venvSource: SynapseSource = {
  name: "venv",
  async find(context) {
    const folder = venvFolder(context);
    return (await exists(folder)) ? runtime(context, folder) : undefined;
  },
  async install(context) {
    const folder = venvFolder(context);
    const python = await findPython(context);
    await installOnce({
      folder,
      log: context.log,
      what: `Synapse ${SYNAPSE_VERSION} in a Python environment (once, about 250 MB)`,
      isUsable: () => isUsable(context, folder),
      install: (temporary) => makeVenv(context, python, temporary),
    });
    return runtime(context, folder);
  },
};

function venvFolder(context: SourceContext): string {
  return join(context.cacheFolder, `venv-${SYNAPSE_VERSION}`);
}

async function findPython(context: SourceContext): Promise<string> {
  for (const file of PYTHONS) {
    try {
      await runSupervised({
        file,
        args: ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"],
        env: context.env,
      });
      return file;
    } catch {
      // Missing or too old: try the next one.
    }
  }
  throw new Error("no Python 3.10 or newer was found");
}

async function makeVenv(context: SourceContext, python: string, folder: string): Promise<void> {
  const { env } = context;
  await runSupervised({ file: python, args: ["-m", "venv", folder], env });
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  // Wheels only: without one for this system, pip would compile and fail much later. Few retries,
  // because the next source follows.
  const policy = ["--only-binary", ":all:", "--retries", "2", "--timeout", "20"];
  await runSupervised(
    {
      file: join(folder, "bin", "python"),
      args: [...pip, ...policy, `matrix-synapse==${SYNAPSE_VERSION}`],
      env,
    },
    pipProgress(context.log),
  );
  await probed(unprobed(context, folder));
}

function pipProgress(log: (line: string) => void): (line: string) => void {
  let collected = 0;
  return (line) => {
    if (line.startsWith("Collecting ")) {
      collected += 1;
      if (collected % 10 === 0) log(`pip: ${collected} packages found`);
    }
    if (line.startsWith("Installing ")) log(`pip: unpacking ${collected} packages`);
  };
}

function runtime(context: SourceContext, folder: string): Promise<SynapseRuntime> {
  return probed(unprobed(context, folder));
}

// An environment finds its packages relative to its interpreter, so it still works after a rename.
// Only the scripts in bin/ do not, and none of them is used.
function unprobed(context: SourceContext, folder: string): Omit<SynapseRuntime, "version"> {
  const env = withoutProxies(context.env);
  return {
    source: "venv",
    python: (...args) => ({ file: join(folder, "bin", "python"), args, env }),
    inside: (path) => path,
  };
}

function isUsable(context: SourceContext, folder: string): Promise<boolean> {
  return runtime(context, folder).then(
    () => true,
    () => false,
  );
}
