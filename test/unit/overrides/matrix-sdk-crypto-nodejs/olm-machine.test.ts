import { describe, expect, test, vi } from "vitest";
import {
  DecryptionError,
  DeviceId,
  DeviceLists,
  OlmMachine,
  type OutgoingRequest,
  RequestType,
  UserId,
} from "../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { CryptoDevice } from "../../../support/overrides/crypto-device.ts";
import { KeyServer } from "../../../support/overrides/key-server.ts";

const BOT = "@bot:example.org";
const USER = "@user:example.org";

async function openBoth(): Promise<{ bot: CryptoDevice; user: CryptoDevice }> {
  const server = new KeyServer();
  const bot = await CryptoDevice.open(BOT, "BOT", server);
  const user = await CryptoDevice.open(USER, "USER", server);
  await bot.sendAll();
  await user.sendAll();
  return { bot, user };
}

test("two devices understand each other", async () => {
  const { bot, user } = await openBoth();
  const question = await user.encrypt("question", [BOT]);
  await bot.sync();
  expect(await bot.decrypt(question)).toBe("question");
  const reply = await bot.encrypt("reply", [USER]);
  await user.sync();
  expect(await user.decrypt(reply)).toBe("reply");
});

test("an event without its key is an Error that says so", async () => {
  const { bot, user } = await openBoth();
  const question = await user.encrypt("question", [BOT]);
  const failure = bot.decrypt(question);
  await expect(failure).rejects.toBeInstanceOf(DecryptionError);
  await expect(failure).rejects.toMatchObject({ code: "MissingRoomKey", withheldCode: undefined });
});

test("a listener hears of a room key that arrives late, and can then decrypt", async () => {
  const { bot, user } = await openBoth();
  const question = await user.encrypt("question", [BOT]);
  const decrypted = new Promise((resolve) => {
    bot.machine.onRoomKeys((keys) => resolve(bot.decrypt(question).then((text) => ({ keys, text }))));
  });
  await bot.sync();
  const { session_id: sessionId } = JSON.parse(question).content;
  expect(await decrypted).toEqual({ keys: [{ roomId: "!room:example.org", sessionId }], text: "question" });
});

test("a sync gives the decrypted to-device events as JSON", async () => {
  const { bot } = await openBoth();
  const event = { sender: USER, type: "org.example.plain", content: { a: 1 } };
  const events = await bot.machine.receiveSyncChanges(
    JSON.stringify([event, event]),
    new DeviceLists(),
    {},
    [],
  );
  expect(JSON.parse(events)).toEqual([event, event]);
});

test("a to-device request carries its type and transaction ID in the body, where matrix-bot-sdk looks for them", async () => {
  const { bot, user } = await openBoth();
  await user.encrypt("question", [BOT]);
  await bot.sync();
  const send = vi.spyOn(bot, "send");
  await bot.encrypt("reply", [USER]);
  const requests: OutgoingRequest[] = send.mock.calls.map(([request]) => request);
  const shared = requests.find((request) => request.type === RequestType.ToDevice);
  expect(JSON.parse(shared?.body ?? "")).toMatchObject({
    event_type: "m.room.encrypted",
    txn_id: shared?.id,
    messages: { [USER]: { USER: { algorithm: "m.olm.v1.curve25519-aes-sha2" } } },
  });
  expect(shared).toMatchObject({ eventType: "m.room.encrypted", txnId: shared?.id });
});

test("an answer to an unknown request does no harm", async () => {
  const { bot } = await openBoth();
  await bot.machine.markRequestAsSent("unknown", RequestType.ToDevice, "{}");
  await bot.machine.markRequestAsSent("unknown", RequestType.KeysQuery, JSON.stringify({ device_keys: {} }));
  await bot.machine.markRequestAsSent(
    "unknown",
    RequestType.KeysClaim,
    JSON.stringify({ one_time_keys: {}, failures: {} }),
  );
  expect(await bot.machine.outgoingRequests()).toEqual([]);
});

describe("cross-signing", () => {
  test("asks for the same keys to be published each time", async () => {
    const { bot } = await openBoth();
    const first = await bot.machine.bootstrapCrossSigning(false);
    const second = await bot.machine.bootstrapCrossSigning(false);
    expect(first.uploadSigningKeys).toMatchObject({
      method: "POST",
      path: "/_matrix/client/v3/keys/device_signing/upload",
      body: {
        master_key: { user_id: BOT },
        self_signing_key: { user_id: BOT },
        user_signing_key: { user_id: BOT },
      },
    });
    expect(second.uploadSigningKeys).toEqual(first.uploadSigningKeys);
    expect(first.uploadSignatures).toMatchObject({
      method: "POST",
      path: "/_matrix/client/v3/keys/signatures/upload",
    });
    expect(first.uploadSignatures.body).toHaveProperty([BOT, "BOT"]);
    expect(await bot.machine.crossSigningStatus()).toEqual({
      hasMaster: true,
      hasSelfSigning: true,
      hasUserSigning: true,
    });
  });

  test("brings the keys of the device along while the server has none", async () => {
    const bot = await CryptoDevice.open(BOT, "BOT", new KeyServer());
    const requests = await bot.machine.bootstrapCrossSigning(false);
    expect(requests.uploadKeys).toMatchObject({
      type: RequestType.KeysUpload,
      path: "/_matrix/client/v3/keys/upload",
    });
    expect(requests.uploadKeys?.body).toHaveProperty("device_keys");
  });

  test("exported keys sign another device", async () => {
    const { bot } = await openBoth();
    expect(await bot.machine.exportCrossSigningKeys()).toBeUndefined();
    const { uploadSigningKeys } = await bot.machine.bootstrapCrossSigning(false);
    const keys = await bot.machine.exportCrossSigningKeys();

    const server = new KeyServer();
    const next = await CryptoDevice.open(BOT, "NEXT", server);
    const published = uploadSigningKeys.body as Record<string, unknown>;
    vi.spyOn(server, "answer").mockReturnValue({
      device_keys: { [BOT]: {} },
      master_keys: { [BOT]: published["master_key"] },
      self_signing_keys: { [BOT]: published["self_signing_key"] },
      user_signing_keys: { [BOT]: published["user_signing_key"] },
    });
    for (const request of await next.machine.outgoingRequests())
      if (request.type === RequestType.KeysQuery) await next.send(request);
    const status = await next.machine.importCrossSigningKeys(keys ?? {});
    expect(status).toEqual({ hasMaster: true, hasSelfSigning: true, hasUserSigning: true });
    const selfSigningKeyId = Object.keys(Object(published["self_signing_key"]).keys)[0];
    const { uploadSignatures } = await next.machine.bootstrapCrossSigning(false);
    expect(uploadSignatures.body).toMatchObject({
      [BOT]: { NEXT: { signatures: { [BOT]: { [String(selfSigningKeyId)]: expect.any(String) } } } },
    });
  });
});

test("signatures are read as matrix-bot-sdk reads them", async () => {
  const { bot } = await openBoth();
  const signatures = (await bot.machine.sign(JSON.stringify({ a: 1 }))).get(new UserId(BOT));
  expect(signatures?.["ed25519:BOT"]).toMatchObject({ isValid: true });
  expect(signatures?.["ed25519:BOT"]?.signature.toBase64()).toMatch(/^[A-Za-z0-9+/]{86}$/);
});

test("a store is not opened before it has a key", async () => {
  await expect(OlmMachine.initialize(new UserId(BOT), new DeviceId("BOT"), "unused", "", 0)).rejects.toThrow(
    /configureStore/,
  );
});

test("a closed machine says so, and can be closed again", async () => {
  const { bot } = await openBoth();
  await bot.machine.close();
  await bot.machine.close();
  await expect(bot.machine.outgoingRequests()).rejects.toThrow("The crypto machine is closed.");
});
