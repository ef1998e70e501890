import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { loadOrCreateSecretKey } from "../../src/config/secret-key.ts";
import { openStore } from "../../src/store/store.ts";
import { wasInterim } from "../lab/bot-answer.ts";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botDevices } from "../support/chat/bot-devices.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { botPassword, createBotEnvironment } from "../support/environments/bot-environment.ts";
import { runUntilKilled } from "../support/faults/crash-points.ts";
import type { FaultProxy, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import { filesOfFolder } from "../support/store/stored-bytes.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  environment: BotEnvironment;
  home: FaultProxy;
  oldServer: FaultProxy;
  adaAccount: Account;
  ada: Person;
  /**
   * Her client trusts only devices that their owner has signed (MSC4153): it sends no keys to other
   * devices and hides their messages.
   */
  cara: Person;
  adasRoom: string;
  carasRoom: string;
}

const story = {} as Story;

describe("the bot, in encrypted rooms", () => {
  beforeAll(async () => {
    story.environment = await createBotEnvironment({
      bot: async (pair) => {
        story.home = await startFaultProxy({ target: pair.new.baseUrl });
        story.oldServer = await startFaultProxy({ target: pair.old.baseUrl });
        return {
          homeserver: story.home.url,
          servers: { [pair.old.serverName]: story.oldServer.url, [pair.new.serverName]: pair.new.baseUrl },
        };
      },
    });
    story.adaAccount = await story.environment.register("old", "ada");
    const caraAccount = await story.environment.register("new", "cara");
    [story.ada, story.cara] = await Promise.all([
      story.environment.client(story.adaAccount),
      story.environment.client(caraAccount, { onlyTrustSignedDevices: true }),
    ]);
  });

  afterAll(async () => {
    const { environment, home, oldServer } = story;
    await environment.close();
    await Promise.all([home.stop(), oldServer.stop()]);
  });

  it("makes one device, however often its first start is cut off", async () => {
    const { environment, home } = story;
    for (const path of [
      "/v3/login",
      "/keys/upload",
      "/device_signing/upload",
      "/signatures/upload",
      "/filter",
      "/v3/sync",
    ]) {
      const isOfKind = ({ path: requested, method }: ProxiedRequest): boolean =>
        requested.includes(path) && (method !== "GET" || path === "/v3/sync");
      // The server handles the request, and the bot never gets the answer.
      await runUntilKilled(environment.bot, [home], {
        isOfKind,
        nth: 0,
        afterMs: 250,
        fault: { kind: "lose-answer" },
      });
    }
    await environment.bot.start();
    expect(await botDevices(environment)).toHaveLength(1);
  });

  it("sends messages that show no shield, also in clients that trust signed devices only", async () => {
    const { environment, ada, cara } = story;
    [story.adasRoom, story.carasRoom] = await Promise.all([
      environment.directChat(ada),
      environment.directChat(cara),
    ]);
    for (const [person, roomId] of [
      [ada, story.adasRoom],
      [cara, story.carasRoom],
    ] as const) {
      const answer = await environment.answer(person, roomId, "!help");
      expect(textOf(answer)).toContain("!login");
      expect(answer).toMatchObject({ isEncrypted: true, shield: null });
    }
  });

  it("keeps its device after a stop and after a kill", async () => {
    const { environment, cara } = story;
    const devices = await botDevices(environment);
    await environment.bot.stop();
    await environment.bot.start();
    await environment.bot.kill();
    await environment.bot.start();
    expect(textOf(await environment.answer(cara, story.carasRoom, "!help"))).toContain("!login");
    expect(await botDevices(environment)).toEqual(devices);
  });

  it("answers messages sent while it was away, also those that one sync leaves out", async () => {
    const { environment, cara } = story;
    await environment.bot.stop();
    const first = await cara.say(story.carasRoom, "!firstofmany");
    await Promise.all(Array.from({ length: 110 }, (_, index) => talk(cara, story.carasRoom, index)));
    await cara.say(story.carasRoom, "!lastofmany");
    await environment.bot.start();
    for (const word of ["firstofmany", "lastofmany"])
      await cara.waitForMessage(story.carasRoom, (message) => textOf(message).includes(word), {
        from: environment.botUserId,
        after: first,
      });
    const read = expect.objectContaining({ msg: "read the messages that a sync left out" }) as unknown;
    await expect.poll(() => environment.bot.log()).toContainEqual(read);
  });

  it("replaces the note that a slow server is being asked by the answer", async () => {
    const { oldServer, adaAccount, ada } = story;
    const isShown = Promise.withResolvers<undefined>();
    oldServer.setRule(({ path }) =>
      path.endsWith("/v3/login") ? { kind: "hold", until: isShown.promise } : undefined,
    );
    const command = await ada.say(story.adasRoom, `!login old ${adaAccount.userId}`);
    const asking = await ada.waitForMessage(story.adasRoom, wasInterim, { after: command });
    isShown.resolve(undefined);
    const edited = await ada.waitForMessage(
      story.adasRoom,
      ({ latestEditContent }) => latestEditContent !== undefined,
      {
        after: command,
      },
    );
    oldServer.setRule();
    expect(edited).toMatchObject({ eventId: asking.eventId, isEncrypted: true, shield: null });
    expect(textOf(edited)).toContain("takes a password or an access token");
    // A client shows an edit before it emits the edit's event.
    const edits = (): unknown[] =>
      ada
        .messages(story.adasRoom)
        .filter(({ relation }) => relation?.type === "m.replace" && relation.eventId === asking.eventId)
        .map(({ content }) => content);
    const edit = {
      msgtype: "m.notice",
      formatted_body: expect.any(String) as unknown,
      "m.mentions": {},
      "m.new_content": {
        msgtype: "m.notice",
        formatted_body: expect.any(String) as unknown,
        "m.mentions": {},
      },
    };
    await expect.poll(edits).toMatchObject([edit]);
  });

  it("answers first in the next chat if the person has left the chat in which they asked", async () => {
    const { environment, oldServer } = story;
    const account = await environment.register("old", "dora");
    const dora = await environment.client(account);
    const leftRoom = await environment.directChat(dora);
    const moved = Promise.withResolvers<undefined>();
    oldServer.setRule(({ path }) =>
      path.endsWith("/v3/login") ? { kind: "hold", until: moved.promise } : undefined,
    );
    const command = await dora.say(leftRoom, `!login old ${account.userId}`);
    await dora.waitForMessage(leftRoom, wasInterim, { after: command });
    await dora.leave(leftRoom);
    const left = { msg: "left a chat without other members", roomId: leftRoom };
    await expect.poll(() => environment.bot.log()).toContainEqual(expect.objectContaining(left));
    moved.resolve(undefined);
    const waits = { msg: "a message waits for a chat with its recipient" };
    await expect.poll(() => environment.bot.log()).toContainEqual(expect.objectContaining(waits));
    oldServer.setRule();
    const nextRoom = await environment.directChat(dora);
    const answer = await dora.waitForMessage(nextRoom, (message) => textOf(message) !== "", {
      from: environment.botUserId,
    });
    expect(textOf(answer)).toContain("!login old");
    expect(answer).toMatchObject({ isEncrypted: true });
  });

  it("removes the message with a password before it says that the account is signed in", async () => {
    const { adaAccount, ada } = story;
    const secret = await ada.say(
      story.adasRoom,
      `!login old ${adaAccount.userId} --password ${adaAccount.password}`,
    );
    const signedIn = await ada.waitForMessage(
      story.adasRoom,
      (message) => textOf(message).includes("is signed in"),
      {
        after: secret,
      },
    );
    expect(textOf(signedIn)).not.toContain("not encrypted");
    const shown = ada.messages(story.adasRoom);
    expect(shown.find(({ eventId }) => eventId === secret)).toMatchObject({ isRedacted: true, content: {} });
    const redaction = shown.findIndex(({ type }) => type === "m.room.redaction");
    expect(redaction).toBeGreaterThan(-1);
    expect(redaction).toBeLessThan(shown.findIndex(({ eventId }) => eventId === signedIn.eventId));
  });

  it("warns of a password in a plain message, though the chat is encrypted", async () => {
    const { environment, adaAccount, ada } = story;
    const secret = await sayPlainly(ada, story.adasRoom, {
      baseUrl: environment.pair.old.baseUrl,
      content: { msgtype: "m.text", body: `!login old --password ${adaAccount.password}` },
    });
    const signedIn = await ada.waitForMessage(
      story.adasRoom,
      (message) => textOf(message).includes("is signed in"),
      { after: secret },
    );
    expect(textOf(signedIn)).toContain("it was not encrypted: change that password");
    expect(signedIn).toMatchObject({ isEncrypted: true });
  });

  it("leaves no password, token, key or message readable in its data directory", async () => {
    const { environment, adaAccount, ada } = story;
    await ada.say(story.adasRoom, "the violet umbrella");
    await environment.answer(ada, story.adasRoom, "!help logout");
    expect(await filesWith([ada.userId])).toEqual(
      expect.arrayContaining([expect.stringMatching(/^mover\.sqlite/u)]),
    );
    const known = ["violet umbrella", "help logout", botPassword, adaAccount.password];
    expect(await filesWith(known)).toEqual([]);
    await environment.bot.kill();
    expect(await filesWith([...known, ...(await sealedSecrets())])).toEqual([]);
    await environment.bot.start();
  });

  it("takes a new signed device when its encryption keys are lost", async () => {
    const { environment, cara } = story;
    const before = await botDevices(environment);
    await environment.bot.stop();
    await rm(join(environment.bot.dataDir, "crypto"), { recursive: true });
    await environment.bot.start();
    const after = await botDevices(environment);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    // What she says before her client knows the new device is encrypted for the old one.
    await expect.poll(() => cara.signedDevices(environment.botUserId)).toEqual(expect.arrayContaining(after));
    const answer = await environment.answer(cara, story.carasRoom, "!help");
    expect(answer).toMatchObject({ isEncrypted: true, shield: null });
    expect(textOf(answer)).toContain("!login");
  });
});

/** Fills the room with messages by one event that the bot need not decrypt. */
async function talk(person: Person, roomId: string, index: number): Promise<void> {
  await sayPlainly(person, roomId, {
    baseUrl: story.environment.pair.new.baseUrl,
    content: { msgtype: "m.notice", body: `talk ${index}` },
  });
}

/** Sends a message without encryption, whatever the room is. @returns its event ID */
async function sayPlainly(
  { accessToken }: Person,
  roomId: string,
  { baseUrl, content }: { baseUrl: string; content: object },
): Promise<string> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${randomUUID()}`;
  const response = await fetch(`${baseUrl}${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(content),
  });
  expect(response.status).toBe(200);
  return z.object({ event_id: z.string() }).parse(await response.json()).event_id;
}

/**
 * The secrets that the bot seals: its access token, its cross-signing keys and the access token of
 * Ada's account.
 */
async function sealedSecrets(): Promise<string[]> {
  const { environment, ada } = story;
  const { key } = await loadOrCreateSecretKey(join(environment.folder, "bot", "secrets", "store.key"));
  const store = openStore({ dataDir: environment.bot.dataDir, secretKey: key });
  const sealed = [
    await store.bot.getSecret("bot session"),
    await store.bot.getSecret("bot cross-signing keys"),
    JSON.stringify(await store.accounts.session(ada.userId, "source")),
  ];
  await store.close();
  const secrets = sealed.flatMap((text) => Object.entries<unknown>(JSON.parse(text ?? "{}")));
  return secrets.flatMap(([name, value]) =>
    /token|key/iu.test(name) && typeof value === "string" ? [value] : [],
  );
}

/**
 * The files of the data directory that hold one of these texts, as it is or in another usual
 * encoding.
 */
async function filesWith(texts: readonly string[]): Promise<string[]> {
  const needles = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    return [
      bytes,
      Buffer.from(text, "utf16le"),
      Buffer.from(bytes.toString("hex")),
      Buffer.from(bytes.toString("base64")),
    ];
  });
  const files = await filesOfFolder(story.environment.bot.dataDir);
  return files
    .filter(({ bytes }) => needles.some((needle) => bytes.includes(needle)))
    .map(({ path }) => basename(path));
}
