import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { describe, expect, it, vi } from "vitest";
import { VerifyingMachine } from "../../../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { VERIFICATION_TIMES } from "../../../../../../src/platforms/matrix/keys/emoji/verified-session.ts";
import type { Scene } from "../../../../../support/keys/emoji-scene.ts";
import { BOT, accountWithPhone, verify } from "../../../../../support/keys/emoji-scene.ts";
import type { Reaction } from "../../../../../support/keys/other-device.ts";
import { OtherDevice } from "../../../../../support/keys/other-device.ts";
import { OwnAccount } from "../../../../../support/keys/own-account.ts";

async function openBot({ account }: Pick<Scene, "account">): Promise<VerifyingMachine> {
  return VerifyingMachine.open({ userId: account.userId, deviceId: BOT, store: null });
}

function requestsOf(account: OwnAccount, deviceId: string): string[] {
  return account.requests.flatMap((line) =>
    line.startsWith(`${deviceId} `) ? [line.slice(deviceId.length + 1)] : [],
  );
}

describe("a session that a device of the account verifies", () => {
  it("shows the same emoji and gets the key of the backup", async () => {
    const scene = await accountWithPhone();
    const { result, shown } = await verify(scene, await openBot(scene));
    expect(result).toEqual({ status: "opened", key: scene.key.toBase64() });
    expect(shown).toHaveLength(7);
    expect(shown).toEqual(scene.phone.emoji);
  });

  it("asks for no other secret, and changes nothing of the account but its own device keys", async () => {
    const scene = await accountWithPhone();
    await verify(scene, await openBot(scene));
    expect(scene.account.askedSecrets).toEqual(["m.megolm_backup.v1"]);
    const kinds = new Set(requestsOf(scene.account, BOT));
    expect([...kinds].sort()).toEqual([
      "GET sync",
      "POST keys/query",
      "POST keys/upload",
      "PUT sendToDevice/m.key.verification.done",
      "PUT sendToDevice/m.key.verification.key",
      "PUT sendToDevice/m.key.verification.mac",
      "PUT sendToDevice/m.key.verification.request",
      "PUT sendToDevice/m.key.verification.start",
      "PUT sendToDevice/m.secret.request",
    ]);
  });

  it("is verified again with the same keys, which are uploaded once", async () => {
    const scene = await accountWithPhone();
    const bot = await openBot(scene);
    await verify(scene, bot);
    const { publicKey } = bot;
    const { result } = await verify(scene, bot);
    expect(result).toEqual({ status: "opened", key: scene.key.toBase64() });
    expect(bot.publicKey).toBe(publicKey);
  });

  it("keeps no key that it has read", async () => {
    const scene = await accountWithPhone();
    const bot = await openBot(scene);
    await verify(scene, bot);
    expect(await bot.takeBackupKeys()).toEqual([]);
  });

  it("goes on if the other device starts the exchange at the same time", async () => {
    const scene = await accountWithPhone({ startsItself: true });
    const { result, shown } = await verify(scene, await openBot(scene));
    expect(result.status).toBe("opened");
    expect(shown).toEqual(scene.phone.emoji);
  });

  it("answers nobody else, and does not read what was sent before", async () => {
    const scene = await accountWithPhone();
    const { account } = scene;
    const bot = await openBot(scene);
    const request = {
      from_device: "PHONE",
      methods: ["m.sas.v1"],
      timestamp: Date.now(),
      transaction_id: "another",
    };
    account.meanwhile = async () => {
      account.deliver(BOT, { sender: account.userId, type: "m.key.verification.request", content: request });
      account.deliver(BOT, { sender: "@other:x", type: "m.key.verification.request", content: request });
      account.deliver(BOT, {
        sender: account.userId,
        type: "m.secret.request",
        content: {
          action: "request",
          name: "m.megolm_backup.v1",
          request_id: "1",
          requesting_device_id: "PHONE",
        },
      });
      account.meanwhile = () => scene.phone.act();
      await scene.phone.act();
    };
    const { result } = await verify(scene, bot);
    expect(result.status).toBe("opened");
    expect(
      requestsOf(account, BOT).filter((line) => /ready|cancel|encrypted|secret.send/.test(line)),
    ).toEqual([]);
  });
});

describe("a verification that fails", () => {
  it.each<{ name: string; reaction?: Partial<Reaction>; areSame?: boolean; code: string }>([
    { name: "the person declines it in the app", reaction: { toRequest: "refuse" }, code: "refused" },
    { name: "the person cancels it at the emoji", reaction: { toEmoji: "cancel" }, code: "refused" },
    { name: "nobody accepts it in ten minutes", reaction: { toRequest: "ignore" }, code: "timed_out" },
    { name: "the emoji differ in the app", reaction: { toEmoji: "different" }, code: "mismatch" },
    { name: "the emoji differ in the chat", areSame: false, code: "mismatch" },
  ])("$name: $code, on both sides", async ({ reaction, areSame, code }) => {
    const scene = await accountWithPhone({ toEmoji: "ignore", ...reaction });
    const { result } = await verify(scene, await openBot(scene), areSame === undefined ? {} : { areSame });
    expect(result).toEqual({ status: "failed", code });
    await scene.phone.act();
    expect(scene.phone.openVerifications()).toBe(0);
    expect(scene.account.askedSecrets).toEqual([]);
  });

  it("waits ten minutes for the acceptance, and asks again only at the beginning", async () => {
    const scene = await accountWithPhone({ toRequest: "ignore" });
    await verify(scene, await openBot(scene));
    expect(scene.account.time).toBe(VERIFICATION_TIMES.request);
    const asked = requestsOf(scene.account, BOT).filter((line) => line.endsWith("verification.request"));
    expect(asked).toHaveLength(1 + VERIFICATION_TIMES.repeats.length);
  });

  it("is over if the person does not answer for a minute, on both sides", async () => {
    const scene = await accountWithPhone({ toEmoji: "ignore" });
    const clock = vi.spyOn(performance, "now");
    const onEmoji = () => {
      const later = performance.now() + 61_000;
      clock.mockImplementation(() => later);
    };
    const { result } = await verify(scene, await openBot(scene), { onEmoji });
    clock.mockRestore();
    expect(result).toEqual({ status: "failed", code: "timed_out" });
  });

  it("an account without cross-signing is not asked, and nothing is uploaded", async () => {
    const account = new OwnAccount();
    await OtherDevice.open("PHONE", account);
    const scene = { account, key: wasm.BackupDecryptionKey.createRandomKey() };
    const { result } = await verify(scene, await openBot(scene));
    expect(result).toEqual({ status: "failed", code: "no_cross_signing" });
    expect(requestsOf(account, BOT)).toEqual(["POST keys/query"]);
  });

  it("an account without another signed device is not asked, and nothing is uploaded", async () => {
    const scene = await accountWithPhone();
    scene.account.removeDevice("PHONE");
    const { result } = await verify(scene, await openBot(scene));
    expect(result).toEqual({ status: "failed", code: "no_other_device" });
    expect(requestsOf(scene.account, BOT)).toEqual(["POST keys/query"]);
  });

  it("a crypto account that was lost uploads no other keys for its device", async () => {
    const scene = await accountWithPhone();
    await verify(scene, await openBot(scene));
    const before = requestsOf(scene.account, BOT).length;
    const { result } = await verify(scene, await openBot(scene));
    expect(result).toEqual({ status: "failed", code: "session_keys_lost" });
    expect(requestsOf(scene.account, BOT).slice(before)).toEqual(["POST keys/query"]);
  });

  it("a device whose keys the server has lost needs a new sign-in", async () => {
    const scene = await accountWithPhone();
    const bot = await openBot(scene);
    await verify(scene, bot);
    scene.account.removeDevice(BOT);
    expect((await verify(scene, bot)).result).toEqual({ status: "failed", code: "session_keys_lost" });
  });

  it("a stop cancels the verification on the other device", async () => {
    const scene = await accountWithPhone({ toEmoji: "ignore" });
    const stopped = Promise.withResolvers<undefined>();
    const onEmoji = () => stopped.resolve(undefined);
    const { result } = await verify(scene, await openBot(scene), { onEmoji, stopped: stopped.promise });
    expect(result).toEqual({ status: "stopped" });
    expect(requestsOf(scene.account, BOT).at(-1)).toBe("PUT sendToDevice/m.key.verification.cancel");
  });
});

describe("a verified session without the key of the backup", () => {
  it("asks again, and gives up, if no device hands out the key", async () => {
    const scene = await accountWithPhone({}, null);
    const { result } = await verify(scene, await openBot(scene));
    expect(result).toEqual({ status: "failed", code: "no_key_received" });
    const { key, keyRepeat } = VERIFICATION_TIMES;
    expect(scene.account.askedSecrets).toHaveLength(key / keyRepeat);
  });

  it("knows a key of an older backup", async () => {
    const scene = await accountWithPhone({}, wasm.BackupDecryptionKey.createRandomKey());
    const { result } = await verify(scene, await openBot(scene));
    expect(result).toEqual({ status: "failed", code: "stale_backup_key" });
  });

  it("takes the right key of one device, although another device has an old one", async () => {
    const scene = await accountWithPhone({}, wasm.BackupDecryptionKey.createRandomKey());
    const laptop = await OtherDevice.open("LAPTOP", scene.account);
    await laptop.takeCrossSigning(scene.phone);
    await laptop.keepBackupKey(scene.key);
    laptop.reaction = { toRequest: "ignore", toEmoji: "ignore" };
    scene.account.meanwhile = async () => {
      await scene.phone.act();
      await laptop.act();
    };
    const { result } = await verify(scene, await openBot(scene));
    expect(result).toEqual({ status: "opened", key: scene.key.toBase64() });
  });

  it("gets it in a second verification, once the app has it", async () => {
    const scene = await accountWithPhone({}, null);
    const bot = await openBot(scene);
    await verify(scene, bot);
    await scene.phone.keepBackupKey(scene.key);
    expect((await verify(scene, bot)).result).toEqual({ status: "opened", key: scene.key.toBase64() });
  });
});
