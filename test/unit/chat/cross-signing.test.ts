import type { CrossSigningRequests } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { RequestType } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { RequestingClient } from "../../../src/chat/cross-signing.ts";
import { isSigned, signDevice } from "../../../src/chat/cross-signing.ts";
import { CryptoDevice } from "../../support/overrides/crypto-device.ts";
import { KeyServer } from "../../support/overrides/key-server.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const BOT = "@mover:x.org";
const SECRET = "bot cross-signing keys";
const SIGNING_KEYS = "/_matrix/client/v3/keys/device_signing/upload";
const SIGNATURES = "/_matrix/client/v3/keys/signatures/upload";

const signingKeysSchema = z.object({
  master_key: z.unknown(),
  self_signing_key: z.unknown(),
  user_signing_key: z.unknown(),
});

/** A device of the bot that has asked for its own account, which has these cross-signing keys. */
async function openDevice(deviceId: string, keys: CrossSigningRequests | null = null): Promise<CryptoDevice> {
  const device = await CryptoDevice.open(BOT, deviceId, new KeyServer());
  for (const request of await device.machine.outgoingRequests())
    if (request.type === RequestType.KeysQuery) {
      const answer = JSON.stringify({ device_keys: { [BOT]: {} }, ...(keys && answerWith(keys)) });
      await device.machine.markRequestAsSent(request.id, request.type, answer);
    } else await device.send(request);
  return device;
}

/** The part of an answer to a key query that has the cross-signing keys. */
function answerWith({ uploadSigningKeys }: CrossSigningRequests): object {
  const keys = signingKeysSchema.parse(uploadSigningKeys.body);
  return {
    master_keys: { [BOT]: keys.master_key },
    self_signing_keys: { [BOT]: keys.self_signing_key },
    user_signing_keys: { [BOT]: keys.user_signing_key },
  };
}

/** The cross-signing keys that the account has: those of the store, or others. */
type Keys = "those" | "others" | "none";

/** Signs a new device. The store has the keys of an earlier one. */
async function signNext({ keysOnServer, answer = {} }: { keysOnServer: Keys; answer?: unknown }) {
  const { store } = await temporaryStore();
  const [earlier, stranger] = [await openDevice("EARLIER"), await openDevice("STRANGER")];
  const keys = {
    those: await earlier.machine.bootstrapCrossSigning(true),
    others: await stranger.machine.bootstrapCrossSigning(true),
    none: null,
  }[keysOnServer];
  await store.bot.setSecret(SECRET, JSON.stringify(await earlier.machine.exportCrossSigningKeys()));
  const next = await openDevice("NEXT", keys);
  const requests: string[] = [];
  const client: RequestingClient = {
    doRequest: (_method, path) => {
      requests.push(path);
      return Promise.resolve(path === SIGNATURES ? answer : {});
    },
  };
  await signDevice(next.machine, {
    ...{ client, deviceId: "NEXT", state: store.bot, log: pino({ enabled: false }) },
    account: { homeserver: "https://x.org", userId: BOT, password: "secret", accessToken: null },
  });
  return {
    requests,
    isSigned: await isSigned(store.bot, "NEXT"),
    stored: await store.bot.getSecret(SECRET),
    used: JSON.stringify(await next.machine.exportCrossSigningKeys()),
  };
}

describe("the next device of a bot that has lost its crypto store", () => {
  it.each<{ keysOnServer: Keys; sent: string[] }>([
    { keysOnServer: "those", sent: [SIGNATURES] },
    { keysOnServer: "others", sent: [SIGNING_KEYS, SIGNATURES] },
    { keysOnServer: "none", sent: [SIGNING_KEYS, SIGNATURES] },
  ])(
    "is signed, with the stored keys if the account still has them (it has $keysOnServer)",
    async ({ keysOnServer, sent }) => {
      const signed = await signNext({ keysOnServer });
      expect(signed).toMatchObject({ requests: sent, isSigned: true });
      expect(signed.stored).toBe(signed.used);
    },
  );

  it.each([
    { name: "no failures", answer: { failures: {} }, isTaken: true },
    { name: "null for failures", answer: { failures: null }, isTaken: true },
    {
      name: "a failure",
      answer: { failures: { [BOT]: { NEXT: { errcode: "M_INVALID_SIGNATURE" } } } },
      isTaken: false,
    },
    { name: "a page", answer: "<html>", isTaken: false },
    { name: "a list", answer: [], isTaken: false },
  ])("counts as signed only if the server says so: $name", async ({ answer, isTaken }) => {
    const signed = await signNext({ keysOnServer: "none", answer });
    expect(signed.isSigned).toBe(isTaken);
    expect(signed.stored).toBe(signed.used);
  });
});
