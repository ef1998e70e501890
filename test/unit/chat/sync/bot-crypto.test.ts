import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CryptoMachine } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { configureStore, RequestType } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { MatrixClient, MemoryStorageProvider } from "matrix-bot-sdk";
import { pino } from "pino";
import { afterAll, expect, it } from "vitest";
import { BotCrypto } from "../../../../src/chat/sync/bot-crypto.ts";
import { CryptoDevice } from "../../../support/overrides/crypto-device.ts";
import { KeyServer } from "../../../support/overrides/key-server.ts";

const BOT = "@mover:x.org";
const ADA = "@ada:x.org";
const DORA = "@dora:x.org";
const members: Readonly<Record<string, string[]>> = { "!ada": [BOT, ADA], "!dora": [BOT, DORA] };
const types: Readonly<Record<string, RequestType>> = {
  "/_matrix/client/v3/keys/upload": RequestType.KeysUpload,
  "/_matrix/client/v3/keys/query": RequestType.KeysQuery,
  "/_matrix/client/v3/keys/claim": RequestType.KeysClaim,
};

const folder = await mkdtemp(join(tmpdir(), "mover-bot-crypto-"));
const log = pino({ level: "silent" });
const server = new KeyServer();
/** Called before a key query is answered. */
let onQuery = (): Promise<void> => Promise.resolve();

/** The SDK's client at the key server, without a network. */
class Client extends MatrixClient {
  override readonly cryptoStore = {
    storagePath: folder,
    storageType: 0,
    getDeviceId: () => Promise.resolve("BOT"),
    setDeviceId: () => Promise.resolve(),
    getRoom: () => Promise.resolve({ algorithm: "m.megolm.v1.aes-sha2" }),
    storeRoom: () => Promise.resolve(),
  };

  override getUserId(): Promise<string> {
    return Promise.resolve(BOT);
  }

  override getJoinedRoomMembers(roomId: string): Promise<string[]> {
    return Promise.resolve(members[roomId] ?? []);
  }

  override async doRequest(_method: string, path: string, _query: unknown, body: object): Promise<unknown> {
    if (path.endsWith("/keys/query")) await onQuery();
    const type = types[path] ?? RequestType.ToDevice;
    const event_type = /sendToDevice\/([^/]+)/u.exec(path)?.[1];
    return server.answer(BOT, "BOT", { id: "", type, body: JSON.stringify({ ...body, event_type }) });
  }
}

afterAll(() => rm(folder, { recursive: true }));

it("gives every device the key of a message, though another message is encrypted meanwhile", async () => {
  const opened = Promise.withResolvers<CryptoMachine>();
  configureStore({ key: new Uint8Array(32).fill(1), onOpen: opened.resolve });
  const client = new Client("https://x.org", "token", new MemoryStorageProvider());
  const crypto = new BotCrypto(client, {
    encryption: { mayBeEncrypted: () => Promise.resolve(true) },
    log,
  });
  await crypto.open(opened.promise);
  for (const userId of [ADA, DORA]) await (await CryptoDevice.open(userId, "PHONE", server)).sendAll();
  const say = (roomId: string): Promise<unknown> =>
    crypto.encryptRoomEvent(roomId, "m.room.message", { body: "hello" });
  await say("!dora");

  // The query for the second message is answered once the first message has made one too, or is
  // done. The query of the first message is answered after the second message.
  const queries = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  let asked = 0;
  onQuery = async () => {
    const query = queries[asked++];
    if (asked === 2) queries[0]?.resolve(undefined);
    await query?.promise;
  };
  const first = say("!dora").then(() => queries[0]?.resolve(undefined));
  await say("!ada");
  queries[1]?.resolve(undefined);
  await first;

  expect(server.takeInbox(ADA, "PHONE")).toMatchObject([{ type: "m.room.encrypted" }]);
});
