import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { exportedReportSchema } from "../../src/view/rooms/exported-report.ts";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { EncryptedHistory, EncryptedRoom } from "../lab/population/encrypted-history.ts";
import { makeEncryptedHistory } from "../lab/population/encrypted-history.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { chatIn, signInBoth } from "../support/chat/direct-chat.ts";
import type { Account } from "../support/environments/bot-environment.ts";
import type { ProxiedNewServer } from "../support/environments/proxied-new-server.ts";
import { createProxiedNewServer } from "../support/environments/proxied-new-server.ts";
import { isKeyUpload, keyStorageOf, openedBackup } from "../support/keys/key-storage.ts";
import { lookNow } from "../support/keys/look-now.ts";
import { formsOf } from "../support/store/secret-forms.ts";
import { bytesOfFolder } from "../support/store/stored-bytes.ts";

/** Of two senders in three rooms, and of one in a fourth; two of each. */
const SESSIONS = 14;
const BACKUP_KEY = "m.megolm_backup.v1";
/** A verified session gets these together with the key of the backup. */
const CROSS_SIGNING_SECRETS = ["m.cross_signing.master", "m.cross_signing.self_signing"];
/** In the bot's question about the emoji. */
const EMOJI = /same seven emoji, in the same order/u;

const sessionSchema = z.object({ session_key: z.string() });

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story extends ProxiedNewServer {
  old: Account;
  new: Account;
  /** The person's client on the old account. */
  ada: Person;
  /** The person's client on the new account, in the chat with the bot. */
  chat: Chat;
  history: EncryptedHistory;
  recoveryKey: string;
  oldStorage: unknown;
  newRecoveryKey: string;
  newStorage: unknown;
}

const story = {} as Story;

describe("the keys of encrypted history", () => {
  beforeAll(async () => {
    Object.assign(story, await createProxiedNewServer());
    const { environment } = story;
    const [old, target, friend] = await Promise.all([
      environment.register("old", "ada"),
      environment.register("new", "ada.lovelace"),
      environment.register("old", "ben"),
    ]);
    Object.assign(story, { old, new: target });
    const [ada, ben, typist] = await Promise.all([
      environment.client(old),
      environment.client(friend),
      environment.client(target),
      environment.bot.start(),
    ]);
    story.ada = ada;
    story.recoveryKey = await ada.keys.setUpStorage({ phrase: "the quiet garden" });
    story.history = await makeEncryptedHistory({ owner: ada, friends: [ben] });
    expect(await ada.keys.uploaded()).toBe(SESSIONS);
    story.oldStorage = await keyStorageOf(old);
    story.chat = chatIn(environment, typist, await environment.directChat(typist));
    await signInBoth(story.chat, { old, new: target });
  });

  afterAll(async () => {
    await story.environment.close();
    await story.newServer.stop();
  });

  it("are counted by the plan, which says that they come before the rooms", async () => {
    const { chat } = story;
    const plan = await chat.ask("!migrate plan");
    expect(plan).toMatch(/!keys copy[^]*!migrate start/u);
    expect(await roomKeys()).toEqual({ expected: SESSIONS, present: 0, missing: [`* ${SESSIONS}`] });
    const status = await chat.ask("!keys");
    expect(status).toContain(`a key backup with ${SESSIONS} keys`);
    expect(status).toContain("no key backup");
  });

  it("are not opened by a verification whose emoji are different, or in which the bot is killed", async () => {
    const { environment, ada, chat } = story;
    expect(await chat.ask("!keys copy")).toContain("!keys copy --emoji");
    const different = await chat.person.say(chat.roomId, "!keys copy --emoji");
    await ada.keys.acceptVerification();
    await chat.fromBot(EMOJI, different);
    await ada.keys.answerVerification("mismatch");
    await chat.fromBot(/The emoji are different/u, different);
    const killed = await chat.person.say(chat.roomId, "!keys copy --emoji");
    await ada.keys.acceptVerification();
    await chat.fromBot(EMOJI, killed);
    await environment.bot.kill();
    await environment.bot.start();
    await chat.fromBot(/The copy of your keys has stopped\. I was restarted/u, killed);
    await expectUntouchedStorage("old");
  });

  it("are opened by emoji, and copied once the person's app has made a backup, also after a restart", async () => {
    const { environment, chat, ada } = story;
    const command = await chat.person.say(chat.roomId, "!keys copy --emoji");
    const emoji = await ada.keys.acceptVerification();
    const question = await chat.fromBot(EMOJI, command);
    for (const { symbol, name } of emoji) expect(textOf(question)).toContain(`${symbol} ${name}`);
    const confirmedAt = performance.now();
    await Promise.all([
      ada.keys.answerVerification("match"),
      chat.person.react(chat.roomId, question.eventId, "✅"),
    ]);
    await chat.fromBot(/sign in once with Element on your new account/u, command);
    const seconds = ((performance.now() - confirmedAt) / 1000).toFixed(1);
    process.stdout.write(`emoji: the backup was open ${seconds} s after the confirmation\n`);
    expect(chat.person.messages(chat.roomId).map(textOf).join()).not.toContain('recovery-key "E');

    await environment.bot.kill();
    story.newRecoveryKey = await chat.person.keys.setUpStorage();
    await noteNewStorage();
    lookNow(environment.bot);
    await environment.bot.start();
    expect(textOf(await chat.fromBot(/The copy of your keys is done\./u, command))).toContain(
      `${SESSIONS} copied`,
    );
    await expectCopied();
    const status = await chat.ask("!keys status");
    expect(status).toContain("signed by your account's keys");
    expect(status).toContain("Nothing is missing that can be copied.");
    expect(status).toContain("My session of your old account is a verified device of it.");
  });

  it("are copied again with the recovery key after a reset of the new backup, and once more to the one that replaces it in between", async () => {
    const { chat, newServer, recoveryKey } = story;
    await chat.person.keys.resetBackup();
    expect(await chat.ask("!keys status")).toContain("That backup is not there any more.");
    const isReached = Promise.withResolvers<undefined>();
    const isReplaced = Promise.withResolvers<undefined>();
    newServer.setRule((request) => {
      if (!isKeyUpload(request)) return undefined;
      isReached.resolve(undefined);
      return { kind: "hold", until: isReplaced.promise };
    });
    const command = await chat.person.say(chat.roomId, `!keys copy --recovery-key "${recoveryKey}"`);
    await isReached.promise;
    await chat.person.keys.resetBackup();
    await noteNewStorage();
    newServer.setRule();
    isReplaced.resolve(undefined);
    const end = textOf(await chat.fromBot(/The copy of your keys is done\./u, command));
    expect(end).toContain(`${SESSIONS} copied`);
    expect(end).toContain("so I started over with the new one");
    await expectCopied();
    await chat.person.waitForMessage(
      chat.roomId,
      ({ eventId, isRedacted }) => eventId === command && isRedacted,
    );
  });

  it("are there already at another copy, which uploads nothing", async () => {
    const { chat, newServer, recoveryKey } = story;
    const uploads = newServer.requests.filter(isKeyUpload).length;
    const command = await chat.person.say(chat.roomId, `!keys copy --recovery-key "${recoveryKey}"`);
    const end = textOf(await chat.fromBot(/The copy of your keys is done\./u, command));
    expect(end).toContain(`${SESSIONS} in the key backup of your new account before`);
    expect(newServer.requests.filter(isKeyUpload)).toHaveLength(uploads);
  });

  it("are complete for verify, and the rooms have no warning about their history any more", async () => {
    const { chat, history } = story;
    expect(await chat.ask("!migrate verify")).toContain(
      `keys of encrypted history: ${SESSIONS} of ${SESSIONS}`,
    );
    await chat.ask("!migrate plan");
    expect(await roomKeys()).toEqual({ expected: SESSIONS, present: SESSIONS, missing: [] });
    const { rooms } = await report();
    const warned = rooms.filter(({ warnings }) => warnings.some(({ code }) => code === "encrypted_history"));
    expect(warned).toEqual([]);
    expect(rooms.map(({ roomId }) => roomId)).toContain(history.shared.roomId);
  });

  it("open the old messages for a new client of the new account, as far as the rooms allow", async () => {
    const { environment, chat, history } = story;
    const command = await chat.person.say(chat.roomId, "!migrate start");
    await chat.fromBot(/The move is done\./u, command);
    const fresh = await environment.client(story.new, { recoveryKey: story.newRecoveryKey });
    const seen = {
      shared: await readBack(fresh, history.shared),
      hidden: await readBack(fresh, history.hidden),
      direct: await readBack(fresh, history.direct),
    };
    process.stdout.write(`read by the new client: ${JSON.stringify(seen)}\n`);
    expect(seen).toEqual({
      shared: { read: 4, undecrypted: 1, hidden: 0 },
      hidden: { read: 0, undecrypted: 0, hidden: 4 },
      direct: { read: 4, undecrypted: 0, hidden: 0 },
    });
    expect(await chat.ask("!keys check")).toMatch(/the key of 12 of 13 messages in 3 .* hides 4 of them/u);
    await expectUntouchedStorage("old");
    await expectUntouchedStorage("new");
  });

  it("and what opens them are nowhere in what the bot wrote, nor are the other secrets that came with them", async () => {
    const { ada, old, recoveryKey } = story;
    const backupKey = await ada.keys.secret(BACKUP_KEY);
    const sessions = [...(await openedBackup(old, backupKey)).values()];
    const keys = [
      backupKey,
      ...(await Promise.all(CROSS_SIGNING_SECRETS.map((name) => ada.keys.secret(name)))),
      ...sessions.map((json) => sessionSchema.parse(JSON.parse(json)).session_key),
    ];
    const written = await everythingWritten();
    const found = [
      ...[recoveryKey, recoveryKey.replaceAll(" ", "")].flatMap(formsOf),
      ...keys.flatMap((key) => [...formsOf(key.replaceAll("=", "")), Buffer.from(key, "base64")]),
    ].filter((form) => written.includes(form));
    expect(found).toEqual([]);
  });
});

/** What the bot wrote: its folder, without the operator's password file, and its output. */
async function everythingWritten(): Promise<Buffer> {
  const { bot } = story.environment;
  const written = await bytesOfFolder(join(bot.dataDir, ".."), (path) => !path.endsWith("bot-password"));
  return Buffer.concat([written, Buffer.from(bot.output())]);
}

/**
 * Counts the old messages of a room as a client shows them. Messages that it must not open, and
 * only those, are undecrypted.
 */
async function readBack(
  fresh: Person,
  { roomId, messages }: EncryptedRoom,
): Promise<{ read: number; undecrypted: number; hidden: number }> {
  const seen = new Map((await fresh.keys.readBack(roomId)).map((message) => [message.eventId, message]));
  const counts = { read: 0, undecrypted: 0, hidden: 0 };
  for (const { eventId, body, isReadable } of messages) {
    const message = seen.get(eventId);
    if (message === undefined) counts.hidden += 1;
    else if (message.decryptionFailure !== undefined) counts.undecrypted += 1;
    else counts.read += 1;
    if (message !== undefined) expect(textOf(message)).toBe(isReadable ? body : "");
  }
  return counts;
}

async function noteNewStorage(): Promise<void> {
  story.newStorage = await keyStorageOf(story.new);
}

/** An opening or a copy changes no more of an account's key storage than the keys of rooms. */
async function expectUntouchedStorage(side: "old" | "new"): Promise<void> {
  expect(await keyStorageOf(story[side])).toEqual(side === "old" ? story.oldStorage : story.newStorage);
}

async function expectCopied(): Promise<void> {
  const { ada, chat, old } = story;
  const [before, now] = await Promise.all([
    openedBackup(old, await ada.keys.secret(BACKUP_KEY)),
    openedBackup(story.new, await chat.person.keys.secret(BACKUP_KEY)),
  ]);
  expect(before.size).toBe(SESSIONS);
  for (const [sessionId, json] of before) expect(now.get(sessionId)).toBe(json);
  await expectUntouchedStorage("old");
  await expectUntouchedStorage("new");
}

async function roomKeys(): Promise<unknown> {
  const { categories } = await report();
  const { name: _, ...counts } = categories.find(({ name }) => name === "room_keys") ?? { name: "none" };
  return counts;
}

async function report(): Promise<ExportedReport> {
  const { chat } = story;
  const after = await chat.person.say(chat.roomId, "!report --format json");
  const file = await chat.fromBot(({ content }) => String(content["filename"]).endsWith(".json"), after);
  return exportedReportSchema.parse(JSON.parse((await chat.person.downloadFile(file)).toString()));
}
