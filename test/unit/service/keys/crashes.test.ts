import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BACKUP_KEY, KEY_OWNER } from "../../../support/fakes/key-copies.ts";
import type { CrashTime } from "../../../support/faults/crashing-store.ts";
import { FakeBackups } from "../../../support/keys/fake-backups.ts";
import type { FakeKeyBot } from "../../../support/keys/fake-key-bot.ts";
import { signIn, startFakeKeyBot, storedCopy, typeKey } from "../../../support/keys/fake-key-bot.ts";
import { bytesIn, temporaryFolder } from "../../../support/store/temporary-store.ts";

const MINUTE = 60_000;
const START = new Date("2026-03-01T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface End {
  taken: string[];
  state: string | undefined;
  copied: number | undefined;
  said: string[];
  holdsKey: boolean;
  processes: number;
}

/**
 * A copy that first waits for the new backup. Its process crashes at one write and is started
 * again.
 */
async function copied(crashAt: number, time: CrashTime): Promise<End & { writes: number }> {
  vi.setSystemTime(START);
  const folder = await temporaryFolder();
  const backups = new FakeBackups();
  backups.batchSize = 3;
  backups.newBackup = { kind: "none", isSwitchedOff: false };
  let writes = 0;
  let isCounting = false;
  const crashTimeOf = (): CrashTime => (isCounting && ++writes === crashAt ? time : "none");
  const start = (): FakeKeyBot => startFakeKeyBot({ folder, backups, crashTimeOf });
  let bot = start();
  await signIn(bot, "source");
  await signIn(bot, "target");
  isCounting = true;
  let processes = 1;
  for (let step = 0; step < 12; step += 1) {
    if (step === 6) backups.newBackup = new FakeBackups().newBackup;
    // The inbox repeats a command whose answer was not stored.
    void bot.keys.start().then(() => typeKey(bot));
    for (let second = 0; second < 10 && !bot.hasCrashed(); second += 1) {
      await vi.advanceTimersByTimeAsync(MINUTE / 10);
      await new Promise(setImmediate);
    }
    if (!bot.hasCrashed()) {
      if (step > 6) break;
      await bot.keys.stop();
      await bot.store.close();
    }
    bot = start();
    processes += 1;
  }
  isCounting = false;
  const copy = await storedCopy(bot);
  const facts = await bot.store.store.keyCopies.copied(KEY_OWNER);
  const said = (await bot.said())
    .map(({ key }) => key.replace(/ \d{6,}$/u, ""))
    .filter((key) => !key.includes("progress"));
  await bot.keys.stop();
  await bot.store.close();
  const holdsKey = bytesIn(folder).includes(BACKUP_KEY);
  return {
    taken: backups.taken,
    state: copy?.state,
    copied: facts?.copied,
    said,
    holdsKey,
    processes,
    writes,
  };
}

describe("a copy of keys whose process is killed and started again", () => {
  it.each<CrashTime>(["before", "after"])(
    "reaches the same end, sends no key twice and says nothing twice, killed just %s any write",
    async (time) => {
      const whole = await copied(0, "none");
      expect(whole).toMatchObject({ state: "done", copied: 5, holdsKey: false });
      expect(whole.said).toHaveLength(2);
      expect(whole.writes).toBeGreaterThan(8);
      for (let at = 1; at <= whole.writes; at += 1) {
        const end = await copied(at, time);
        expect({ at, ...end, processes: 0, writes: 0 }).toEqual({ at, ...whole, processes: 0, writes: 0 });
      }
    },
  );
});
