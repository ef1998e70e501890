import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { expect, it } from "vitest";
import { VerifyingMachine } from "../../../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import {
  VERIFICATION_TIMES,
  verifySession,
} from "../../../../../../src/platforms/matrix/keys/emoji/verify-session.ts";
import { OtherDevice } from "../../../../../support/keys/other-device.ts";
import { OwnAccount } from "../../../../../support/keys/own-account.ts";

it("a session that another device verifies gets the key of the backup", async () => {
  const account = new OwnAccount();
  const phone = await OtherDevice.open("PHONE", account);
  await phone.setUpCrossSigning();
  const key = wasm.BackupDecryptionKey.createRandomKey();
  await phone.keepBackupKey(key);
  account.meanwhile = () => phone.act();
  const machine = await VerifyingMachine.open({ userId: account.userId, deviceId: "BOT", store: null });
  const compared = Promise.withResolvers<boolean>();
  let shown: string[] = [];
  const result = await verifySession(machine, {
    userId: account.userId,
    deviceId: "BOT",
    publicKey: key.megolmV1PublicKey.publicKeyBase64,
    send: (request) => account.answer("BOT", request),
    onEmoji: (emoji) => {
      shown = emoji.map(({ symbol }) => symbol);
      compared.resolve(true);
    },
    compared: compared.promise,
    stopped: new Promise(() => undefined),
    times: { ...VERIFICATION_TIMES, settle: 0 },
    now: () => account.time,
  });
  expect(result).toEqual({ status: "opened", key: key.toBase64() });
  expect(phone.emoji).toEqual(shown);
});
