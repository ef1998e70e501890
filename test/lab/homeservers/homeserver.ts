import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseAccessLog, settledAccessLog } from "./access-log.ts";
import type { ServerIdentity } from "./identity.ts";
import { launch } from "./launcher.ts";
import type { Homeserver } from "./model.ts";
import { isReady } from "./readiness.ts";
import { registerUser } from "./registration.ts";
import { CA_CERTIFICATE, SERVER_FILES } from "./server-config.ts";
import type { SynapseRuntime } from "./sources/source.ts";
import type { SupervisedProcess } from "./supervised-process.ts";

// A machine that starts many servers at once needs tens of seconds.
const READY_WITHIN_MS = 5 * 60_000;
const POLL_MS = 50;

/** Another process took the port between its choice and its binding. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}

interface ServerOptions {
  readonly runtime: SynapseRuntime;
  readonly folder: string;
  readonly identity: ServerIdentity;
  readonly clientPort: number;
}

/** A server whose folder is ready and which is not started yet. */
export function homeserver({ runtime, folder, identity, clientPort }: ServerOptions): Homeserver {
  const baseUrl = `http://127.0.0.1:${clientPort}`;
  let running: SupervisedProcess | undefined;

  async function start(): Promise<void> {
    if (running !== undefined) throw new Error(`${identity.serverName} is running already`);
    const started = await launch(runtime, folder);
    running = started;
    const hasEnded = started.ended.then(() => {
      if (running === started) running = undefined;
    });
    try {
      await untilReady(started, hasEnded);
    } catch (error) {
      await started.end();
      throw error;
    }
  }

  async function untilReady(started: SupervisedProcess, hasEnded: Promise<void>): Promise<void> {
    const ca = await readFile(join(dirname(folder), CA_CERTIFICATE), "utf8");
    const deadline = Date.now() + READY_WITHIN_MS;
    while (running === started) {
      if (await isReady(identity, clientPort, ca)) return;
      if (Date.now() > deadline)
        throw new Error(`${identity.serverName} did not answer within ${READY_WITHIN_MS / 1000} s`);
      await Promise.race([sleep(POLL_MS), hasEnded]);
    }
    const output = await lastOutput(folder);
    const message = `${identity.serverName} ended while it was starting (${await started.ended}): ${output.slice(-1500)}`;
    throw /CannotListenError|Address already in use/.test(output)
      ? new PortTakenError(message)
      : new Error(message);
  }

  function readLog(): Promise<string> {
    return readFile(join(folder, SERVER_FILES.accessLog), "utf8");
  }

  function signal(name: NodeJS.Signals): void {
    if (running === undefined) throw new Error(`${identity.serverName} is not running`);
    process.kill(-running.pid, name);
  }

  return {
    serverName: identity.serverName,
    baseUrl,
    folder,
    get pid() {
      return running?.pid;
    },
    registerUser: (user) => registerUser(baseUrl, identity.registrationSecret, user),
    accessLog: async () =>
      parseAccessLog(await (running === undefined ? readLog() : settledAccessLog(baseUrl, readLog))),
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    stop: async () => running?.end(),
    start,
  };
}

async function lastOutput(folder: string): Promise<string> {
  const files = [SERVER_FILES.log, SERVER_FILES.output].map((name) =>
    readFile(join(folder, name), "utf8").catch(() => ""),
  );
  return (await Promise.all(files)).map((content) => content.slice(-4000)).join("\n");
}
