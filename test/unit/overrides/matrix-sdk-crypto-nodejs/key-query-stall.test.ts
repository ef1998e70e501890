import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  DeviceLists,
  RequestType,
  UserId,
} from "../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { CryptoDevice } from "../../../support/overrides/crypto-device.ts";
import { KeyServer } from "../../../support/overrides/key-server.ts";

const BOT = "@bot:example.org";
const USER = "@user:example.org";

let bot: CryptoDevice;

beforeEach(async () => {
  const server = new KeyServer();
  bot = await CryptoDevice.open(BOT, "BOT", server);
  await bot.sendAll();
  await (await CryptoDevice.open(USER, "USER", server)).sendAll();
  // The library waits by a timer. This clock is stopped, so a wait never ends.
  vi.useFakeTimers({ toFake: ["setTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("users whose devices are still being asked for", () => {
  test("are left out of the search for missing sessions, which would wait for the answer", async () => {
    const users = [new UserId(USER)];
    await bot.machine.updateTrackedUsers(users);
    expect(await bot.machine.getMissingSessions(users)).toBeNull();

    await bot.sendAll();
    const claim = await bot.machine.getMissingSessions(users);
    expect(claim?.type).toBe(RequestType.KeysClaim);
    expect(JSON.parse(claim?.body ?? "")).toMatchObject({
      one_time_keys: { [USER]: { USER: "signed_curve25519" } },
    });
  });

  test("are left out again after their devices changed, and others are not", async () => {
    const users = [new UserId(USER), new UserId(BOT)];
    await bot.machine.updateTrackedUsers(users);
    await bot.sendAll();
    await bot.machine.receiveSyncChanges(
      "[]",
      new DeviceLists([new UserId(BOT)]),
      { signed_curve25519: 50 },
      [],
    );
    const claim = await bot.machine.getMissingSessions(users);
    expect(Object.keys(JSON.parse(claim?.body ?? "").one_time_keys)).toEqual([USER]);
  });
});
