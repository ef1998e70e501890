import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { abortAll } from "request";
import type { Conversation } from "../dialogue/conversation.ts";
import type { ConversationAddress } from "../model/conversation-address.ts";
import type { Download, FileReference } from "../model/file-reference.ts";
import type { Cause } from "../store/cause.ts";
import type { ChatOptions } from "./chat-options.ts";
import { monotonicNow } from "./chat-options.ts";
import { createChatParts } from "./chat-parts.ts";
import { downloadFile } from "./download.ts";
import { adoptRoomFile, cryptoFolder, isCryptoStoreLost, startEncryption } from "./encryption.ts";
import { ControlRooms } from "./rooms/control-rooms.ts";
import { RoomEncryption } from "./rooms/room-encryption.ts";
import { type BotSession, openBotSession, replaceBotSession } from "./session.ts";
import { BotClient } from "./sync/bot-client.ts";
import { cryptoStorage } from "./sync/bot-crypto.ts";
import { connectSdkLog } from "./sync/sdk-log.ts";
import { syncStorage } from "./sync/sync-storage.ts";
import { readUploadLimit } from "./upload-limit.ts";

/**
 * The filter of a sync. Its timelines are long enough that gaps are rare, and it leaves out
 * everything that the bot does not read.
 */
const SYNC_FILTER = {
  presence: { types: [] },
  account_data: { types: [] },
  room: {
    timeline: { limit: 100 },
    ephemeral: { types: [] },
    account_data: { types: [] },
    state: { lazy_load_members: true },
  },
};
/**
 * The two grace periods together are well below the limit of a stop (main.ts). A busy machine
 * needs the rest to end the process.
 */
const HANDLING_GRACE_MS = 2_000;
const SENDING_GRACE_MS = 750;

/** The running chat of the bot. */
export interface Chat {
  /**
   * Whether the bot's homeserver answers, whether messages can be sent, and whether the encryption
   * store saves what it is given.
   */
  state(): Readonly<Record<"sync" | "sending" | "encryption", boolean>>;
  /** Resolves when the bot can no longer continue by itself. */
  failed: Promise<Error>;
  /**
   * Opens the conversation at an address again, at any time, also after a restart. It continues in
   * the newest chat with the person. A key that was already said is not said again, so new messages
   * need new keys.
   * @param scope separates the keys from those already used at the address
   */
  conversationAt(address: ConversationAddress, cause: Cause, scope?: string): Promise<Conversation>;
  /**
   * Downloads a file that a person sent.
   * @throws the reason of the signal, if it is aborted
   */
  download(file: FileReference, options: { maxBytes: number; signal: AbortSignal }): Promise<Download>;
  /** The largest file that can be sent, in bytes. */
  uploadLimit(): Promise<number>;
  stop(): Promise<void>;
}

/** Signs the bot in, starts its encryption, and listens. */
export async function startChat(options: ChatOptions): Promise<Chat> {
  const { configuration, store, now, log } = options;
  connectSdkLog(log);
  const session = await openUsableSession(options);
  const client = createClient(session, options);
  const { deviceId } = session;
  await adoptRoomFile(cryptoFolder(configuration.dataDir, deviceId), { encryption: client.encryption, log });
  const machine = await client.withRetries(() =>
    startEncryption({
      client,
      deviceId,
      account: configuration.bot,
      state: store.bot,
      storeKey: options.cryptoStoreKey,
      log,
    }),
  );
  const displayName = await client.withRetries(() => displayNameOf(client, configuration.bot.userId));
  await client.withRetries(() => client.useFilter(SYNC_FILTER));
  const controlRooms = new ControlRooms({
    client,
    configured: configuration.controlRooms,
    state: store.bot,
    now,
    monotonicNow,
    log,
  });
  await controlRooms.find();
  const parts = createChatParts(options, {
    client,
    machine,
    displayName,
    deviceId,
    controlRooms,
  });
  const { conversations, chats, router, inbox, outbox, invitations, undecrypted } = parts;

  const onCrash = (): void => store.noteCrash(outbox.underWay);
  process.on("uncaughtExceptionMonitor", onCrash);
  outbox.start();
  await inbox.start();
  invitations.start();
  undecrypted.start();
  client.startWith(router);
  // Messages that are in a room before the first sync are history and are not handled. The bot
  // joins rooms only after it, so that no message to the bot counts as history.
  void router.firstSync.then(() => controlRooms.start());
  const { userId } = configuration.bot;
  log.info({ userId, deviceId: session.deviceId, controlRooms: controlRooms.ids.size }, "listening");

  return {
    failed: router.failed,
    conversationAt: async (address, cause, scope) =>
      conversations.at(await chats.newestAddress(address), cause, scope === undefined ? {} : { scope }),
    download: (file, limits) =>
      downloadFile(file, {
        homeserverUrl: client.homeserverUrl,
        accessToken: session.accessToken,
        ...limits,
        log,
      }),
    uploadLimit: () => readUploadLimit(client),
    state: () => ({
      sync: router.isSyncing(),
      sending: outbox.isSending,
      encryption: client.crypto.isSaving,
    }),
    stop: async () => {
      process.off("uncaughtExceptionMonitor", onCrash);
      client.stop();
      abortAll((url) => url.pathname.endsWith("/sync"));
      await inbox.stop(HANDLING_GRACE_MS);
      const workersStopped = Promise.all([
        outbox.stop(),
        invitations.stop(),
        undecrypted.stop(),
        controlRooms.stop(),
      ]);
      await Promise.race([workersStopped, sleep(SENDING_GRACE_MS)]);
      // Requests that still hang are aborted. Their work is stored, and the next start repeats it.
      abortAll();
      await workersStopped;
      await machine.close();
    },
  };
}

function createClient(session: BotSession, { configuration, baseUrl, store, log }: ChatOptions): BotClient {
  const folder = cryptoFolder(configuration.dataDir, session.deviceId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return new BotClient({
    baseUrl,
    accessToken: session.accessToken,
    storage: syncStorage(store.bot),
    createEncryption: (client) => new RoomEncryption({ state: store.bot, client, monotonicNow }),
    createCryptoStorage: (encryption) => cryptoStorage({ deviceId: session.deviceId, folder, encryption }),
    log,
  });
}

/**
 * Replaces a session whose encryption keys are lost by a new device, if the password is configured.
 */
async function openUsableSession({ configuration, baseUrl, store, log }: ChatOptions): Promise<BotSession> {
  const session = { baseUrl, account: configuration.bot, state: store.bot, log };
  const opened = await openBotSession(session);
  const isLost = await isCryptoStoreLost(store.bot, configuration.dataDir, opened.deviceId);
  return isLost ? replaceBotSession(opened, session) : opened;
}

async function displayNameOf(client: BotClient, userId: string): Promise<string | null> {
  const profile: unknown = await client.getUserProfile(userId).catch(() => null);
  return typeof profile === "object" &&
    profile !== null &&
    "displayname" in profile &&
    typeof profile.displayname === "string"
    ? profile.displayname
    : null;
}
