import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, botPassword, createBotEnvironment } from "../support/environments/bot-environment.ts";
import type { FaultProxy } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import { LOGIN, onNext } from "../support/faults/next-request.ts";
import { openedBackup } from "../support/keys/key-storage.ts";
import { storedRows } from "../support/store/bot-database.ts";
import { formsOf } from "../support/store/secret-forms.ts";
import { bytesOfFolder } from "../support/store/stored-bytes.ts";

const CRASH_ON_SIGNAL = new URL("../support/faults/crash-on-signal-process.ts", import.meta.url).href;

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  proxy: FaultProxy;
  ada: Account;
  newAda: Account;
  ben: Account;
  encryptedChat: Chat;
  plainChat: Chat;
  /** Both open the key backup of the old account. */
  phrase: string;
  recoveryKey: string;
}

const fixture = { phrase: "the quiet gardener's phrase", recoveryKey: "" } as Fixture;
/** Every password, token and key of the test until now, by its name. */
const secrets = new Map<string, string | Buffer>();
const sessionSchema = z.object({ session_key: z.string() });

beforeAll(async () => {
  fixture.environment = await createBotEnvironment({
    bot: async (pair) => {
      fixture.proxy = await startFaultProxy({ target: pair.old.baseUrl });
      return {
        servers: { [pair.old.serverName]: fixture.proxy.url, [pair.new.serverName]: pair.new.baseUrl },
        configuration: { log: { level: "trace", format: "json" } },
      };
    },
  });
  fixture.ada = await fixture.environment.register("old", "ada");
  fixture.newAda = await fixture.environment.register("new", "ada");
  fixture.ben = await fixture.environment.register("old", "ben");
  for (const [what, { password, accessToken }] of Object.entries({
    ada: fixture.ada,
    newAda: fixture.newAda,
    ben: fixture.ben,
  })) {
    secrets.set(`${what}'s password`, password).set(`${what}'s token`, accessToken);
  }
  secrets.set("the bot's password", botPassword);
  await startBot();
  fixture.encryptedChat = await openChat(fixture.environment, fixture.ada, { encrypted: true });
  const { phrase } = fixture;
  fixture.recoveryKey = await fixture.encryptedChat.person.keys.setUpStorage({ phrase });
  fixture.plainChat = await openChat(fixture.environment, fixture.newAda);
});

afterAll(async () => {
  const { environment, proxy } = fixture;
  await environment.close();
  await proxy.stop();
});

/** Starts the bot so that it crashes on SIGUSR2. */
async function startBot(): Promise<void> {
  const { environment, ada } = fixture;
  const { NODE_OPTIONS } = process.env;
  const forBot = {
    NODE_OPTIONS: `--import=${CRASH_ON_SIGNAL}`,
    CRASH_TOKEN: ada.accessToken,
    CRASH_PASSWORD: ada.password,
    CRASH_KEY: fixture.recoveryKey,
  };
  Object.assign(process.env, forBot);
  try {
    await environment.bot.start();
  } finally {
    for (const name of Object.keys(forBot)) Reflect.deleteProperty(process.env, name);
    if (NODE_OPTIONS !== undefined) process.env["NODE_OPTIONS"] = NODE_OPTIONS;
  }
}

/** Adds every access token that the servers know now, including the bot's own. */
function noteTokens(): void {
  const { environment } = fixture;
  for (const server of [environment.pair.old, environment.pair.new]) {
    const database = new Database(join(server.folder, "homeserver.db"), { readonly: true });
    const rows = database.prepare("SELECT user_id, token FROM access_tokens").all() as {
      user_id: string;
      token: string;
    }[];
    database.close();
    for (const { user_id: userId, token } of rows)
      secrets.set(`a token of ${userId} (${token.slice(-6)})`, token);
  }
}

/** Adds a key, as its bytes and as its base64. */
function noteKey(what: string, base64: string): void {
  secrets.set(what, base64.replaceAll("=", "")).set(`the bytes of ${what}`, Buffer.from(base64, "base64"));
}

/** The names of the secrets that the bytes hold in any form. */
function secretsIn(bytes: Buffer): string[] {
  return [...secrets]
    .filter(([, secret]) =>
      (typeof secret === "string" ? formsOf(secret) : [secret]).some((form) => bytes.includes(form)),
    )
    .map(([what]) => what);
}

/** Begins a copy that waits for a backup of the new account. It keeps what opens the keys. */
async function beginCopy(command: string): Promise<void> {
  const { environment, encryptedChat } = fixture;
  const { person, roomId } = encryptedChat;
  const after = await person.say(roomId, command);
  await person.waitForMessage(roomId, (message) => textOf(message).includes("I look for that by myself"), {
    from: environment.botUserId,
    after,
  });
  expect(sealedKeys()).toBe(1);
}

/** The number of rows that keep what opens keys. */
function sealedKeys(): number {
  return storedRows(fixture.environment.bot, "SELECT id FROM key_copy WHERE sealed IS NOT NULL").length;
}

async function everythingWritten(): Promise<Buffer> {
  const { environment } = fixture;
  const botFolder = join(environment.bot.dataDir, "..");
  // The operator's own file holds the bot's password. The bot did not write it.
  const written = await bytesOfFolder(
    botFolder,
    (path) => path !== join(botFolder, "secrets", "bot-password"),
  );
  return Buffer.concat([written, Buffer.from(environment.bot.output())]);
}

/**
 * Starts a sign-in that stops while the password is with the server. @returns the command's event
 * ID
 */
async function beginSignIn(): Promise<string> {
  const { proxy, ada, encryptedChat } = fixture;
  const held = onNext(proxy, LOGIN, { kind: "hang" });
  const eventId = await encryptedChat.person.say(
    encryptedChat.roomId,
    `!login old ${ada.userId} --password ${ada.password}`,
  );
  await held;
  return eventId;
}

it("the search finds a secret in every form", () => {
  const secret = 'planted "secret" ü';
  secrets.set("the planted one", secret);
  for (const offset of [0, 1, 2, 3]) {
    const text = `${"-".repeat(offset)}${secret} behind`;
    const base64 = Buffer.from(text).toString("base64");
    for (const form of [
      text,
      base64,
      Buffer.from(text).toString("hex"),
      encodeURIComponent(text),
      JSON.stringify({ text }),
    ])
      expect(secretsIn(Buffer.from(form)), form).toEqual(["the planted one"]);
    expect(secretsIn(Buffer.from(text, "utf16le"))).toEqual(["the planted one"]);
  }
  secrets.delete("the planted one");
});

it("passwords and tokens (right, wrong, misplaced, edited) are written nowhere while the bot runs", async () => {
  const { environment, newAda, ben, encryptedChat, plainChat } = fixture;
  const misplaced: Record<string, string> = {
    "a wrong password": "wrong-horse battery",
    "a made-up token": "syt_bWFkZSB1cA_notATokenOfAnybody_0aBcDe",
    "a password behind a typo": "typo-horse-battery",
    "a password in the wrong place": "stray-horse-battery",
    "a password without a command": "lonely-horse-battery",
    "an edited password": "edited-horse-battery",
  };
  for (const [what, secret] of Object.entries(misplaced)) secrets.set(what, secret);
  for (const chat of [plainChat, encryptedChat]) {
    await chat.ask(`!login old ${ben.userId} --password wrong-horse battery`);
    await chat.ask(`!login old ${ben.userId} --token ${String(misplaced["a made-up token"])}`);
    await chat.ask(`!login old ${ben.userId} --pasword typo-horse-battery`);
    await chat.ask(`!login old ${ben.userId} stray-horse-battery`);
    await chat.ask("--password lonely-horse-battery");
    const eventId = await chat.person.say(chat.roomId, "!help login");
    const helped = await answerTo(chat.person, chat.roomId, eventId, environment.botUserId);
    await chat.person.edit(chat.roomId, eventId, "!login old --password edited-horse-battery");
    expect(textOf(await answerTo(chat.person, chat.roomId, helped.eventId, environment.botUserId))).toContain(
      "Edited messages are never commands.",
    );
    expect(await chat.ask(`!login old ${ben.userId} --token ${ben.accessToken}`)).toContain("is signed in");
    expect(await chat.ask(`!login new ${newAda.userId} --password ${newAda.password}`)).toContain(
      "is signed in",
    );
    noteTokens();
  }
  expect([...secrets.keys()].filter((what) => what.includes(environment.botUserId))).not.toEqual([]);
  expect(secretsIn(await everythingWritten())).toEqual([]);
});

it("no secret is left by a crash in the middle of a sign-in, nor by the restart that finishes it", async () => {
  const { environment, proxy, ada, encryptedChat } = fixture;
  const eventId = await beginSignIn();
  expect(secretsIn(await everythingWritten())).toEqual([]);
  await environment.bot.kill("SIGUSR2");
  expect(environment.bot.output()).toContain("ended by an unexpected error");
  expect(environment.bot.output()).toContain("/_matrix/client/v3/sync?access_token=[redacted] failed");
  expect(secretsIn(await everythingWritten())).toEqual([]);

  const heldAgain = onNext(proxy, LOGIN, { kind: "hang" });
  await startBot();
  await heldAgain;
  await environment.bot.kill("SIGABRT");
  expect(secretsIn(await everythingWritten())).toEqual([]);

  proxy.setRule();
  await startBot();
  const answer = await answerTo(encryptedChat.person, encryptedChat.roomId, eventId, environment.botUserId);
  expect(textOf(answer)).toContain(`${ada.userId} is signed in`);
  noteTokens();
  expect(secretsIn(await everythingWritten())).toEqual([]);
});

it("what opens a key backup, and the keys in it, are written nowhere: mistyped, misplaced, wrong or right, and not by a crash", async () => {
  const { environment, ada, encryptedChat, plainChat } = fixture;
  const { person } = encryptedChat;
  const { phrase, recoveryKey } = fixture;
  await person.keys.uploaded();
  const backupKey = await person.keys.secret("m.megolm_backup.v1");
  const misplaced = encodeRecoveryKey(randomBytes(32)) ?? "";
  secrets.set("the security phrase", phrase).set("a wrong phrase", "no gardener at all");
  for (const [what, key] of [
    ["the recovery key", recoveryKey],
    ["a misplaced recovery key", misplaced],
  ] as const)
    secrets.set(what, key).set(`${what} without spaces`, key.replaceAll(" ", ""));
  noteKey("the backup key", backupKey);
  for (const [sessionId, json] of await openedBackup(ada, backupKey))
    noteKey(`the key of session ${sessionId}`, sessionSchema.parse(JSON.parse(json)).session_key);
  for (const chat of [encryptedChat, plainChat]) {
    await chat.ask(`!keys copy --recovery-key "${misplaced}"`);
    await chat.ask(`!keys coppy ${misplaced}`);
    await chat.ask(misplaced);
    expect(JSON.stringify(chat.person.messages(chat.roomId))).not.toContain(misplaced);
  }
  await encryptedChat.ask('!keys copy --phrase "no gardener at all"');
  await beginCopy(`!keys copy --recovery-key "${recoveryKey}"`);
  expect(secretsIn(await everythingWritten())).toEqual([]);
  await environment.bot.kill("SIGUSR2");
  expect(secretsIn(await everythingWritten())).toEqual([]);
  await startBot();
  expect(await encryptedChat.ask("!keys status")).toContain("The copy of your keys waits");
  expect(secretsIn(await everythingWritten())).toEqual([]);
});

it("what opens a key backup is erased in the middle of a copy by a cancel, a new sign-in, a logout and a forget", async () => {
  const { ada, encryptedChat } = fixture;
  const signIn = `!login old ${ada.userId} --password ${ada.password}`;
  for (const command of ["!cancel keys", signIn, "!logout old", "!forget"]) {
    await beginCopy(`!keys copy --phrase "${fixture.phrase}"`);
    const { person, roomId } = encryptedChat;
    const after = await person.say(roomId, command);
    await botMessagesBehind(person, roomId, { botUserId: fixture.environment.botUserId, after });
    expect(sealedKeys(), command).toBe(0);
    if (command === "!logout old") expect(await encryptedChat.ask(signIn)).toContain("is signed in");
  }
  noteTokens();
  expect(secretsIn(await everythingWritten())).toEqual([]);
});

it("the key that seals the store is in no file but its own", async () => {
  const { environment } = fixture;
  const key = (await readFile(join(environment.bot.dataDir, "..", "secrets", "store.key"), "utf8")).trim();
  const bytes = Buffer.from(key, "base64");
  expect(bytes).toHaveLength(32);
  const written = Buffer.concat([
    await bytesOfFolder(environment.bot.dataDir),
    Buffer.from(environment.bot.output()),
  ]);
  for (const form of [bytes, bytes.toString("hex"), key.replace(/=+$/u, "")])
    expect(written.includes(form)).toBe(false);
});

it("no token and no password is in the servers' logs of requests", async () => {
  const { environment, encryptedChat, plainChat } = fixture;
  await encryptedChat.ask("!logout");
  await plainChat.ask("!logout");
  await environment.bot.stop();
  for (const { folder } of [environment.pair.old, environment.pair.new]) {
    const log = await readFile(join(folder, "access.log"));
    expect(log.toString()).toContain("POST /_matrix/client/v3/login");
    expect(log.toString()).not.toMatch(/access_token|password=/u);
    expect(secretsIn(log)).toEqual([]);
  }
  expect(secretsIn(await everythingWritten())).toEqual([]);
});
