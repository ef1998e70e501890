import { existsSync, writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Chat } from "../../../src/chat/chat.ts";
import { startChat } from "../../../src/chat/chat.ts";
import { isCryptoStoreLost } from "../../../src/chat/encryption.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import type { MisbehavingServer } from "../../support/servers/misbehaving-server.ts";
import { sendHtml, sendJson, startMisbehavingServer } from "../../support/servers/misbehaving-server.ts";
import { secretKey } from "../../support/store/temporary-store.ts";

// The crypto library has one folder in a process, so the tests share a data directory. They run in
// order, and later ones need earlier ones.
const BOT = "@mover:x.org";

type Answer = (response: ServerResponse) => void;

/** Answers to the next requests whose path contains the text. */
const faults = new Map<string, Answer[]>();
/** The next syncs. A sync without an answer is held back. */
const syncs: object[] = [];
let devices = 0;
let server: MisbehavingServer;
let dataDir: string;
let store: Store;
let chat: Chat | null = null;

function answer({ method = "", url = "" }: IncomingMessage, response: ServerResponse): void {
  const path = url.replace(/\?.*/u, "");
  for (const [part, answers] of faults) {
    const fault = path.includes(part) ? answers.shift() : undefined;
    if (fault === undefined) continue;
    fault(response);
    return;
  }
  if (path.endsWith("/sync")) {
    const next = syncs.shift();
    if (next) sendJson(response, 200, next);
  } else if (path.endsWith("/login")) {
    devices += 1;
    sendJson(response, 200, { access_token: "token", device_id: `DEVICE${devices}` });
  } else if (path.endsWith("/whoami")) {
    sendJson(response, 200, { user_id: BOT, device_id: `DEVICE${devices}` });
  } else if (path.endsWith("/joined_rooms")) {
    sendJson(response, 200, { joined_rooms: ["!a:x.org", "!b:x.org", "!c:x.org"] });
  } else if (path.endsWith("/filter")) sendJson(response, 200, { filter_id: "1" });
  else if (path.endsWith("/keys/upload"))
    sendJson(response, 200, { one_time_key_counts: { signed_curve25519: 50 } });
  else if (path.endsWith("/keys/query")) sendJson(response, 200, { device_keys: {} });
  else if (method === "POST") sendJson(response, 200, {});
  else sendJson(response, 404, { errcode: "M_NOT_FOUND" });
}

function start(): Promise<Chat> {
  return startChat({
    configuration: {
      bot: { homeserver: server.url, userId: BOT, password: "secret", accessToken: null },
      dataDir,
      secretKeyFile: "",
      prefix: "!",
      controlRooms: [],
      directChats: true,
      access: { allow: ["@*:x.org"], operators: [], imports: true },
      limits: { newChatsPerDay: 10 },
      servers: {},
      network: { allowPrivate: [] },
      oauth: { clientName: "", clientUri: "" },
      http: null,
      log: { level: "info", format: "json" },
      warnings: [],
    },
    baseUrl: server.url,
    store,
    cryptoStoreKey: Buffer.alloc(32, 1),
    commands: [],
    confirmable: {},
    isPermitted: () => true,
    isOnOwnServer: () => true,
    now: () => Date.now(),
    log: pino({ enabled: false }),
  });
}

const made = (part: string): string[] => server.requests.filter((request) => request.includes(part));
/** The positions that were synced from. */
const positions = (): (string | null)[] =>
  made("/sync").map((request) => new URL(request.slice(4), server.url).searchParams.get("since"));

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "chat-start-"));
  server = await startMisbehavingServer(answer);
  store = openStore({ dataDir, secretKey });
});

afterEach(async () => {
  await chat?.stop();
  chat = null;
  server.requests.length = 0;
  faults.clear();
  syncs.length = 0;
});

afterAll(async () => {
  await store.close();
  await server.stop();
  rmSync(dataDir, { recursive: true });
});

it("a start waits for a proxy in trouble at every request, asks nothing for each room, and replaces cross-signing keys that the server does not have", async () => {
  const masterKey = Buffer.alloc(32, 1).toString("base64url");
  await store.bot.setSecret("bot cross-signing keys", JSON.stringify({ masterKey }));
  faults.set("/keys/upload", [(response) => sendHtml(response, 502)]);
  faults.set("/filter", [(response) => sendHtml(response, 504)]);
  faults.set("/profile/", [
    (response) => sendJson(response, 429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 1 }),
  ]);
  const refused = { failures: { [BOT]: { DEVICE1: { errcode: "M_INVALID_SIGNATURE" } } } };
  faults.set("/signatures/upload", [(response) => sendJson(response, 200, refused)]);
  syncs.push({ next_batch: "s1" });
  chat = await start();
  await expect.poll(() => chat?.state().sync).toBe(true);
  expect([made("/login").length, made("/filter").length, made("m.room.encryption").length]).toEqual([
    1, 2, 0,
  ]);
  expect(made("/device_signing/upload")).toHaveLength(1);
});

it("a locked account keeps its session, a torn room file stops no start, a new filter loses nothing, and a refused signature is tried again", async () => {
  const roomFile = join(dataDir, "crypto", "DEVICE1", "bot-sdk.json");
  writeFileSync(roomFile, '{"deviceId":"DEVICE1","rooms":{"ab');
  await store.bot.set("sync.filter", JSON.stringify({ id: "0", filter: { of: "the last version" } }));
  faults.set("/whoami", [
    (response) => sendJson(response, 401, { errcode: "M_USER_LOCKED", soft_logout: true }),
    (response) => sendHtml(response, 401),
  ]);
  chat = await start();
  await expect.poll(() => made("/sync")).toHaveLength(1);
  expect(positions()).toEqual(["s1"]);
  // The last start's signature was refused.
  expect(made("/signatures/upload")).toHaveLength(1);
  expect([made("/login").length, made("/filter").length]).toEqual([0, 1]);
  expect(existsSync(roomFile)).toBe(false);
});

it("a sync with an invalid user ID, and keys that cannot be fetched, do not repeat a sync", async () => {
  faults.set("/keys/query", [(response) => sendJson(response, 500, { errcode: "M_UNKNOWN" })]);
  faults.set("/keys/upload", [(response) => sendHtml(response, 502)]);
  syncs.push(
    { next_batch: "s2", device_lists: { changed: ["no user", BOT] } },
    { next_batch: "s3", device_one_time_keys_count: { signed_curve25519: 0 } },
  );
  chat = await start();
  await expect.poll(() => positions()).toEqual(["s1", "s2", "s3"]);
});

it("other keys on the server end the process with an explanation, and the next start takes a new device", async () => {
  const conflict: Answer = (response) =>
    sendJson(response, 400, {
      errcode: "M_UNKNOWN",
      error: "One time key signed_curve25519:AAAAAAAAAA0 already exists. Old key: {}; new key: {}",
    });
  faults.set("/keys/upload", [conflict, conflict, conflict]);
  syncs.push({ next_batch: "s4", device_one_time_keys_count: { signed_curve25519: 0 } });
  // The library may want to upload keys at the start already.
  const words = await start().then(
    async (started) => {
      chat = started;
      return (await started.failed).message;
    },
    (error: unknown) => String(error),
  );
  expect(words).toContain("creates a new device");
  expect(await isCryptoStoreLost(store.bot, dataDir, "DEVICE1")).toBe(true);
});
