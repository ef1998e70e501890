import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../../../src/model/account.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { Emoji, EmojiResult } from "../../../src/platforms/keys.ts";
import { createMatrixPlatform } from "../../../src/platforms/matrix/platform.ts";
import type { Platform } from "../../../src/platforms/platform.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import type { Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { ShownEmoji } from "../../lab/person/person-keys.ts";
import type { Person } from "../../lab/person/person.ts";
import { startPerson } from "../../lab/person/person.ts";
import { callServer } from "../../support/servers/server-api.ts";

const PASSWORD = "a person's password";
const DEVICE = "MOVERDEVICE";
const OWNER = "@owner:old.example";
const PHRASE = "correct horse  battery – Ä ";

interface Fixture {
  folder: string;
  pair: HomeserverPair;
  person: Person;
  recoveryKey: string;
  store: Store;
  account: Account;
}
const fixture = {} as Fixture;
const lines: string[] = [];

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "emoji-"));
  const pair = await startHomeserverPair({ folder: join(folder, "pair"), limits: "unlimited" });
  const { userId } = await pair.old.registerUser({ localpart: "ada", password: PASSWORD });
  const { baseUrl } = pair.old;
  const person = await startPerson({ baseUrl, userId, password: PASSWORD });
  const recoveryKey = await person.keys.setUpStorage({ phrase: PHRASE });
  const store = openStore({ dataDir: join(folder, "data"), secretKey: Buffer.alloc(32, 1) });
  Object.assign(fixture, { folder, pair, person, recoveryKey, store });
  const server = await platform().signIn.serverOf(userId);
  const signedIn = await server.withPassword({ userId, password: PASSWORD, deviceId: DEVICE });
  if (signedIn.kind !== "signed_in") throw new Error(signedIn.problem.code);
  const { deviceId, tokens } = signedIn.session;
  fixture.account = {
    owner: OWNER,
    side: "source",
    userId,
    baseUrl,
    method: "password",
    deviceId,
    signedInAt: 1,
  };
  await store.accounts.put(fixture.account, tokens);
});

afterAll(async () => {
  const { folder, pair, person, store } = fixture;
  await person.stop();
  await store.close();
  await pair.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The platform as after a start of the process. */
function platform(): Platform {
  const { store, folder } = fixture;
  return createMatrixPlatform({
    sessionStore: store.accounts,
    devices: { keys: store.deviceKeys, folder: join(folder, "devices") },
    fetch: createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] }),
    servers: { [fixture.pair.old.serverName]: fixture.pair.old.baseUrl },
    introduction: { clientName: "Matrix Mover", clientUri: "https://mover.example.org" },
    now: Date.now,
    monotonicNow: () => performance.now(),
    log: pino({ level: "trace" }, { write: (line: string) => void lines.push(line) }),
  });
}

interface Shown {
  readonly bot: readonly Emoji[];
  readonly person: readonly ShownEmoji[];
}

/** The person accepts the request, compares the emoji, and confirms on both sides. */
async function verifyByEmoji(keys: Platform["keys"], account: Account): Promise<[Shown, EmojiResult]> {
  const { person } = fixture;
  const shown = Promise.withResolvers<readonly Emoji[]>();
  const { result, answer } = keys.verify(account, { onEmoji: shown.resolve }, new AbortController().signal);
  const [personEmoji, botEmoji] = await Promise.all([person.keys.acceptVerification(), shown.promise]);
  answer(true);
  await person.keys.answerVerification("match");
  return [{ bot: botEmoji, person: personEmoji }, await result];
}

it("verifies the bot's session with the person's app, again after a restart, and no secret is logged", async () => {
  const { account, person } = fixture;
  const results: EmojiResult[] = [];
  for (const { keys } of [platform(), platform()]) {
    const [shown, result] = await verifyByEmoji(keys, account);
    expect(shown.bot).toEqual(shown.person);
    expect(shown.bot).toHaveLength(7);
    results.push(result);
    await keys.stop();
  }
  expect(results[0]).toMatchObject({ status: "opened", opened: { version: "1" } });
  expect(results[1]).toEqual(results[0]);
  expect(await person.keys.isVerified(DEVICE)).toBe(true);
  const key = results[0]?.status === "opened" ? results[0].opened.key : "";
  expect(lines.join("\n")).not.toContain(key);
  expect(lines.join("\n")).not.toMatch(/device_signing|signatures\/upload|rooms\//);
});

it("opens the same backup by the recovery key and by the phrase, and logs neither", async () => {
  const { account, person, recoveryKey } = fixture;
  const { keys } = platform();
  const ways = await keys.ways(account);
  expect(ways).toMatchObject({ noEmoji: null, hasSecretStorage: true, hasPhrase: true });
  expect(await keys.backup(account, { isSignatureChecked: true })).toEqual({
    ...ways.backup,
    isSigned: true,
  });
  const key = (await person.keys.secret("m.megolm_backup.v1")).replaceAll("=", "");
  const opened = { status: "opened", opened: { version: "1", key } };
  expect(await keys.open(account, { kind: "recovery_key", text: recoveryKey })).toMatchObject(opened);
  expect(await keys.open(account, { kind: "phrase", text: PHRASE })).toMatchObject(opened);
  expect(await keys.open(account, { kind: "phrase", text: PHRASE.trim() })).toMatchObject({
    refusal: { code: "wrong_phrase" },
  });
  await keys.stop();
  const log = lines.join("\n");
  for (const secret of [recoveryKey, recoveryKey.replaceAll(" ", ""), PHRASE.trim(), key])
    expect(log).not.toContain(secret);
});

/**
 * The account on the new server. Its backup knows nothing but its version, and entries by the test.
 */
async function newAccount(): Promise<{
  account: Account;
  api: (method: "POST" | "PUT", path: string, body: unknown) => Promise<void>;
  /** The messages of a room that its server shows it. */
  eventIdsOf: (roomId: string) => Promise<string[]>;
}> {
  const { pair, store } = fixture;
  const { userId, accessToken } = await pair.new.registerUser({ localpart: "ada", password: PASSWORD });
  const { baseUrl } = pair.new;
  const account: Account = {
    ...fixture.account,
    side: "target",
    userId,
    baseUrl,
    method: "token",
    deviceId: null,
  };
  await store.accounts.put(account, { accessToken });
  const api = async (method: "POST" | "PUT", path: string, body: unknown) => {
    const { status } = await callServer(pair.new, accessToken, method, `/_matrix/client/v3${path}`, body);
    if (status !== 200) throw new Error(`${path} was answered with status ${String(status)}`);
  };
  const eventIdsOf = async (roomId: string) => {
    const chunk = await messagesOf(pair.new, accessToken, roomId);
    return chunk.map(({ event_id: eventId }) => eventId);
  };
  return { account, api, eventIdsOf };
}

/** The sessions of a room's messages, oldest first. */
async function sessionIdsOf(roomId: string): Promise<string[]> {
  const { pair, person } = fixture;
  const chunk = await messagesOf(pair.old, person.accessToken, roomId);
  const ids = chunk.flatMap(({ content }) => content.session_id ?? []);
  return [...new Set(ids)];
}

const page = z.object({
  chunk: z.array(
    z.object({ event_id: z.string(), content: z.object({ session_id: z.string().optional() }) }),
  ),
});

/** What a server shows an account of a room, oldest first. */
async function messagesOf(
  server: Homeserver,
  accessToken: string,
  roomId: string,
): Promise<z.infer<typeof page>["chunk"]> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?dir=f&limit=100`;
  const { body } = await callServer(server, accessToken, "GET", path);
  return page.parse(body).chunk;
}

it("counts the messages that the new backup opens, and those that the new server hides", async () => {
  const { account: source, person } = fixture;
  const { account: target, api, eventIdsOf } = await newAccount();
  const { keys } = platform();
  const roomId = await person.createRoom({ name: "Alpha", encrypted: true });
  await person.say(roomId, "one");
  await person.say(roomId, "two");
  const check = () => keys.check({ source, target, rooms: [], botRoomIds: [], onProgress: () => undefined });
  const empty = { roomId, name: "Alpha", seen: 2, readable: 0, hidden: "not_in_room" };
  expect((await check()).rooms).toEqual([empty]);

  await person.sendState(roomId, "m.room.history_visibility", "", { history_visibility: "joined" });
  await person.say(roomId, "three");
  await person.invite(roomId, target.userId);
  await api("POST", `/join/${encodeURIComponent(roomId)}?server_name=${fixture.pair.old.serverName}`, {});
  const last = await person.say(roomId, "four");
  await expect.poll(() => eventIdsOf(roomId)).toContain(last);
  const publicKey = Buffer.alloc(32, 7).toString("base64");
  const algorithm = "m.megolm_backup.v1.curve25519-aes-sha2";
  await api("POST", "/room_keys/version", {
    algorithm,
    auth_data: { public_key: publicKey, signatures: {} },
  });
  // The first message has index 0 of the first session.
  const sessions = (await sessionIdsOf(roomId)).map((sessionId, place) => [
    sessionId,
    { first_message_index: place === 0 ? 1 : 0, forwarded_count: 0, is_verified: false, session_data: {} },
  ]);
  await api("PUT", "/room_keys/keys?version=1", {
    rooms: { [roomId]: { sessions: Object.fromEntries(sessions) } },
  });
  const counted = await check();
  expect(counted.rooms).toEqual([{ ...empty, seen: 4, readable: 3, hidden: 1 }]);
  await keys.stop();
});
