import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configureStore, UserId } from "../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import type { SmallDisk } from "../../../support/faults/small-disk.ts";
import { mountSmallDisk } from "../../../support/faults/small-disk.ts";
import { CryptoDevice } from "../../../support/overrides/crypto-device.ts";
import { KeyServer } from "../../../support/overrides/key-server.ts";

const BOT = "@bot:example.org";

let disk: SmallDisk;
let server: KeyServer;
let bot: CryptoDevice;
let user: CryptoDevice;

beforeAll(async () => {
  disk = await mountSmallDisk(3);
  configureStore({ key: new Uint8Array(32).fill(1) });
  server = new KeyServer();
  bot = await CryptoDevice.open(BOT, "BOT", server, join(disk.path, "store"));
  await bot.sendAll();
  user = await CryptoDevice.open("@user:example.org", "NEW", server);
  await user.sendAll();
});

afterAll(async () => {
  await bot.machine.close();
  await disk.remove();
});

test("a room key that a full disk could not take is taken when there is room, without a restart", async () => {
  const event = await user.encrypt("hello", [BOT]);
  const inbox = JSON.stringify(server.takeInbox(BOT, "BOT"));
  const arrived: string[] = [];
  bot.machine.onRoomKeys((keys) => void arrived.push(...keys.map((key) => key.roomId)));
  disk.fill();
  for (const _try of ["first", "second"]) {
    await expect(bot.receive(inbox)).rejects.toThrow(/crypto store/);
    expect(bot.machine.isSaving).toBe(false);
    await expect(bot.decrypt(event)).rejects.toThrow();
  }
  disk.clear();
  arrived.length = 0;
  await bot.receive(inbox);
  expect(bot.machine.isSaving).toBe(true);
  expect(await bot.decrypt(event)).toBe("hello");
  expect(arrived).toEqual(["!room:example.org"]);
});

test("a message that a full disk could not take is encrypted when there is room", async () => {
  const first = await bot.encrypt("one", ["@user:example.org"]);
  await user.sync();
  disk.fill();
  await expect(bot.encrypt("two", ["@user:example.org"])).rejects.toThrow();
  await expect(bot.encrypt("two", ["@user:example.org"])).rejects.toThrow();
  disk.clear();
  const second = await bot.encrypt("two", ["@user:example.org"]);
  await user.sync();
  expect([await user.decrypt(first), await user.decrypt(second)]).toEqual(["one", "two"]);
});

test("a user ID that the library does not accept costs that user alone", async () => {
  await bot.machine.updateTrackedUsers([new UserId("no user"), new UserId("@third:example.org")]);
  await expect(bot.machine.getMissingSessions([new UserId("@x")])).resolves.toBeNull();
});
