import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { VerifyingMachine } from "../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import type {
  SessionResult,
  VerifiedSession,
} from "../../../src/platforms/matrix/keys/emoji/verified-session.ts";
import { VERIFICATION_TIMES } from "../../../src/platforms/matrix/keys/emoji/verified-session.ts";
import { verifySession } from "../../../src/platforms/matrix/keys/emoji/verify-session.ts";
import type { Reaction } from "./other-device.ts";
import { OtherDevice } from "./other-device.ts";
import { OwnAccount } from "./own-account.ts";

/** The device of the bot's session. */
export const BOT = "BOT";

/** An account with a device of its person, and with a backup. */
export interface Scene {
  readonly account: OwnAccount;
  readonly phone: OtherDevice;
  readonly key: wasm.BackupDecryptionKey;
}

/** @param held the backup key that the device has; by default the right one */
export async function accountWithPhone(
  reaction: Partial<Reaction> = {},
  held?: wasm.BackupDecryptionKey | null,
): Promise<Scene> {
  const account = new OwnAccount();
  const phone = await OtherDevice.open("PHONE", account);
  await phone.setUpCrossSigning();
  phone.reaction = { ...phone.reaction, ...reaction };
  const key = wasm.BackupDecryptionKey.createRandomKey();
  if (held !== null) await phone.keepBackupKey(held ?? key);
  account.meanwhile = () => phone.act();
  return { account, phone, key };
}

/**
 * Verifies the bot's session in this thread. The person answers the bot at once, unless the answer
 * is `null`.
 */
export async function verify(
  { account, key }: Pick<Scene, "account" | "key">,
  bot: VerifyingMachine,
  { areSame = true, ...session }: Partial<VerifiedSession> & { areSame?: boolean | null } = {},
): Promise<{ readonly result: SessionResult; readonly shown: readonly string[] | null }> {
  const compared = Promise.withResolvers<boolean>();
  let shown: string[] | null = null;
  const result = await verifySession(bot, {
    userId: account.userId,
    deviceId: BOT,
    publicKey: key.megolmV1PublicKey.publicKeyBase64,
    send: (request) => account.answer(BOT, request),
    pendingRequest: { get: () => null, set: () => undefined },
    onEmoji: (emoji) => {
      shown = emoji.map(({ symbol }) => symbol);
      if (areSame !== null) compared.resolve(areSame);
    },
    compared: compared.promise,
    stopped: new Promise(() => undefined),
    times: { ...VERIFICATION_TIMES, settle: 0 },
    now: () => account.time,
    ...session,
  });
  return { result, shown };
}
