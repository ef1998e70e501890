import { type } from "node:os";
import type { Logger } from "pino";
import type { Chat } from "./chat/chat.ts";
import { startChat } from "./chat/chat.ts";
import { createPermission } from "./commands/permission.ts";
import type { CommandServices } from "./commands/registry.ts";
import { createCommands, createConfirmableActions } from "./commands/registry.ts";
import type { Configuration } from "./config/configuration.ts";
import type { Base } from "./create-services.ts";
import { createServices } from "./create-services.ts";
import { messageSender, sayRetired } from "./dialogue/run-notices.ts";
import type { GuardedFetch } from "./network/guarded-fetch.ts";
import { createGuardedFetch } from "./network/guarded-fetch.ts";
import { registerWork, storeErrorCounter } from "./operations/bot-metrics.ts";
import type { HealthEndpoint, HealthReport } from "./operations/health.ts";
import { healthReport, startHealthEndpoint } from "./operations/health.ts";
import { Housekeeping } from "./operations/housekeeping.ts";
import { createMetrics } from "./operations/metrics.ts";
import { asStartProblem, openDataDirectory, openSecretKey } from "./operations/open-data-directory.ts";
import { StartProblem } from "./operations/start-problem.ts";
import type { Stop } from "./operations/stop-layers.ts";
import { stopLayers } from "./operations/stop-layers.ts";
import { DiscoveryError } from "./platforms/matrix/api/discovery-error.ts";
import { discoverHomeserver } from "./platforms/matrix/api/discovery.ts";
import { isSameServer, serverPartOf } from "./platforms/matrix/ids/server-host.ts";
import type { SignIn } from "./service/accounts/sign-in.ts";
import type { MoveRetirementOptions } from "./service/run/retire.ts";
import { MoveRetirement } from "./service/run/retire.ts";
import { deriveKey } from "./store/sealed-secrets.ts";

/** How long handled event IDs, sent messages and "sent once" notes are kept. */
const KEEP_MS = 60 * 24 * 3_600_000;

/** How long renewals and sign-outs go on at a stop: well below the limit of a stop (main.ts). */
const REQUESTS_GRACE_MS = 2_500;

/** The running bot. */
export interface App {
  stop(): Promise<void>;
  /** Resolves when the bot can no longer continue by itself. */
  failed: Promise<Error>;
}

/**
 * Creates and starts the whole bot. Only this file and create-services.ts know every part.
 * @throws StartProblem with a text for the operator
 */
export async function startApp({
  configuration,
  log,
  version,
}: {
  configuration: Configuration;
  log: Logger;
  version: string;
}): Promise<App> {
  const now = Date.now;
  const key = await openSecretKey(configuration, log);
  const storeErrors = storeErrorCounter();
  const store = openDataDirectory(configuration, {
    secretKey: key,
    onStorageError: ({ problem }) => storeErrors.inc({ problem }),
    log,
  });
  log.info({ version, schema: store.schema.to, upgradedFrom: store.schema.from }, "starting");
  const chatStarted = Promise.withResolvers<Chat>();
  const workers: Stop[] = [];
  const fetch = createFetch(configuration, version);
  const stop = async (): Promise<void> => {
    // Requests that still hang are aborted. Their work is stored, or repeated by the next process.
    const timer = setTimeout(() => void fetch.close(), REQUESTS_GRACE_MS);
    await stopLayers([workers.splice(0), [() => fetch.close(), () => store.close()]]);
    clearTimeout(timer);
  };
  try {
    const housekeeping = new Housekeeping({
      tidy: async (signal) => {
        await store.receivedFiles.prune(now());
        await store.prune(now() - KEEP_MS, signal);
      },
      log,
    });
    housekeeping.start();
    workers.push(() => housekeeping.stop());
    const conversationAt: Base["conversationAt"] = async (address, cause, scope) =>
      (await chatStarted.promise).conversationAt(address, cause, scope);
    const files: Base["files"] = {
      download: async (file, limits) => (await chatStarted.promise).download(file, limits),
      uploadLimit: async () => (await chatStarted.promise).uploadLimit(),
    };
    const base: Base = { configuration, store, fetch, conversationAt, files, storeErrors, now, log };
    const { platform, keys, signIn, runs, fileImports, commands } = createServices(base);
    workers.push(() => platform.keys.stop());
    workers.push(() => {
      fileImports.stop();
      return Promise.resolve();
    });
    // Started before the chat: otherwise a message could begin a link that would then be watched
    // twice.
    await signIn.start();
    workers.push(() => signIn.stop());
    const chat = await startBotChat(base, key, commands);
    workers.push(() => chat.stop());
    chatStarted.resolve(chat);
    workers.push(() => runs.stop());
    await runs.start();
    workers.push(() => keys.stop());
    await keys.start();
    const moveRetirement = createMoveRetirement(base, signIn);
    moveRetirement.start();
    workers.push(() => moveRetirement.stop());
    const endpoint = await startHealth(base, chat, version);
    workers.push(async () => endpoint?.stop());
    return { stop, failed: chat.failed };
  } catch (error) {
    await stop();
    throw asStartProblem(error);
  }
}

function createFetch({ network }: Configuration, version: string): GuardedFetch {
  // Authorization servers show the text in brackets to the person, as the device of the bot's
  // session (platforms/matrix/README.md, "Sign-in by link").
  const userAgent = `matrix-mover/${version} (${type()}; bot)`;
  return createGuardedFetch({ allowPrivate: network.allowPrivate, userAgent });
}

async function startBotChat(base: Base, key: Buffer, services: CommandServices): Promise<Chat> {
  const { configuration, store, fetch, now, log } = base;
  const botServer = serverPartOf(configuration.bot.userId);
  return startChat({
    configuration,
    baseUrl: await botBaseUrl(configuration, fetch, log),
    store,
    cryptoStoreKey: deriveKey(key, "crypto-store"),
    commands: createCommands(services),
    confirmable: createConfirmableActions(services),
    isPermitted: createPermission(configuration.access),
    isOnOwnServer: (userId) => isSameServer(serverPartOf(userId), botServer),
    now,
    log,
  });
}

function createMoveRetirement(base: Base, signIn: SignIn): MoveRetirement {
  const { configuration, store, now, log } = base;
  const sendMessage = messageSender(base.conversationAt);
  const retired: MoveRetirementOptions["retired"] = (run, news) =>
    sayRetired(run, news, { sendMessage, prefix: configuration.prefix });
  const { runs, imports } = store;
  return new MoveRetirement({ runs, signIn, imports, retired, now, log });
}

/** @returns `null` if the configuration does not ask for it */
async function startHealth(base: Base, chat: Chat, version: string): Promise<HealthEndpoint | null> {
  const { configuration, store, storeErrors, now, log } = base;
  if (!configuration.http) return null;
  const { counts } = store;
  const unsentCount = (): Promise<number> => store.outbox.unsentCount();
  const metrics = createMetrics({ version });
  metrics.registerMetric(storeErrors);
  registerWork(metrics, { unsentCount, counts });
  const health = async (): Promise<HealthReport> =>
    healthReport({ ...chat.state(), store: await counts.isWritable(now()) });
  return startHealthEndpoint({ listen: configuration.http, health, metrics, log });
}

/**
 * The client API address of the bot: `bot.homeserver` is that address, or a server name to
 * discover.
 */
async function botBaseUrl(
  { bot, servers }: Configuration,
  fetch: GuardedFetch,
  log: Logger,
): Promise<string> {
  if (/^https?:\/\//u.test(bot.homeserver)) return bot.homeserver;
  try {
    return (await discoverHomeserver(bot.homeserver, { fetch, log, servers })).baseUrl;
  } catch (error) {
    if (error instanceof DiscoveryError)
      throw new StartProblem(
        `The bot's homeserver was not found: ${error.message}. Write its address (https://…) into bot.homeserver.`,
      );
    throw error;
  }
}
