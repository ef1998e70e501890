import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadOrCreateSecretKey } from "../../src/config/secret-key.ts";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { openStore } from "../../src/store/store.ts";
import { botDevices } from "../support/chat/bot-devices.ts";
import type { FaultProxy, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import { runUntilKilled } from "../support/faults/crash-points.ts";
import { filesOfFolder } from "../support/store/stored-bytes.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { botPassword, createBotEnvironment } from "../support/environments/bot-environment.ts";

let world: BotEnvironment;
let home: FaultProxy;
let oldServer: FaultProxy;
let adaAccount: Account;
let ada: Person;
/**
 * Her client neither sends keys to, nor shows messages of, devices that their owner has not signed
 * (MSC4153).
 */
let cara: Person;
let adasRoom: string;
let carasRoom: string;

beforeAll(async () => {
  world = await createBotEnvironment({
    bot: async (pair) => {
      home = await startFaultProxy({ target: pair.new.baseUrl });
      oldServer = await startFaultProxy({ target: pair.old.baseUrl });
      return {
        homeserver: home.url,
        servers: { [pair.old.serverName]: oldServer.url, [pair.new.serverName]: pair.new.baseUrl },
      };
    },
  });
  adaAccount = await world.register("old", "ada");
  const caraAccount = await world.register("new", "cara");
  [ada, cara] = await Promise.all([
    world.client(adaAccount),
    world.client(caraAccount, { onlyTrustSignedDevices: true }),
  ]);
});

afterAll(async () => {
  await world.close();
  await Promise.all([home.stop(), oldServer.stop()]);
});

it("makes one device, however often its first start is cut off", async () => {
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
    // The server has done it, and the bot never learns of it.
    await runUntilKilled(world.bot, [home], {
      isOfKind,
      nth: 0,
      afterMs: 250,
      fault: { kind: "lose-answer" },
    });
  }
  await world.bot.start();
  expect(await botDevices(world)).toHaveLength(1);
});

it("talks with careful and ordinary people without a shield on its messages", async () => {
  [adasRoom, carasRoom] = await Promise.all([world.directChat(ada), world.directChat(cara)]);
  for (const [person, roomId] of [
    [ada, adasRoom],
    [cara, carasRoom],
  ] as const) {
    const answer = await world.answer(person, roomId, "!help");
    expect(textOf(answer)).toContain("!login");
    expect(answer).toMatchObject({ isEncrypted: true, shield: null });
  }
});

it("stays the same device after it was stopped and after it was killed", async () => {
  const devices = await botDevices(world);
  await world.bot.stop();
  await world.bot.start();
  await world.bot.kill();
  await world.bot.start();
  expect(textOf(await world.answer(cara, carasRoom, "!help"))).toContain("!login");
  expect(await botDevices(world)).toEqual(devices);
});

it("answers what was said while it was away, also what one sync leaves out", async () => {
  await world.bot.stop();
  const first = await cara.say(carasRoom, "!firstofmany");
  await Promise.all(Array.from({ length: 110 }, (_, index) => talk(cara, carasRoom, index)));
  await cara.say(carasRoom, "!lastofmany");
  await world.bot.start();
  for (const word of ["firstofmany", "lastofmany"])
    await cara.waitForMessage(carasRoom, (message) => textOf(message).includes(word), {
      from: world.botUserId,
      after: first,
    });
  const read = expect.objectContaining({ msg: "read the messages that a sync left out" }) as unknown;
  await expect.poll(() => world.bot.log(), { timeout: 10_000 }).toContainEqual(read);
});

it("puts the answer of a slow server in the place of the note that it is being asked", async () => {
  oldServer.setRule(({ path }) => (path.endsWith("/v3/login") ? { kind: "delay", ms: 2_500 } : undefined));
  const command = await ada.say(adasRoom, `!login old ${adaAccount.userId}`);
  const asking = await ada.waitForMessage(adasRoom, (message) => textOf(message).startsWith("Asking"), {
    after: command,
  });
  const edited = await ada.waitForMessage(
    adasRoom,
    ({ latestEditContent }) => latestEditContent !== undefined,
    {
      after: command,
    },
  );
  oldServer.setRule();
  expect(edited).toMatchObject({ eventId: asking.eventId, isEncrypted: true, shield: null });
  expect(textOf(edited)).toContain("takes a password or an access token");
  // A client shows an edit before it tells of the event that made it.
  const edits = (): unknown[] =>
    ada
      .messages(adasRoom)
      .filter(({ relation }) => relation?.type === "m.replace" && relation.eventId === asking.eventId)
      .map(({ content }) => content);
  const edit = {
    msgtype: "m.notice",
    formatted_body: expect.any(String) as unknown,
    "m.mentions": {},
    "m.new_content": { msgtype: "m.notice", formatted_body: expect.any(String) as unknown, "m.mentions": {} },
  };
  await expect.poll(edits, { timeout: 30_000 }).toMatchObject([edit]);
});

it("removes the message with a password before it says that the account is signed in", async () => {
  const secret = await ada.say(adasRoom, `!login old ${adaAccount.userId} --password ${adaAccount.password}`);
  const signedIn = await ada.waitForMessage(adasRoom, (message) => textOf(message).includes("is signed in"), {
    after: secret,
  });
  const shown = ada.messages(adasRoom);
  expect(shown.find(({ eventId }) => eventId === secret)).toMatchObject({ isRedacted: true, content: {} });
  const redaction = shown.findIndex(({ type }) => type === "m.room.redaction");
  expect(redaction).toBeGreaterThan(-1);
  expect(redaction).toBeLessThan(shown.findIndex(({ eventId }) => eventId === signedIn.eventId));
});

it("leaves no password, token, key or message readable in its data directory", async () => {
  await ada.say(adasRoom, "the violet umbrella");
  await world.answer(ada, adasRoom, "!help logout");
  expect(await filesWith([ada.userId])).toEqual(
    expect.arrayContaining([expect.stringMatching(/^mover\.sqlite/u)]),
  );
  const known = ["violet umbrella", "help logout", botPassword, adaAccount.password];
  expect(await filesWith(known)).toEqual([]);
  await world.bot.kill();
  expect(await filesWith([...known, ...(await sealedSecrets())])).toEqual([]);
  await world.bot.start();
});

it("takes a new device, signed as the one before, when its encryption keys are lost", async () => {
  const before = await botDevices(world);
  await world.bot.stop();
  await rm(join(world.bot.dataDir, "crypto"), { recursive: true });
  await world.bot.start();
  const after = await botDevices(world);
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
  // What she says before her client knows of it goes to the device of before.
  await expect
    .poll(() => cara.signedDevices(world.botUserId), { timeout: 30_000 })
    .toEqual(expect.arrayContaining(after));
  const answer = await world.answer(cara, carasRoom, "!help");
  expect(answer).toMatchObject({ isEncrypted: true, shield: null });
  expect(textOf(answer)).toContain("!login");
});

/** Fills the room by one event that the bot need not decrypt. */
async function talk({ accessToken }: Person, roomId: string, index: number): Promise<void> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/talk${index}`;
  const { status } = await fetch(`${world.pair.new.baseUrl}${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ msgtype: "m.notice", body: `talk ${index}` }),
  });
  expect(status).toBe(200);
}

/**
 * What the bot seals, read with its key: its session's token, its cross-signing keys, the token of
 * Ada's account.
 */
async function sealedSecrets(): Promise<string[]> {
  const { key } = await loadOrCreateSecretKey(join(world.folder, "bot", "secrets", "store.key"));
  const store = openStore({ dataDir: world.bot.dataDir, secretKey: key });
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
 * The files of the data directory in which one of these texts stands, as it is or in another usual
 * writing.
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
  const files = await filesOfFolder(world.bot.dataDir);
  return files
    .filter(({ bytes }) => needles.some((needle) => bytes.includes(needle)))
    .map(({ path }) => basename(path));
}
