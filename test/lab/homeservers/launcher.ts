import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVER_FILES } from "./server-config.ts";
import { scriptCommand, type SynapseRuntime } from "./sources/source.ts";
import { followed, startSupervised, type SupervisedProcess } from "./supervised-process.ts";

/** Names the socket of a launcher that the processes of a test run share. */
export const LAUNCHER_VARIABLE = "MATRIX_MOVER_LAUNCHER";

/** A process that has loaded Synapse and forks servers. */
export interface Launcher {
  /** The path of its socket. */
  readonly socket: string;
  /** Ends it and its servers. */
  end(): Promise<void>;
}

/**
 * Starts a launcher. It ends with this process, however this one ends.
 *
 * @throws Error with its last lines when it does not start
 */
export async function startLauncher(runtime: SynapseRuntime): Promise<Launcher> {
  const folder = await mkdtemp(join(tmpdir(), "launcher-"));
  const socket = join(folder, "socket");
  const lines: string[] = [];
  const { promise: isReady, resolve: ready } = Promise.withResolvers<boolean>();
  const launcher = await startSupervised(
    scriptCommand(runtime, "fork.py", runtime.inside(socket)),
    (line) => {
      lines.push(line);
      if (line === "ready") ready(true);
    },
  );
  const end = async (): Promise<void> => {
    await launcher.end();
    await rm(folder, { recursive: true, force: true });
  };
  void launcher.ended.then(() => ready(false));
  if (await isReady) return { socket, end };
  await end();
  throw new Error(`Synapse could not be loaded (${await launcher.ended}): ${lines.slice(-4).join(" | ")}`);
}

/** This process's own launcher, and how many servers it has. */
let own: { readonly launcher: Promise<Launcher>; servers: number } | undefined;

/**
 * Starts the server whose files are in a folder. It ends with this process, however this one ends.
 * The launcher is the one that the environment names, otherwise one of this process, which lives
 * while it has servers.
 */
export async function launch(runtime: SynapseRuntime, folder: string): Promise<SupervisedProcess> {
  const shared = process.env[LAUNCHER_VARIABLE];
  if (shared !== undefined) return fork(shared, runtime.inside(folder));
  own ??= { launcher: startLauncher(runtime), servers: 0 };
  const used = own;
  used.servers += 1;
  const release = async (): Promise<void> => {
    used.servers -= 1;
    if (used.servers > 0) return;
    if (own === used) own = undefined;
    await (await used.launcher).end();
  };
  try {
    const server = await fork((await used.launcher).socket, runtime.inside(folder));
    const ended = server.ended.then(async (how) => {
      await release();
      return how;
    });
    return { ...server, ended, end: () => Promise.all([server.end(), ended]).then(() => {}) };
  } catch (error) {
    await release();
    throw error;
  }
}

/** @param folder as the launcher sees it */
async function fork(socket: string, folder: string): Promise<SupervisedProcess> {
  const connection = createConnection(socket);
  await once(connection, "connect");
  connection.on("error", () => {});
  connection.write(`${JSON.stringify([folder, SERVER_FILES.config, SERVER_FILES.output])}\n`);
  return await followed({ reports: connection, lifeline: connection, closed: once(connection, "close") });
}
