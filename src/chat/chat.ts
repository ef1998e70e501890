import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { RustSdkCryptoStorageProvider } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { abortAll } from "request";
import type { ConfirmableActions, Command, Conversation } from "../dialogue/conversation.ts";
import { createDispatch } from "../commands/dispatch.ts";
import type { Configuration } from "../config/configuration.ts";
import type { ConversationAddress } from "../model/conversation-address.ts";
import type { Store } from "../store/store.ts";
import { BotClient } from "./sync/bot-client.ts";
import { Confirmations } from "./confirmations.ts";
import { ControlRooms } from "./rooms/control-rooms.ts";
import { RoomConversation } from "./conversation.ts";
import { cryptoFolder, isCryptoStoreLost, startEncryption } from "./encryption.ts";
import { Inbox } from "./inbox.ts";
import { InvitationHandler } from "./rooms/invitations.ts";
import { Outbox } from "./outbox.ts";
import { Rooms } from "./rooms/rooms.ts";
import { connectSdkLog } from "./sync/sdk-log.ts";
import { openBotSession, replaceBotSession } from "./session.ts";
import { syncStorage } from "./sync/sync-storage.ts";
import { UndecryptableMessages } from "./undecrypted.ts";
import { EmptyRooms } from "./rooms/leave-empty-rooms.ts";

/**
 * What a sync asks for: enough of each timeline that gaps are rare, and nothing that the bot does
 * not read.
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
/** A long poll that has not come back by then counts as a server that is away. */
const SYNC_STALE_MS = 120_000;
/**
 * Together well below what a stop may take (main.ts), for a busy machine needs its time for the
 * rest.
 */
const HANDLING_GRACE_MS = 2_000;
const SENDING_GRACE_MS = 750;

export interface ChatOptions {
  configuration: Configuration;
  /** Client API address of the bot's homeserver. */
  baseUrl: string;
  store: Store;
  cryptoStoreKey: Buffer;
  commands: readonly Command[];
  /** What people confirm with a reaction or a word. */
  confirmable: ConfirmableActions;
  isPermitted: (userId: string) => boolean;
  now: () => number;
  log: Logger;
}

export interface Chat {
  /** Whether the bot's homeserver answers. */
  isSyncing(): boolean;
  /** Resolves when the bot can't go on by itself. */
  failed: Promise<Error>;
  /**
   * A conversation gone on with, at any time, also after a restart. What is said in it needs keys
   * of its own: what was said under a key at this address before is not said again.
   */
  conversationAt(address: ConversationAddress): Conversation;
  stop(): Promise<void>;
}

/** Signs the bot in, starts its encryption, and listens. */
export async function startChat(options: ChatOptions): Promise<Chat> {
  const { configuration, baseUrl, store, commands, isPermitted, now, log } = options;
  const { userId } = configuration.bot;
  connectSdkLog(log);
  const session = await openUsableSession(options);
  const folder = cryptoFolder(configuration.dataDir, session.deviceId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  let syncedAt = now();
  const firstSync = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<Error>();
  const client: BotClient = new BotClient({
    baseUrl,
    accessToken: session.accessToken,
    storage: syncStorage(store.bot),
    // The kind of store is asked for and ignored: there is one (src/overrides).
    cryptoStore: new RustSdkCryptoStorageProvider(folder, 0),
    listener: {
      onMessage: (roomId, event) => inbox.receive(roomId, event),
      onUndecryptable: (roomId, event) => undecrypted.receive(roomId, event),
      onInvitation: (roomId, event) => invitations.receive(roomId, event),
      onRoomEvent: async (roomId, event) => {
        if (isEventOf("m.reaction", event)) await inbox.receive(roomId, event);
        if (!isEventOf("m.room.member", event)) return;
        rooms.forgetMembers(roomId);
        alone.look(roomId);
      },
      onLeft: (roomId) => rooms.forgetMembers(roomId),
      onSynced: () => {
        syncedAt = now();
        firstSync.resolve(undefined);
      },
      onSessionEnded: () =>
        ended.resolve(
          new Error(
            "the bot's session was ended on its server; with the password in the configuration the next start logs in anew",
          ),
        ),
    },
    log,
  });
  const machine = await startEncryption({
    client,
    deviceId: session.deviceId,
    account: configuration.bot,
    state: store.bot,
    storeKey: options.cryptoStoreKey,
    log,
  });
  const controlRooms = new ControlRooms(client, configuration.controlRooms, { now, log });
  await controlRooms.find();

  const rooms = new Rooms(client, {
    controlRoomIds: controlRooms.ids,
    directChats: configuration.directChats,
  });
  const alone = new EmptyRooms(client, rooms, log);
  const outbox = new Outbox(store.outbox, client, { now, log });
  const names = { prefix: configuration.prefix, userId, displayName: await displayNameOf(client, userId) };
  const { questions } = store;
  const conversationAt = (address: ConversationAddress, scope?: string): Conversation =>
    new RoomConversation({
      outbox,
      questions,
      controlRoomIds: controlRooms.ids,
      address,
      ...(scope !== undefined && { scope }),
      now,
    });
  const confirmations = new Confirmations({
    questions,
    outbox,
    names,
    actions: options.confirmable,
    isPermitted,
    conversationAt,
    now,
    log,
  });
  const dispatch = createDispatch({
    names,
    commands,
    isPermitted,
    once: (subject, person) => store.sentOnce.take(subject, person, now()),
    now,
    log,
  });
  const inbox = new Inbox({
    userId,
    receivedEvents: store.receivedEvents,
    dispatch: async (text, conversation) => {
      if (!(await confirmations.onText(text, conversation))) await dispatch(text, conversation);
    },
    onReaction: (conversation, eventId) => confirmations.onReaction(conversation, eventId),
    conversationFor: async (roomId, event, threadRoot) =>
      conversationAt({
        roomId,
        eventId: event.event_id,
        threadRoot,
        roomKind: await rooms.kind(roomId),
        sender: event.sender,
        isEncrypted: await client.crypto.isRoomEncrypted(roomId),
      }),
    now,
    log,
  });
  const invitations = new InvitationHandler({
    userId,
    invitations: store.invitations,
    client,
    rooms,
    directChats: configuration.directChats,
    isPermitted,
    now,
    log,
  });
  const undecrypted = new UndecryptableMessages({
    events: store.undecryptedEvents,
    client,
    machine,
    rooms,
    outbox,
    userId,
    isPermitted,
    onDecrypted: (roomId, event) => inbox.receive(roomId, event),
    now,
    log,
  });

  outbox.start();
  await inbox.start();
  invitations.start();
  undecrypted.start();
  await client.start(SYNC_FILTER);
  // What stands in a room before the first sync is history; rooms are joined after it, so that
  // nothing said to the bot counts as such.
  void firstSync.promise.then(() => controlRooms.start());
  log.info({ userId, deviceId: session.deviceId, controlRooms: controlRooms.ids.size }, "listening");

  return {
    failed: ended.promise,
    conversationAt: (address) => conversationAt(address),
    isSyncing: () => now() - syncedAt < SYNC_STALE_MS,
    stop: async () => {
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
      // What still hangs is stored, and goes on after the next start.
      abortAll();
      await workersStopped;
      await machine.close();
    },
  };
}

/**
 * A session whose encryption keys were lost is of no use: it is exchanged for a new device, if the
 * password is at hand.
 */
async function openUsableSession({
  configuration,
  baseUrl,
  store,
  log,
}: ChatOptions): Promise<{ deviceId: string; accessToken: string }> {
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

function isEventOf(type: string, event: unknown): boolean {
  return typeof event === "object" && event !== null && "type" in event && event.type === type;
}
