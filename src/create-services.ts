import { join } from "node:path";
import type { Logger } from "pino";
import type { Counter } from "prom-client";
import { monotonicNow } from "./chat/chat-options.ts";
import type { Chat } from "./chat/chat.ts";
import { createPermission } from "./commands/permission.ts";
import type { CommandServices, KeyCommands } from "./commands/registry.ts";
import type { Configuration } from "./config/configuration.ts";
import { answererOfKept } from "./dialogue/kept-answers.ts";
import { KeyAnnouncer } from "./dialogue/key-notices.ts";
import { RunAnnouncer, messageSender } from "./dialogue/run-notices.ts";
import { sayLinkNews } from "./dialogue/sign-in-notices.ts";
import type { GuardedFetch } from "./network/guarded-fetch.ts";
import { createMatrixPlatform } from "./platforms/matrix/platform.ts";
import type { Platform } from "./platforms/platform.ts";
import { PeoplesAccounts } from "./service/accounts/peoples-accounts.ts";
import { SignIn } from "./service/accounts/sign-in.ts";
import { FileExports } from "./service/files/export.ts";
import { FileImports } from "./service/files/import.ts";
import { createFinish } from "./service/finish/create-finish.ts";
import { forgetPerson } from "./service/forget.ts";
import { checkKeys } from "./service/keys/check.ts";
import type { KeyServices } from "./service/keys/create-keys.ts";
import { createKeys } from "./service/keys/create-keys.ts";
import { Planning } from "./service/plan/planning.ts";
import { Readings } from "./service/plan/readings.ts";
import { RoomHistories } from "./service/plan/room-histories.ts";
import { listSourceRooms } from "./service/plan/room-listing.ts";
import { convertChat } from "./service/run/convert-chat.ts";
import type { RunServices } from "./service/run/create-runs.ts";
import { createRuns } from "./service/run/create-runs.ts";
import type { Store } from "./store/store.ts";
import { contactTexts } from "./view/contact/texts.ts";

/** What every part is built from. */
export interface Base {
  configuration: Configuration;
  store: Store;
  fetch: GuardedFetch;
  /** The conversation at an address, once the chat has started. */
  conversationAt: Chat["conversationAt"];
  /** Files in chats, once the chat has started. */
  files: Pick<Chat, "download" | "uploadLimit">;
  storeErrors: Counter<"problem">;
  now: () => number;
  log: Logger;
}

/** The use cases, and the platform that they work with. */
export interface Services {
  platform: Platform;
  keys: KeyServices;
  signIn: SignIn;
  runs: RunServices;
  fileImports: FileImports;
  commands: CommandServices;
}

/** Creates everything that commands need. Nothing is started. */
export function createServices(base: Base): Services {
  const { configuration, store, fetch, now, log } = base;
  const { accounts, plans } = store;
  const { prefix } = configuration;
  const botUserId = configuration.bot.userId;
  const { newChatsPerDay } = configuration.limits;
  const platform = createMatrixPlatform({
    sessionStore: accounts,
    devices: { keys: store.deviceKeys, folder: join(configuration.dataDir, "devices") },
    fetch,
    servers: configuration.servers,
    introduction: configuration.oauth,
    monotonicNow,
    now,
    log,
  });
  const readings = new Readings();
  const moved = new PeoplesAccounts({
    accounts,
    imports: store.imports,
    areImportsAllowed: configuration.access.imports,
  });
  const planning = new Planning({
    accounts: moved,
    platform,
    plans,
    outbox: store.outbox,
    histories: new RoomHistories(store.runs, now),
    steps: store.steps,
    readings,
    keyCopies: store.keyCopies,
    contacts: store.contacts,
    chatsLeft: (...left) => runs.chatsLeft(...left),
    botUserId,
    now,
    log,
  });
  const sendMessage = messageSender(base.conversationAt);
  const runs = createRuns({
    store,
    moved,
    platforms: { matrix: platform },
    rateLimits: platform.rateLimits,
    planning,
    createListener: (facts) =>
      new RunAnnouncer({ ...facts, runs: store.runs, sendMessage, prefix, monotonicNow, now, log }),
    keptAnswered: answererOfKept(base.conversationAt, prefix),
    isPermitted: createPermission(configuration.access),
    texts: contactTexts,
    newChatsPerDay,
    monotonicNow,
    now,
    log,
  });
  const keys = createKeyServices(base, platform, planning);
  const signIn = createSignIn(base, platform, { runs, keys, moved });
  const finish = createFinish({
    store,
    moved,
    platform,
    planning,
    runs,
    signIn,
    texts: contactTexts,
    newChatsPerDay,
    now,
  });
  const fileImports = new FileImports({
    ...{
      accounts: moved,
      imports: store.imports,
      receivedFiles: store.receivedFiles,
      runs: store.runs,
      platform,
    },
    imported: (owner, userId) => runs.control.signedIn(owner, { side: "source", userId }),
    areAllowed: configuration.access.imports,
    download: base.files.download,
    ...{ now, log },
  });
  const fileExports = new FileExports({
    ...{ accounts, contacts: store.contacts, outbox: store.outbox, files: platform.files },
    ...{ readings, botUserId, now },
  });
  const commands: CommandServices = {
    signIn,
    accounts: moved,
    forget: (owner) => forgetPerson(owner, { control: runs.control, signIn, store }),
    planning,
    runs,
    proposals: runs.proposals,
    finish,
    keys: keyCommands(keys, moved),
    fileImports,
    fileExports: {
      rooms: async (request) => moved.withFiles(request.owner, await fileExports.rooms(request)),
      data: async (request) => moved.withFiles(request.owner, await fileExports.data(request)),
    },
    uploadLimit: base.files.uploadLimit,
    verify: (request) => runs.verifier.verify(request),
    convert: (owner, request) =>
      convertChat(owner, request, { planning, accounts: moved, platform, botUserId }),
    listRooms: async (owner, request) =>
      moved.withFiles(owner, await listSourceRooms(owner, request, { accounts, platform, readings })),
    checkKeys: async (owner, order) =>
      moved.withFiles(owner, await checkKeys(owner, order, { accounts, keys: platform.keys, readings })),
    plans,
    now,
    prefix,
  };
  return { platform, keys, signIn, runs, fileImports, commands };
}

/** The commands about keys. Where they lack the old account, they know what files can do. */
function keyCommands(keys: KeyServices, moved: PeoplesAccounts): KeyCommands {
  const { opening, overview, files } = keys;
  return {
    files,
    cancel: (owner) => keys.cancel(owner),
    answerEmoji: (owner, copyId, areSame) => keys.answerEmoji(owner, copyId, areSame),
    opening: {
      byTyping: async (request, typed) =>
        moved.withFiles(request.owner, await opening.byTyping(request, typed)),
      byEmoji: async (request) => moved.withFiles(request.owner, await opening.byEmoji(request)),
    },
    overview: {
      unfinished: (owner) => overview.unfinished(owner),
      ways: async (owner) => moved.withFiles(owner, await overview.ways(owner)),
      status: async (owner) => ({
        ...(await overview.status(owner)),
        ...(await moved.filesInstead(owner)),
      }),
    },
  };
}

function createKeyServices(base: Base, platform: Platform, planning: Planning): KeyServices {
  const { configuration, store, conversationAt, now, log } = base;
  const { prefix } = configuration;
  const copies = store.keyCopies;
  return createKeys({
    store,
    platform,
    chat: base.files,
    planning,
    listener: new KeyAnnouncer({ copies, conversationAt, prefix, monotonicNow, now, log }),
    isPermitted: createPermission(configuration.access),
    now,
    log,
  });
}

function createSignIn(
  base: Base,
  platform: Platform,
  { runs: { control }, keys, moved }: Pick<Services, "runs" | "keys"> & { moved: PeoplesAccounts },
): SignIn {
  const { configuration, store, conversationAt, now, log } = base;
  return new SignIn({
    accounts: store.accounts,
    links: store.signInLinks,
    authorizationServers: store.authorizationServers,
    platform,
    introduction: configuration.oauth,
    notify: async (link, news) => {
      const conversation = await conversationAt(link.address, { kind: "link", side: link.side });
      await sayLinkNews(conversation, link, news, { now: now(), prefix: configuration.prefix });
    },
    whileUnused: (owner, side, change) => keys.whileHeld(owner, side, change),
    onSignedIn: (owner, _side, account) => {
      control
        .signedIn(owner, account)
        .catch((error: unknown) => log.error({ err: error }, "a run could not continue after a sign-in"));
    },
    continues: (account) => control.continues(account),
    fileOf: (owner) => moved.fromFile(owner),
    monotonicNow,
    now,
    log,
  });
}
