import { join } from "node:path";
import { expect, test } from "vitest";
import { configureStore, UserId } from "../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { CryptoDevice } from "../../../support/overrides/crypto-device.ts";
import { KeyServer } from "../../../support/overrides/key-server.ts";
import { smallDisk } from "../../../support/store/small-disk.ts";

const BOT = "@bot:example.org";
const USER = "@user:example.org";

test("a write that a full disk refused succeeds when there is room, without a restart", async () => {
  const disk = smallDisk("3m");
  configureStore({ key: new Uint8Array(32).fill(1) });
  const server = new KeyServer();
  const bot = await CryptoDevice.open(BOT, "BOT", server, join(disk.folder, "store"));
  await bot.sendAll();
  const user = await CryptoDevice.open(USER, "NEW", server);
  await user.sendAll();

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
  disk.free();
  arrived.length = 0;
  await bot.receive(inbox);
  expect(bot.machine.isSaving).toBe(true);
  expect(await bot.decrypt(event)).toBe("hello");
  expect(arrived).toEqual(["!room:example.org"]);

  const first = await bot.encrypt("one", [USER]);
  await user.sync();
  disk.fill();
  for (const _try of ["first", "second"]) await expect(bot.encrypt("two", [USER])).rejects.toThrow();
  disk.free();
  const second = await bot.encrypt("two", [USER]);
  await user.sync();
  expect([await user.decrypt(first), await user.decrypt(second)]).toEqual(["one", "two"]);
  await bot.machine.close();
});

test("a user ID that the library does not accept affects only that user", async () => {
  const bot = await CryptoDevice.open(BOT, "BOT", new KeyServer());
  await bot.machine.updateTrackedUsers([new UserId("no user"), new UserId("@third:example.org")]);
  await expect(bot.machine.getMissingSessions([new UserId("@x")])).resolves.toBeNull();
});
