import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeyBackup } from "../../../../src/model/key-backup.ts";
import { UnreadableAccountError } from "../../../../src/platforms/reading.ts";
import { pauseBeforeLook } from "../../../../src/service/keys/pauses.ts";
import { KEY_OWNER } from "../../../support/fakes/key-copies.ts";
import { FakeBackups } from "../../../support/keys/fake-backups.ts";
import type { FakeKeyBot } from "../../../support/keys/fake-key-bot.ts";
import {
  pass,
  restarted,
  startFakeKeyBot,
  startedSignedIn,
  storedCopy,
  typeKey,
} from "../../../support/keys/fake-key-bot.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let bot: FakeKeyBot;
let folder: string;
let backups: FakeBackups;
const start = (): FakeKeyBot => startFakeKeyBot({ folder, backups });
const ready = { kind: "known", version: "7", publicKey: "new public key", count: 0, isSigned: true } as const;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  backups = new FakeBackups();
  backups.newBackup = { kind: "none", isSwitchedOff: false };
  bot = await startedSignedIn(start);
});
afterEach(async () => {
  await bot.keys.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function news(): Promise<string[]> {
  const said = await bot.said();
  return said.filter(({ isAlert }) => isAlert).map(({ text }) => text);
}

/** The pauses between looks, in seconds. */
function pausesIn(looks: readonly number[]): number[] {
  return looks.slice(1).map((at, index) => (at - (looks[index] ?? 0)) / SECOND);
}

describe("a copy whose new account has no backup that may be written to", () => {
  it.each<{ backup: KeyBackup; code: string; text: string }>([
    {
      backup: { kind: "none", isSwitchedOff: false },
      ...{ code: "none", text: "sign in once with Element on your new account" },
    },
    { backup: { kind: "none", isSwitchedOff: true }, code: "switched_off", text: "switch it on in Element" },
    {
      backup: { kind: "known", version: "1", publicKey: "p", count: 0, isSigned: false },
      ...{ code: "unsigned", text: "verify that session, and reset its key storage" },
    },
    {
      backup: { kind: "known", version: "1", publicKey: "p", count: 0, isSigned: null },
      ...{ code: "unsigned", text: "not signed by your account's keys, so I write nothing to it" },
    },
    {
      backup: { kind: "unknown_algorithm", algorithm: "m.new" },
      code: "unknown_algorithm",
      text: "don't know",
    },
  ])("waits and says what to do: $code", async ({ backup, code, text }) => {
    backups.newBackup = backup;
    await typeKey(bot);
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ state: "waiting_for_backup", reason: { code } });
    expect(await news()).toEqual([expect.stringContaining(text)]);
    await pass(HOUR / 2);
    expect(backups.taken).toEqual([]);
    expect(await news()).toEqual([]);
    backups.newBackup = ready;
    await pass(MINUTE);
    expect(await storedCopy(bot)).toMatchObject({ state: "done" });
    expect(backups.taken).toHaveLength(5);
  });

  it("looks every 30 seconds for an hour, then every 5 minutes, and stops with words after a day", async () => {
    await typeKey(bot);
    await pass(HOUR - MINUTE);
    for (const seconds of pausesIn(backups.looks)) {
      expect(seconds).toBeGreaterThanOrEqual(27);
      expect(seconds).toBeLessThanOrEqual(34);
    }
    await pass(2 * MINUTE);
    backups.looks.length = 0;
    await pass(22 * HOUR);
    for (const seconds of pausesIn(backups.looks)) {
      expect(seconds).toBeGreaterThanOrEqual(270);
      expect(seconds).toBeLessThanOrEqual(331);
    }
    expect(await storedCopy(bot)).toMatchObject({ state: "waiting_for_backup" });
    await news();
    await pass(2 * HOUR);
    expect(await storedCopy(bot)).toMatchObject({ state: "stopped", reason: { code: "waited_enough" } });
    expect(await bot.store.store.keyCopies.secret(1)).toBeNull();
    expect(await news()).toEqual([expect.stringContaining("so I stop waiting")]);
    backups.looks.length = 0;
    await pass(HOUR);
    expect(backups.looks).toEqual([]);
  });

  it.each([
    { waitedMs: 0, random: 0, pauseMs: 27_000 },
    { waitedMs: HOUR - 1, random: 1, pauseMs: 33_000 },
    { waitedMs: HOUR, random: 0.5, pauseMs: 300_000 },
    { waitedMs: HOUR, random: 1, pauseMs: 330_000 },
  ])("looks again after $pauseMs ms, $waitedMs ms after the first look", ({ waitedMs, random, pauseMs }) => {
    expect(pauseBeforeLook(waitedMs, random)).toBe(pauseMs);
  });

  it("goes on by itself after a restart, and says nothing twice", async () => {
    await typeKey(bot);
    await pass();
    expect(await news()).toHaveLength(1);
    bot = await restarted(bot, start);
    await pass(10 * MINUTE);
    expect(await news()).toEqual([]);
    backups.newBackup = ready;
    bot = await restarted(bot, start);
    await pass(MINUTE);
    expect(backups.taken).toHaveLength(5);
    expect(await news()).toHaveLength(1);
  });

  it("erases what opens the old backup at the next start if the day ended while the bot was off", async () => {
    await typeKey(bot);
    await pass();
    await news();
    bot.kill();
    vi.setSystemTime(Date.now() + 25 * HOUR);
    bot = start();
    await bot.keys.start();
    expect(await storedCopy(bot)).toMatchObject({ state: "stopped", openedUntil: null });
    expect(await news()).toEqual([expect.stringContaining("I stop waiting")]);
  });

  it("says it when the reason changes", async () => {
    await typeKey(bot);
    await pass();
    await news();
    backups.newBackup = { kind: "known", version: "1", publicKey: "p", count: 0, isSigned: false };
    await pass(MINUTE);
    expect(await news()).toEqual([expect.stringContaining("not signed by your account's keys")]);
  });

  it("prolongs its pauses while the server does not answer, and keeps its reason", async () => {
    await typeKey(bot);
    await pass();
    await news();
    let looks = 0;
    backups.onLook = (account) => {
      looks += 1;
      throw new UnreadableAccountError(account, { code: "limited", retryAfterMs: 20 * MINUTE });
    };
    await pass(2 * HOUR);
    expect(looks).toBeLessThan(8);
    expect(await storedCopy(bot)).toMatchObject({ state: "waiting_for_backup", reason: { code: "none" } });
    backups.onLook = () => undefined;
    backups.newBackup = ready;
    await pass(HOUR);
    expect(backups.taken).toHaveLength(5);
  });

  it("goes back to waiting if the backup goes away in the middle, and sends everything to the next one", async () => {
    backups.newBackup = ready;
    backups.onBatch = () => {
      if (backups.taken.length !== 2) return null;
      backups.newBackup = { kind: "none", isSwitchedOff: false };
      backups.present.clear();
      return { status: "no_target_backup", reason: "none" };
    };
    await typeKey(bot);
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ state: "waiting_for_backup", to: null, done: 0 });
    backups.onBatch = () => null;
    backups.newBackup = { ...ready, version: "9" };
    await pass(MINUTE);
    expect(backups.taken).toHaveLength(7);
    expect(await storedCopy(bot)).toMatchObject({
      state: "done",
      hasStartedOver: false,
      to: { version: "9" },
    });
  });

  it("is replaced by a new copy, whose answer can say so", async () => {
    await typeKey(bot);
    await pass();
    expect(await typeKey(bot, "$again")).toMatchObject({
      status: "started",
      replaced: { id: 1, state: "waiting_for_backup" },
    });
    expect(await bot.store.store.keyCopies.secret(1)).toBeNull();
    expect(await bot.keys.cancel(KEY_OWNER)).toMatchObject({ id: 2, state: "cancelled" });
  });
});
