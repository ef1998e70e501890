import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { z } from "zod";
import { EXIT_STATUS, HELP, parseArguments } from "./config/arguments.ts";
import { type Configuration, ConfigurationError, formatFaults } from "./config/configuration.ts";
import { loadConfiguration } from "./config/load.ts";
import { createLog } from "./operations/log.ts";
import { StartProblem } from "./operations/start-problem.ts";

/**
 * The limit of a stop. With the time that a busy machine needs to end the process, it stays below
 * the promised five seconds.
 */
const STOP_LIMIT_MS = 4_000;

const invocation = parseArguments(process.argv.slice(2));
switch (invocation.kind) {
  case "help":
    process.stdout.write(HELP);
    break;
  case "version":
    process.stdout.write(`${readVersion()}\n`);
    break;
  case "mistake":
    process.stderr.write(`${invocation.message}\n`);
    process.exitCode = EXIT_STATUS.usage;
    break;
  case "check":
    check(invocation.configPath);
    break;
  case "start":
    await start(invocation.configPath);
    break;
}

function check(configPath: string): void {
  const configuration = loadOrReportFaults(configPath);
  if (configuration === null) return;
  for (const line of formatFaults(configuration.warnings)) process.stdout.write(`warning: ${line}\n`);
  process.stdout.write(`${configPath}: OK\n`);
}

async function start(configPath: string): Promise<void> {
  const configuration = loadOrReportFaults(configPath);
  if (configuration === null) return;
  const log = createLog(configuration.log);
  // A panic of the WebAssembly crypto arrives as an uncaught error and leaves its memory unusable,
  // so the process must end (overrides/README.md, "Crash safety").
  process.on("uncaughtException", (error) => endAfter(log, error));
  process.on("unhandledRejection", (reason) => endAfter(log, reason));
  for (const line of formatFaults(configuration.warnings)) log.warn(`configuration: ${line}`);

  // Imported only now, so that --help and --check-config answer at once.
  const starting = import("./app.ts").then(({ startApp }) =>
    startApp({ configuration, log, version: readVersion() }),
  );
  stopOnSignals(log, starting);
  try {
    const app = await starting;
    void app.failed.then((error) => endAfter(log, error));
  } catch (error) {
    if (!(error instanceof StartProblem || error instanceof ConfigurationError)) endAfter(log, error);
    process.stderr.write(`${error.message}\n`);
    process.exit(error instanceof ConfigurationError ? EXIT_STATUS.configuration : EXIT_STATUS.failure);
  }
}

function stopOnSignals(log: Logger, starting: Promise<{ stop(): Promise<void> }>): void {
  let isStarted = false;
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      log.warn({ signal }, "second signal: ending at once");
      process.exit(EXIT_STATUS.failure);
    }
    isStopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => {
      if (!isStarted) process.exit(EXIT_STATUS.ok);
      log.error(
        { limitMs: STOP_LIMIT_MS },
        "stopping took too long; ending now. Work under way is stored and continues at the next start",
      );
      process.exit(EXIT_STATUS.failure);
    }, STOP_LIMIT_MS);
    void starting.then(async (app) => {
      await app.stop();
      log.info("stopped");
      process.exit(EXIT_STATUS.ok);
    });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  void starting.then(() => {
    isStarted = true;
  });
}

function endAfter(log: Logger, error: unknown): never {
  if (error instanceof StartProblem) {
    log.fatal({ err: error }, "ended; a new start is needed");
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_STATUS.failure);
  }
  const reference = randomBytes(4).toString("hex");
  log.fatal({ err: error, reference }, "ended by an unexpected error");
  process.stderr.write(`Ended by an unexpected error; the log has it under the reference ${reference}.\n`);
  process.exit(EXIT_STATUS.failure);
}

function loadOrReportFaults(path: string): Configuration | null {
  try {
    return loadConfiguration({ path, environment: process.env });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { faults } = error;
    process.stderr.write(`${path}: ${faults.length === 1 ? "1 fault" : `${String(faults.length)} faults`}\n`);
    for (const line of formatFaults(faults)) process.stderr.write(`  ${line}\n`);
    process.exitCode = EXIT_STATUS.configuration;
    return null;
  }
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
