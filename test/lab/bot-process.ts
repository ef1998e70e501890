import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { startSupervised, type SupervisedProcess } from "./homeservers/supervised-process.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
/** Far more than a busy machine needs. */
const START_TIMEOUT_MS = 5 * 60_000;
const SECRETS = "secrets";

/** How the bot signs in to its own account. */
export type BotCredentials = { password: string } | { accessToken: string };

export interface BotOptions {
  /** Holds the configuration, the data and the secrets. */
  folder: string;
  homeserver: string;
  userId: string;
  /** Server name → client API address, for servers that discovery can't find. */
  servers: Readonly<Record<string, string>>;
  controlRooms?: readonly string[];
  /** Globs of people who may use the bot. */
  allow: readonly string[];
  /** Merged over the configuration. */
  configuration?: Readonly<Record<string, unknown>>;
}

/**
 * The bot, run as an operator runs it: a process with a configuration file. It ends with the
 * calling process, however that ends.
 */
export interface BotProcess {
  readonly configPath: string;
  readonly dataDir: string;
  readonly processId: number | undefined;
  /** The output of all runs so far. */
  output(): string;
  /** The log lines so far. */
  log(): Record<string, unknown>[];
  /** Starts the process (again) and resolves when it listens. */
  start(): Promise<void>;
  /** SIGTERM; resolves with the exit status, null after another signal. */
  stop(): Promise<{ status: number | null }>;
  /**
   * Ends it by a signal, by default SIGKILL, as a crash or a power cut does. Resolves once all its
   * output has arrived.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Writes the configuration; `start()` then runs the bot. */
export async function createBot(options: BotOptions & BotCredentials): Promise<BotProcess> {
  const { folder } = options;
  await mkdir(join(folder, SECRETS), { recursive: true });
  const { file, secret } = credentials(options);
  await writeFile(join(folder, SECRETS, file), `${secret}\n`, { mode: 0o600 });
  const configPath = join(folder, "bot.config.yaml");
  await writeFile(configPath, stringify(configurationOf(options)));
  let output = "";
  let running: SupervisedProcess | undefined;
  let ending: Promise<string> | undefined;

  async function start(): Promise<void> {
    const from = output.length;
    const listening = Promise.withResolvers<undefined>();
    const started = await startSupervised(
      {
        file: process.execPath,
        args: ["--max-semi-space-size=4", MAIN, "--config", configPath],
        env: process.env,
      },
      (line) => {
        output += `${line}\n`;
        if (line.includes('"msg":"listening"')) listening.resolve(undefined);
      },
    );
    running = started;
    ending = started.ended.then((how) => {
      if (running === started) running = undefined;
      listening.reject(new Error(`the bot ended (${how}):\n${output.slice(from)}`));
      return how;
    });
    const timer = setTimeout(
      () => listening.reject(new Error(`the bot did not start in time:\n${output.slice(from)}`)),
      START_TIMEOUT_MS,
    );
    await listening.promise.finally(() => clearTimeout(timer));
  }

  /** The exit status; null after a signal, or when it never ran. */
  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (running !== undefined) sendSignal(running.pid, signal);
    const [, status] = /^exit status (\d+)$/u.exec((await ending) ?? "") ?? [];
    return status === undefined ? null : Number(status);
  }

  return {
    configPath,
    dataDir: join(folder, "data"),
    get processId() {
      return running?.pid;
    },
    output: () => output,
    log: () => output.split("\n").flatMap(parseLine),
    start,
    stop: async () => ({ status: await end("SIGTERM") }),
    kill: async (signal = "SIGKILL") => {
      await end(signal);
    },
  };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself a moment ago.
  }
}

/** The secret, the file that holds it, and the configuration key of that file. */
function credentials(options: BotCredentials): { key: string; file: string; secret: string } {
  return "password" in options
    ? { key: "passwordFile", file: "bot-password", secret: options.password }
    : { key: "accessTokenFile", file: "bot-token", secret: options.accessToken };
}

function configurationOf(options: BotOptions & BotCredentials): Record<string, unknown> {
  const { homeserver, userId, servers, controlRooms = [], allow, configuration } = options;
  const { key, file } = credentials(options);
  return {
    bot: { homeserver, userId, [key]: `${SECRETS}/${file}` },
    dataDir: "data",
    secretKeyFile: `${SECRETS}/store.key`,
    controlRooms,
    access: { allow },
    servers,
    network: { allowPrivate: ["127.0.0.0/8"] },
    log: { level: "debug", format: "json" },
    ...configuration,
  };
}

function parseLine(line: string): Record<string, unknown>[] {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null ? [{ ...parsed }] : [];
  } catch {
    return [];
  }
}
