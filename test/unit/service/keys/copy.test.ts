import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeyCopyRequest, KeyCopyResult } from "../../../../src/platforms/keys.ts";
import { UnreadableAccountError } from "../../../../src/platforms/reading.ts";
import { BACKUP_KEY, KEY_OWNER, NEW_USER, OLD_USER } from "../../../support/fakes/key-copies.ts";
import { FakeBackups } from "../../../support/keys/fake-backups.ts";
import type { FakeKeyBot } from "../../../support/keys/fake-key-bot.ts";
import {
  askForEmoji,
  pass,
  restarted,
  signIn,
  startFakeKeyBot,
  startedSignedIn,
  storedCopy,
  typeKey,
} from "../../../support/keys/fake-key-bot.ts";
import { bytesIn, temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let bot: FakeKeyBot;
let folder: string;
let backups: FakeBackups;
let isPermitted: boolean;

const start = (): FakeKeyBot => startFakeKeyBot({ folder, backups, isPermitted: () => isPermitted });

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  backups = new FakeBackups();
  isPermitted = true;
  bot = await startedSignedIn(start);
});
afterEach(async () => {
  await bot.keys.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function restart(): Promise<void> {
  bot = await restarted(bot, start);
}

/** The texts of the messages since the last call, without progress. */
async function news(): Promise<string[]> {
  const said = await bot.said();
  return said.filter(({ key }) => !key.includes("progress")).map(({ text }) => text);
}

const all = ["session 0", "session 1", "session 2", "session 3", "session 4"];
const noBackup = { kind: "none", isSwitchedOff: false } as const;

describe("a copy that a recovery key opens", () => {
  it("brings every key, says so once in a message that notifies, and keeps nothing that opens", async () => {
    expect(await typeKey(bot)).toMatchObject({ status: "started", by: "recovery_key", replaced: null });
    await pass();
    expect(backups.taken).toEqual(all);
    const said = (await bot.said()).filter(({ isAlert }) => isAlert);
    expect(said.map(({ key }) => key)).toEqual(["keys 1 end"]);
    expect(said[0]?.text).toMatch(/has 5 keys.*\n\n- 5 copied/su);
    expect(await storedCopy(bot)).toMatchObject({ state: "done", openedUntil: null });
    expect(await bot.store.store.keyCopies.copied(KEY_OWNER)).toMatchObject({
      ...{ source: OLD_USER, target: NEW_USER, expected: 5, copied: 5, alreadyThere: 0, unusable: 0 },
      ...{ to: { version: "7" }, from: { version: "1" } },
    });
    expect(bytesIn(folder)).not.toContain(BACKUP_KEY);
  });

  it("names what was there already, and keys that nobody can use by room", async () => {
    backups.present.add("session 0");
    backups.unusable = new Set(["session 1", "session 3"]);
    await typeKey(bot);
    await pass();
    const [end] = await news();
    expect(end).toContain("- 2 copied");
    expect(end).toContain("- 1 in the key backup of your new account before");
    expect(end).toContain("- 2 that no app can use");
    expect(end).toContain("- !room1:old.example: 2");
    expect(await bot.store.store.keyCopies.unusable(KEY_OWNER)).toEqual(new Map([["!room1:old.example", 2]]));
  });

  it("begins once, although a crash repeats its message", async () => {
    await typeKey(bot);
    await pass();
    expect(await typeKey(bot)).toMatchObject({ status: "started", copy: { state: "done" } });
    await pass();
    expect(await news()).toHaveLength(1);
  });

  it("does not begin with a wrong recovery key, a server that is away or a missing account", async () => {
    expect(await typeKey(bot, "$1", "EsWrong")).toMatchObject({ status: "refused" });
    backups.onLook = (account) => {
      throw new UnreadableAccountError(account, {
        code: "unreachable",
        reason: "reset",
        host: "old.example",
      });
    };
    expect(await typeKey(bot, "$2")).toMatchObject({ status: "not_read", account: { userId: OLD_USER } });
    backups.onLook = () => undefined;
    await bot.store.store.accounts.remove(KEY_OWNER, "target");
    expect(await typeKey(bot, "$3")).toEqual({ status: "not_signed_in", missing: ["target"] });
    expect(await storedCopy(bot)).toBeNull();
  });

  it("does not begin if an account is signed out while the backup is opened", async () => {
    backups.onOpen = () => {
      void bot.store.store.accounts.remove(KEY_OWNER, "source");
      return null;
    };
    expect(await typeKey(bot)).toMatchObject({ status: "not_signed_in" });
  });

  it("goes on after a restart in the middle, and sends no key twice", async () => {
    backups.onBatch = () => (backups.taken.length >= 2 ? NEVER : null);
    await typeKey(bot);
    await pass();
    expect(backups.taken).toHaveLength(2);
    backups.onBatch = () => null;
    await restart();
    await pass();
    expect(backups.taken).toEqual(all);
    const [end] = await news();
    expect(end).toContain("- 5 copied");
    expect(end).toContain("I was restarted in between");
  });

  it("starts over with a backup that replaced the first while the bot was away, once", async () => {
    const other = { kind: "known", count: 0, isSigned: true } as const;
    backups.onBatch = () => (backups.taken.length >= 2 ? NEVER : null);
    await typeKey(bot);
    await pass();
    backups.present.clear();
    backups.newBackup = { ...other, version: "8", publicKey: "next" };
    backups.onBatch = () => (backups.taken.length >= 4 ? NEVER : null);
    await restart();
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ hasStartedOver: true, to: { version: "8" } });
    backups.newBackup = { ...other, version: "9", publicKey: "third" };
    await restart();
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ state: "stopped", reason: { code: "changed_again" } });
    expect(await news()).toEqual([expect.stringContaining("was replaced twice")]);
  });
});

describe("while a copy is under way", () => {
  it("another command begins nothing, and says so", async () => {
    backups.onBatch = untilAborted;
    await typeKey(bot);
    await pass();
    expect(await typeKey(bot, "$again")).toMatchObject({ status: "busy" });
    expect(await askForEmoji(bot, "$emoji")).toMatchObject({ status: "busy" });
  });

  it("!cancel keys ends it at once and erases what opens the backup", async () => {
    backups.onBatch = untilAborted;
    await typeKey(bot);
    await pass();
    expect(await bot.keys.cancel(KEY_OWNER)).toMatchObject({ state: "cancelled" });
    expect(await bot.keys.cancel(KEY_OWNER)).toBeNull();
    await pass(HOUR);
    expect(backups.taken).toEqual([]);
    expect(await bot.store.store.keyCopies.secret(1)).toBeNull();
  });

  it("a person who may no longer use the bot gets no more keys copied", async () => {
    backups.newBackup = noBackup;
    await typeKey(bot);
    await pass();
    isPermitted = false;
    backups.newBackup = new FakeBackups().newBackup;
    await pass(HOUR);
    expect(await storedCopy(bot)).toMatchObject({ state: "cancelled", openedUntil: null });
    expect(backups.taken).toEqual([]);
  });

  it("a failure of the bot itself is tried again", async () => {
    const results: (KeyCopyResult | null)[] = [null];
    backups.onBatch = () => {
      if (results.pop() === null) throw new Error("a bug");
      return null;
    };
    await typeKey(bot);
    await pass(MINUTE);
    expect(backups.taken).toEqual(all);
  });

  it("a failure of the bot itself that stays ends the copy with words, and erases what opens it", async () => {
    let tries = 0;
    backups.onBatch = () => {
      tries += 1;
      throw new Error("a bug");
    };
    await typeKey(bot);
    await pass(2 * HOUR);
    expect(tries).toBe(5);
    expect(await storedCopy(bot)).toMatchObject({
      ...{ state: "stopped", reason: { code: "bot_failed" }, openedUntil: null },
    });
    expect(await news()).toEqual([expect.stringContaining("Something went wrong on my side several times")]);
  });

  it("a stop of the process ends within the requests under way", async () => {
    backups.onBatch = untilAborted;
    await typeKey(bot);
    await pass();
    await bot.keys.stop();
    expect(await storedCopy(bot)).toMatchObject({ state: "running" });
  });
});

describe("a copy ends with words", () => {
  it.each<{ result: KeyCopyResult; text: string; state: string }>([
    {
      ...{ result: { status: "source_changed" }, state: "stopped" },
      text: "The key backup of your old account was replaced after I had opened it.",
    },
    {
      result: { status: "stopped", reason: "changed_again", text: "" },
      ...{ text: "was replaced twice while I worked", state: "stopped" },
    },
    {
      result: { status: "stopped", reason: "batch_refused", text: "No more." },
      ...{ text: "refuses to store keys", state: "stopped" },
    },
    {
      result: {
        ...{ status: "refused", side: "target" },
        refusal: { code: "server_refused", status: 403, errcode: "M_FORBIDDEN", text: "Go away." },
      },
      ...{ text: "The server of your new account refused.", state: "stopped" },
    },
  ])("$state: $text", async ({ result, text, state }) => {
    backups.onBatch = () => result;
    await typeKey(bot);
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ state, openedUntil: null });
    expect(await news()).toEqual([expect.stringContaining(text)]);
    expect(await bot.store.store.keyCopies.secret(1)).toBeNull();
  });
});

describe("a server that is away", () => {
  it.each<{ result: KeyCopyResult; firstMs: number }>([
    { result: { status: "wait", side: "source", waitingFor: "server", waitMs: null }, firstMs: 15 * SECOND },
    { result: { status: "wait", side: "target", waitingFor: "limit", waitMs: 90_000 }, firstMs: 90 * SECOND },
  ])("is waited for in $result.waitingFor for $firstMs ms", async ({ result, firstMs }) => {
    const calls: number[] = [];
    backups.onBatch = () => {
      calls.push(Date.now());
      return calls.length === 1 ? result : null;
    };
    await typeKey(bot);
    await pass(firstMs - SECOND);
    expect(await storedCopy(bot)).toMatchObject({ state: "waiting_for_server" });
    await pass(2 * SECOND);
    expect(backups.taken).toEqual(all);
    expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBe(firstMs);
  });

  it("is asked seldom after a while, also when the backup is looked at", async () => {
    let calls = 0;
    backups.onLook = (account) => {
      if (account.side === "source") return;
      calls += 1;
      throw new UnreadableAccountError(account, { code: "server_trouble", status: 502, retryAfterMs: null });
    };
    await typeKey(bot);
    await pass(10 * HOUR);
    expect(calls).toBeGreaterThan(20);
    expect(calls).toBeLessThan(35);
    expect(await news()).toEqual([]);
    backups.onLook = () => undefined;
    await pass(HOUR);
    expect(backups.taken).toEqual(all);
  });

  it("for a day costs the key: it is erased and asked for again, and the next copy goes on", async () => {
    backups.onBatch = () =>
      backups.taken.length < 2
        ? null
        : { status: "wait", side: "target", waitingFor: "server", waitMs: null };
    await typeKey(bot);
    await pass(24 * HOUR + MINUTE);
    expect(await storedCopy(bot)).toMatchObject({ state: "needs_key", reason: { code: "expired" } });
    expect(await bot.store.store.keyCopies.secret(1)).toBeNull();
    expect(await news()).toEqual([expect.stringContaining("at most 24 hours, and have erased it")]);
    backups.onBatch = () => null;
    await restart();
    await pass(HOUR);
    expect(await news()).toEqual([]);
    expect(await typeKey(bot, "$again")).toMatchObject({
      status: "started",
      replaced: { state: "needs_key" },
    });
    await pass();
    expect(backups.taken).toEqual(all);
  });
});

describe("an account that its owner must put right", () => {
  const ended: KeyCopyResult = { status: "refused", side: "target", refusal: { code: "session_ended" } };

  it("is named, and after a sign-in the copy goes on", async () => {
    backups.onBatch = () => (backups.taken.length < 2 ? null : ended);
    await typeKey(bot);
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ state: "needs_you" });
    expect(await news()).toEqual([
      expect.stringMatching(/new account @me:new.example has ended\. Please sign in again: !login new/u),
    ]);
    await restart();
    await pass(HOUR);
    expect(await news()).toEqual([]);
    backups.onBatch = () => null;
    await bot.keys.whileHeld(KEY_OWNER, "target", () => signIn(bot, "target"));
    await pass();
    expect(backups.taken).toEqual(all);
  });

  it("is not mistaken for one whose session is being replaced", async () => {
    backups.onBatch = ({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => setTimeout(() => resolve(ended), SECOND)),
      );
    await typeKey(bot);
    await pass();
    const held = bot.keys.whileHeld(KEY_OWNER, "target", async () => {
      backups.onBatch = () => null;
      await signIn(bot, "target");
    });
    await pass();
    await held;
    await pass();
    expect(backups.taken).toEqual(all);
    expect(await news()).toHaveLength(1);
  });

  it.each([
    { what: "another sign-in to the old account", change: () => signIn(bot, "source"), state: "needs_key" },
    {
      what: "another new account",
      change: () => signIn(bot, "target", "@other:new.example"),
      state: "cancelled",
    },
    {
      what: "a sign-out",
      change: () => bot.store.store.accounts.remove(KEY_OWNER, "source"),
      state: "cancelled",
    },
  ])("$what erases the key, and the person gets a message", async ({ change, state }) => {
    backups.newBackup = noBackup;
    await typeKey(bot);
    await pass();
    await news();
    await bot.keys.whileHeld(KEY_OWNER, "source", change);
    expect(await storedCopy(bot)).toMatchObject({ state, openedUntil: null });
    expect(await news()).toEqual([
      expect.stringMatching(/have erased what opened (?:its key backup|the keys)/u),
    ]);
    await pass(HOUR);
    expect(await news()).toEqual([]);
  });
});

/** A server that does not answer until the request is aborted. */
function untilAborted({ signal }: KeyCopyRequest): Promise<KeyCopyResult> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ status: "aborted" })));
}

const NEVER = new Promise<never>(() => {});
