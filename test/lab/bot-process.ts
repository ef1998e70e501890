import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const START_TIMEOUT_MS = 60_000;
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

/** The bot, run as an operator runs it: a process with a configuration file. */
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
  /** SIGTERM; resolves with the exit status and how long it took. */
  stop(): Promise<{ status: number | null; ms: number }>;
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
  let child: ChildProcess | null = null;
  let closed: Promise<unknown> = Promise.resolve();

  async function start(): Promise<void> {
    const from = output.length;
    const started = spawn(process.execPath, ["--max-semi-space-size=4", MAIN, "--config", configPath], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    closed = new Promise((resolve) => started.once("close", resolve));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the bot did not start in time:\n${output.slice(from)}`)),
        START_TIMEOUT_MS,
      );
      const collect = (chunk: Buffer): void => {
        output += chunk.toString();
        if (output.slice(from).includes('"msg":"listening"')) settle(resolve);
      };
      const onExit = (status: number | null): void =>
        settle(() =>
          reject(new Error(`the bot ended with status ${String(status)}:\n${output.slice(from)}`)),
        );
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        started.off("exit", onExit);
        then();
      };
      started.stdout.on("data", collect);
      started.stderr.on("data", collect);
      started.once("exit", onExit);
      started.once("error", reject);
    });
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    // A process that has ended by itself may have unread output.
    if (child?.exitCode === null && child.signalCode === null) child.kill(signal);
    await closed;
    return child?.exitCode ?? null;
  }

  return {
    configPath,
    dataDir: join(folder, "data"),
    get processId() {
      return child?.pid;
    },
    output: () => output,
    log: () => output.split("\n").flatMap(parseLine),
    start,
    stop: async () => {
      const startedAt = performance.now();
      const status = await end("SIGTERM");
      return { status, ms: Math.round(performance.now() - startedAt) };
    },
    kill: async (signal = "SIGKILL") => {
      await end(signal);
    },
  };
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
