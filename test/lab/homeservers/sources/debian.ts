import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runSupervised } from "../supervised-process.ts";
import { exists, installOnce } from "./install-once.ts";
import type { SourceContext, SynapseRuntime, SynapseSource } from "./source.ts";
import { probed } from "./source.ts";

/** Where the machine's own files are inside the folder. */
const OUTSIDE = "/srv/outside";

// Mounts in a namespace of its own. The kernel removes it with its last process. $0 is the folder.
const ENTER = `
mount --rbind / "$0${OUTSIDE}"
mount --rbind /dev "$0/dev"
mount -t tmpfs tmpfs "$0/tmp"
exec chroot "$0" /usr/bin/python3 "$@"
`;

/**
 * A folder made from the packages of Debian's unstable suite, the only one that has
 * `matrix-synapse`. Needs Debian and root.
 */
export const debianSource: SynapseSource = {
  name: "debian",
  async find(context) {
    const folder = debianFolder(context);
    return (await exists(folder)) ? runtime(folder) : undefined;
  },
  async install(context) {
    await requireDebianRoot();
    const folder = debianFolder(context);
    await installOnce({
      folder,
      log: context.log,
      what: "Synapse from Debian's packages in a folder of its own (once, about 450 MB)",
      isUsable: () =>
        runtime(folder).then(
          () => true,
          () => false,
        ),
      install: (temporary) => makeFolder(context, temporary),
    });
    return runtime(folder);
  },
};

function debianFolder(context: SourceContext): string {
  return join(context.cacheFolder, "debian-sid");
}

async function requireDebianRoot(): Promise<void> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  if (!/^ID="?debian"?$/m.test(release)) throw new Error("this system is not Debian");
  if (process.getuid?.() !== 0) throw new Error("this needs root");
}

async function makeFolder(context: SourceContext, folder: string): Promise<void> {
  const env = { ...context.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  await requireMmdebstrap(context, env);
  // Check-Valid-Until: a mirror may be a few weeks old.
  const args = [
    "--variant=minbase",
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
  ];
  const packages = "--include=matrix-synapse,ca-certificates";
  await runSupervised({ file: "mmdebstrap", args: [...args, packages, "sid", folder], env }, (line) => {
    if (line.startsWith("I: ")) context.log(`mmdebstrap: ${line.slice(3)}`);
  });
  await mkdir(join(folder, OUTSIDE), { recursive: true });
  await replace(join(folder, "etc/hosts"), "127.0.0.1 localhost\n");
  await replace(join(folder, "etc/resolv.conf"), "# Nothing is asked.\n");
  await runtime(folder);
}

async function requireMmdebstrap(context: SourceContext, env: NodeJS.ProcessEnv): Promise<void> {
  const isThere = await runSupervised({ file: "mmdebstrap", args: ["--version"], env }).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  context.log("apt-get: installing mmdebstrap");
  const install = {
    file: "apt-get",
    args: ["install", "--yes", "--no-install-recommends", "mmdebstrap"],
    env,
  };
  await runSupervised(install).catch(async () => {
    await runSupervised({ file: "apt-get", args: ["update"], env });
    await runSupervised(install);
  });
}

async function replace(path: string, content: string): Promise<void> {
  await rm(path, { force: true }); // it may be a link
  await writeFile(path, content);
}

function runtime(folder: string): Promise<SynapseRuntime> {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", HOME: "/root" };
  return probed({
    source: "debian",
    python: (...args) => ({
      file: "unshare",
      args: ["--mount", "--propagation", "private", "sh", "-euc", ENTER, folder, ...args],
      env,
    }),
    inside: (path) => join(OUTSIDE, path),
  });
}
