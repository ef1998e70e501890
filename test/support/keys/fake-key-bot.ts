import { pino } from "pino";
import { vi } from "vitest";
import type { Conversation } from "../../../src/dialogue/conversation.ts";
import { KeyAnnouncer } from "../../../src/dialogue/key-notices.ts";
import type { Account, Side } from "../../../src/model/account.ts";
import type { ConversationAddress } from "../../../src/model/conversation-address.ts";
import type { KeyCopy } from "../../../src/model/key-copy.ts";
import type { KeyServices } from "../../../src/service/keys/create-keys.ts";
import { createKeys } from "../../../src/service/keys/create-keys.ts";
import type { OpeningResult } from "../../../src/service/keys/results.ts";
import type { Cause } from "../../../src/store/cause.ts";
import type { Document } from "../../../src/view/document/document.ts";
import { paragraph } from "../../../src/view/document/document.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { notice } from "../../../src/view/document/message.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { KEY_OWNER, NEW_USER, OLD_USER, newKeyCopy } from "../fakes/key-copies.ts";
import type { CrashTime, CrashingStore } from "../faults/crashing-store.ts";
import { openCrashingStore } from "../faults/crashing-store.ts";
import { sendAll } from "../store/send-all.ts";
import type { FakeBackups } from "./fake-backups.ts";
import { RIGHT_KEY } from "./fake-backups.ts";

/** A message of the bot. */
export interface Said {
  key: string;
  text: string;
  isAlert: boolean;
}

/** One process of the bot that works with keys. Its store outlives it. */
export interface FakeKeyBot {
  store: CrashingStore;
  keys: KeyServices;
  hasCrashed: () => boolean;
  /** Ends the process without a chance to do anything. */
  kill: () => void;
  /** The messages since the last call. */
  said: () => Promise<Said[]>;
}

export function startFakeKeyBot({
  folder,
  backups,
  isPermitted = () => true,
  crashTimeOf = () => "none",
}: {
  folder: string;
  backups: FakeBackups;
  isPermitted?: (owner: string) => boolean;
  crashTimeOf?: () => CrashTime;
}): FakeKeyBot {
  let isDead = false;
  const store = openCrashingStore(folder, crashTimeOf, () => {
    isDead = true;
    const at = Date.now();
    vi.clearAllTimers();
    vi.setSystemTime(at);
  });
  const { outbox, keyCopies, accounts, receivedFiles } = store.store;
  const now = Date.now;
  const log = pino({ level: process.env["TEST_LOG"] ?? "silent" });
  const conversationAt = async (address: ConversationAddress, cause: Cause, scope: string) => {
    const say = (
      { document, tone }: Message,
      { key, replaces }: { key: string; replaces?: string },
    ): Promise<void> =>
      outbox.add(
        {
          ...{ transactionId: `${scope} ${key}`, roomId: address.roomId, forUser: address.sender, cause },
          ...{ kind: "message", content: { document, tone }, priority: 1 },
          ...(replaces !== undefined && { edits: `${scope} ${replaces}` }),
        },
        now(),
      );
    const sendFile: Conversation["sendFile"] = async ({ fileName }, { key, isPlainAllowed, signal }) => {
      signal.throwIfAborted();
      if (!backups.isFileTaken) return false;
      await say(notice(paragraph(`${fileName}${isPlainAllowed ? " plain" : ""}`)), { key });
      return true;
    };
    return { say, sendFile, ask: (question: Message) => say(question, { key: "question" }) };
  };
  const keys = createKeys({
    store: { accounts, keyCopies, receivedFiles },
    chat: {
      download: () => Promise.resolve(backups.download),
      uploadLimit: () => Promise.resolve(1_000_000),
    },
    platform: {
      keys: aliveKeys(backups, () => isDead),
      serverName: (userId) => userId.slice(userId.indexOf(":") + 1),
    },
    planning: { renewKeys: () => Promise.resolve() },
    listener: new KeyAnnouncer({
      copies: keyCopies,
      conversationAt,
      prefix: "!",
      monotonicNow: now,
      now,
      log,
    }),
    isPermitted,
    now,
    log,
  });
  const said = async (): Promise<Said[]> =>
    (await sendAll(outbox)).map(({ transactionId, content }) => {
      const { document, tone } = content as { document: Document; tone: string };
      return { key: transactionId, text: renderPlainText(document), isAlert: tone === "alert" };
    });
  return { store, keys, hasCrashed: () => isDead, kill: store.crash, said };
}

/** The requests of a dead process reach no server. */
function aliveKeys({ keys }: FakeBackups, isDead: () => boolean): FakeBackups["keys"] {
  return {
    ...keys,
    copy: (request) =>
      keys.copy({ ...request, onProgress: (progress) => (isDead() ? NEVER : request.onProgress(progress)) }),
  };
}

const NEVER = new Promise<never>(() => {});

export async function signIn(
  { store: { store } }: Pick<FakeKeyBot, "store">,
  side: Side,
  userId = side === "source" ? OLD_USER : NEW_USER,
): Promise<void> {
  const account: Account = {
    ...{ owner: KEY_OWNER, side, userId, baseUrl: `https://${side}.example`, method: "link" },
    ...{ deviceId: `DEVICE${Date.now()}`, signedInAt: Date.now() },
  };
  await store.accounts.put(account, { accessToken: `token ${userId}` });
}

/** The person types `!keys copy --recovery-key`. */
export function typeKey(
  { keys }: Pick<FakeKeyBot, "keys">,
  eventId = "$keys",
  text = RIGHT_KEY,
): Promise<OpeningResult> {
  const address = { ...newKeyCopy().address, eventId };
  return keys.opening.byTyping(
    { owner: KEY_OWNER, address, purpose: "copy" },
    { kind: "recovery_key", text },
  );
}

/** The person types `!keys copy --emoji`. */
export function askForEmoji({ keys }: Pick<FakeKeyBot, "keys">, eventId = "$keys"): Promise<OpeningResult> {
  const address = { ...newKeyCopy().address, eventId };
  return keys.opening.byEmoji({ owner: KEY_OWNER, address, purpose: "copy" });
}

export function storedCopy({ store: { store } }: FakeKeyBot): Promise<KeyCopy | null> {
  return store.keyCopies.of(KEY_OWNER);
}

/** Starts the first process, in which both accounts are signed in. */
export async function startedSignedIn(start: () => FakeKeyBot): Promise<FakeKeyBot> {
  const bot = start();
  await signIn(bot, "source");
  await signIn(bot, "target");
  await bot.keys.start();
  return bot;
}

/** Ends a process and starts the next one. */
export async function restarted(bot: FakeKeyBot, start: () => FakeKeyBot): Promise<FakeKeyBot> {
  bot.kill();
  const next = start();
  await next.keys.start();
  return next;
}

/** Lets everything happen that is due within a time, by the clock of the test. */
export async function pass(ms = 5_000): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(0);
}
