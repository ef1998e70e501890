import type { Logger } from "pino";
import { Gauge } from "prom-client";
import { type } from "node:os";
import type { Chat } from "./chat/chat.ts";
import { startChat } from "./chat/chat.ts";
import { sayLinkNews } from "./dialogue/sign-in-notices.ts";
import type { CommandServices } from "./commands/registry.ts";
import { createCommands, createConfirmableActions } from "./commands/registry.ts";
import type { Configuration } from "./config/configuration.ts";
import { loadOrCreateSecretKey } from "./config/secret-key.ts";
import { startHealthEndpoint } from "./operations/health.ts";
import { createMetrics } from "./operations/metrics.ts";
import { StartProblem } from "./operations/start-problem.ts";
import { DiscoveryError } from "./platforms/matrix/api/discovery-error.ts";
import { discoverHomeserver } from "./platforms/matrix/api/discovery.ts";
import type { GuardedFetch } from "./network/guarded-fetch.ts";
import { createGuardedFetch } from "./network/guarded-fetch.ts";
import { isSameServer, serverPartOf } from "./platforms/matrix/ids/server-host.ts";
import { createMatrixPlatform } from "./platforms/matrix/platform.ts";
import { createPermission } from "./commands/permission.ts";
import { forgetPerson } from "./service/forget.ts";
import { convertChat } from "./service/run/convert-chat.ts";
import { createRuns } from "./service/run/create-runs.ts";
import type { MoveRetirementOptions } from "./service/run/retire.ts";
import { MoveRetirement } from "./service/run/retire.ts";
import { verifyMove } from "./service/run/verify.ts";
import { Planning } from "./service/plan/planning.ts";
import { listSourceRooms } from "./service/plan/room-listing.ts";
import { RoomRefusals } from "./service/plan/room-refusals.ts";
import type { SendMessage } from "./dialogue/run-notices.ts";
import { RunAnnouncer, sayRetired } from "./dialogue/run-notices.ts";
import { knockReason } from "./view/words/knock-reason.ts";
import { SignIn } from "./service/accounts/sign-in.ts";
import { DataDirectoryInUseError } from "./store/process-lock.ts";
import { UnsealError, deriveKey } from "./store/sealed-secrets.ts";
import type { UnreadableRow } from "./store/stored-json.ts";
import type { Store } from "./store/store.ts";
import { openStore } from "./store/store.ts";
import { NewerSchemaError } from "./store/upgrade.ts";

/** How long handled event IDs, sent messages and "sent once" notes are kept. */
const KEEP_MS = 60 * 24 * 3_600_000;

/** The running bot. */
export interface App {
  stop(): Promise<void>;
  /** Resolves when the bot can no longer continue by itself. */
  failed: Promise<Error>;
}

/**
 * Creates and starts the whole bot. Only this file knows every part.
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
  const { key, isNew } = await loadOrCreateSecretKey(configuration.secretKeyFile);
  if (isNew)
    log.info(
      { file: configuration.secretKeyFile },
      "created the secret key; keep a copy of it outside the data directory",
    );
  const store = openStoreOrExplain(configuration, key, log);
  log.info({ version, schema: store.schema.to, upgradedFrom: store.schema.from }, "starting");
  const chatStarted = Promise.withResolvers<Chat>();
  const closers: (() => Promise<void>)[] = [() => store.close()];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    // Authorization servers show the text in brackets to the person, as the device of the bot's
    // session (platforms/matrix/README.md, "Sign-in by link").
    const userAgent = `matrix-mover/${version} (${type()}; bot)`;
    const fetch = createGuardedFetch({ allowPrivate: configuration.network.allowPrivate, userAgent });
    closers.push(() => fetch.close());
    await prune(store, now());
    const platform = createMatrixPlatform({
      sessionStore: store.accounts,
      fetch,
      servers: configuration.servers,
      introduction: configuration.oauth,
      now,
      log,
    });
    const signIn = new SignIn({
      accounts: store.accounts,
      links: store.signInLinks,
      platform,
      introduction: configuration.oauth,
      notify: async (link, news) => {
        const conversation = (await chatStarted.promise).conversationAt(link.address);
        await sayLinkNews(conversation, link, news, { now: now(), prefix: configuration.prefix });
      },
      onSignedIn: (owner, _side, account) => {
        control
          .signedIn(owner, account)
          .catch((error: unknown) => log.error({ err: error }, "a run could not continue after a sign-in"));
      },
      now,
      log,
    });
    const { accounts, plans } = store;
    const botUserId = configuration.bot.userId;
    const planning = new Planning({
      accounts,
      platform,
      plans,
      outbox: store.outbox,
      roomRefusals: new RoomRefusals(store.runs, now),
      botUserId,
      now,
      log,
    });
    const { prefix } = configuration;
    // Messages of runs are sent in the chat, which is started before any run resumes.
    const sendMessage: SendMessage = async (address, message, options) =>
      (await chatStarted.promise).conversationAt(address).say(message, options);
    const runServices = createRuns({
      store,
      platforms: { matrix: platform },
      rateLimits: platform.rateLimits,
      planning,
      createListener: (facts) =>
        new RunAnnouncer({ ...facts, runs: store.runs, plans, sendMessage, prefix, now, log }),
      knockReason,
      now,
      log,
    });
    const { control } = runServices;
    const services: CommandServices = {
      signIn,
      forget: (owner) => forgetPerson(owner, { control, signIn, store }),
      planning,
      runs: runServices,
      verify: (owner, request) => verifyMove(owner, request, planning),
      convert: (owner, request) => convertChat(owner, request, { planning, accounts, platform, botUserId }),
      listRooms: (owner, request) => listSourceRooms(owner, request, { accounts, platform }),
      plans,
      now,
      prefix,
    };
    // Started before the chat: otherwise a message could begin a link that would then be watched
    // twice.
    await signIn.start();
    closers.push(() => signIn.stop());
    const chat = await startChat({
      configuration,
      baseUrl: await botBaseUrl(configuration, fetch, log),
      store,
      cryptoStoreKey: deriveKey(key, "crypto-store"),
      commands: createCommands(services),
      confirmable: createConfirmableActions(services),
      isPermitted: createPermission(configuration.access),
      isOnOwnServer: (userId) => isSameServer(serverPartOf(userId), serverPartOf(botUserId)),
      now,
      log,
    });
    // Both stop at the same time, because each waits a while for its running work.
    closers.push(async () => {
      await Promise.all([chat.stop(), signIn.stop()]);
    });
    chatStarted.resolve(chat);
    closers.push(() => runServices.stop());
    await runServices.start();
    const retired: MoveRetirementOptions["retired"] = (run, news) =>
      sayRetired(run, news, { sendMessage, prefix });
    const moveRetirement = new MoveRetirement({ runs: store.runs, signIn, retired, now, log });
    moveRetirement.start();
    closers.push(() => moveRetirement.stop());
    if (configuration.http) {
      const metrics = createMetrics({ version });
      new Gauge({
        name: "matrix_mover_outbox_unsent",
        help: "Messages that wait to be sent.",
        registers: [metrics],
        async collect() {
          this.set(await store.outbox.unsentCount());
        },
      });
      const health = () => ({
        isHealthy: chat.isSyncing(),
        checks: { sync: chat.isSyncing() ? ("ok" as const) : ("failing" as const) },
      });
      const endpoint = await startHealthEndpoint({ listen: configuration.http, health, metrics, log });
      closers.push(() => endpoint.stop());
    }
    return { stop, failed: chat.failed };
  } catch (error) {
    await stop();
    throw error instanceof UnsealError ? new StartProblem(error.message) : error;
  }
}

function openStoreOrExplain({ dataDir }: Configuration, secretKey: Buffer, log: Logger): Store {
  try {
    const reportUnreadable = (row: UnreadableRow): void => log.warn(row, "a stored row cannot be read");
    return openStore({ dataDir, secretKey, reportUnreadable });
  } catch (error) {
    if (error instanceof DataDirectoryInUseError || error instanceof NewerSchemaError)
      throw new StartProblem(error.message);
    throw error;
  }
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

async function prune(store: Store, now: number): Promise<void> {
  await store.receivedEvents.prune(now - KEEP_MS);
  await store.outbox.prune(now - KEEP_MS);
  await store.questions.prune(now - KEEP_MS);
  await store.sentOnce.prune(now - KEEP_MS);
}
