import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EmojiFailure } from "../../../../src/platforms/keys.ts";
import { UnreadableAccountError } from "../../../../src/platforms/reading.ts";
import { BACKUP_KEY, KEY_OWNER, OLD_USER, newKeyCopy } from "../../../support/fakes/key-copies.ts";
import { FakeBackups, RIGHT_KEY } from "../../../support/keys/fake-backups.ts";
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
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

let bot: FakeKeyBot;
let backups: FakeBackups;
let start: () => FakeKeyBot;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const folder = await temporaryFolder();
  backups = new FakeBackups();
  start = () => startFakeKeyBot({ folder, backups });
  bot = await startedSignedIn(start);
});
afterEach(async () => {
  await bot.keys.stop();
  await bot.store.close();
  vi.useRealTimers();
});

/** The keys of the messages, and whether they notify. */
async function said(): Promise<string[]> {
  const all = await bot.said();
  return all
    .filter(({ key }) => !key.includes("progress"))
    .map(({ key, isAlert }) => (isAlert ? `${key} (alert)` : key));
}

async function texts(): Promise<string[]> {
  return (await bot.said()).map(({ text }) => text);
}

const seven = ["🐶 Dog", "🔑 Key", "🍎 Apple", "🎺 Trumpet", "⏰ Clock", "🦄 Unicorn", "✈️ Aeroplane"].map(
  (each) => {
    const [symbol = "", name = ""] = each.split(" ");
    return { symbol, name };
  },
);
const opened = {
  status: "opened",
  opened: { version: "1", publicKey: "old public key", key: BACKUP_KEY },
} as const;

describe("a copy that emoji open", () => {
  it("asks the person, takes the answer, and copies by itself", async () => {
    expect(await askForEmoji(bot)).toMatchObject({
      status: "started",
      by: "emoji",
      copy: { state: "verifying" },
    });
    backups.verification.listener.onEmoji(seven);
    await pass();
    const [question] = await texts();
    expect(question).toContain("- 🐶 Dog\n- 🔑 Key");
    expect(bot.keys.answerEmoji(KEY_OWNER, 1, true)).toBe(true);
    expect(backups.verification.answers).toEqual([true]);
    backups.verification.end(opened);
    await pass();
    expect(backups.taken).toHaveLength(5);
    expect(await said()).toEqual(["keys 1 opened", "keys 1 end (alert)"]);
    expect(await storedCopy(bot)).toMatchObject({ state: "done", openedUntil: null });
  });

  it("is answered for its own verification only", async () => {
    await askForEmoji(bot);
    expect(bot.keys.answerEmoji(KEY_OWNER, 2, true)).toBe(false);
    expect(bot.keys.answerEmoji("@other:x.org", 1, true)).toBe(false);
    expect(bot.keys.answerEmoji(KEY_OWNER, 1, false)).toBe(true);
    expect(backups.verification.answers).toEqual([false]);
  });

  it.each<{ failure: EmojiFailure; text: string }>([
    { failure: "refused", text: "ended the verification" },
    { failure: "mismatch", text: "The emoji are different" },
    { failure: "timed_out", text: "Nobody answered the verification in time" },
    { failure: "no_other_device", text: "has no other device" },
    { failure: "no_cross_signing", text: "cross-signing" },
    { failure: "pasted_token", text: "access token" },
    { failure: "no_key_received", text: "none of your devices gave me the key" },
    { failure: "stale_backup_key", text: "belongs to an older backup" },
    { failure: "session_keys_lost", text: "other encryption keys of my session" },
    { failure: "no_backup", text: "no key backup" },
    { failure: "unknown_algorithm", text: "a kind that I don't know" },
  ])("fails with words, and a second try works: $failure", async ({ failure, text }) => {
    await askForEmoji(bot);
    backups.verification.end({ status: "failed", code: failure });
    await pass();
    expect(await storedCopy(bot)).toMatchObject({
      state: "stopped",
      reason: { code: "not_opened", failure },
    });
    const [message] = await bot.said();
    expect(message).toMatchObject({ isAlert: true, text: expect.stringContaining(text) as string });
    await askForEmoji(bot, "$second");
    backups.verification.end(opened);
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ state: "done" });
  });

  it("ends with words if the server is away", async () => {
    await askForEmoji(bot);
    const account = await bot.store.store.accounts.get(KEY_OWNER, "source");
    if (account === null) throw new Error("no account");
    const refusal = { code: "server_trouble", status: 502, retryAfterMs: null } as const;
    backups.verification.fail(new UnreadableAccountError(account, refusal));
    await pass();
    expect(await texts()).toEqual([expect.stringContaining("does not answer, or refuses")]);
  });

  it("is over after a restart, which one message says, and a second try works", async () => {
    await askForEmoji(bot);
    bot = await restarted(bot, start);
    expect(await texts()).toEqual([expect.stringContaining("I was restarted during the verification")]);
    bot = await restarted(bot, start);
    expect(await texts()).toEqual([]);
    // A crash repeats the command itself.
    expect(await askForEmoji(bot)).toMatchObject({ status: "started", copy: { state: "stopped" } });
    expect(backups.verifications).toHaveLength(1);
    await askForEmoji(bot, "$second");
    backups.verification.end(opened);
    await pass();
    expect(backups.taken).toHaveLength(5);
  });

  it("ends with !cancel keys, with another try, and with a typed key", async () => {
    await askForEmoji(bot);
    await bot.keys.cancel(KEY_OWNER);
    expect(backups.verification.signal.aborted).toBe(true);
    await askForEmoji(bot, "$second");
    expect(await askForEmoji(bot, "$third")).toMatchObject({ replaced: { id: 2, state: "verifying" } });
    expect(backups.verifications[1]?.signal.aborted).toBe(true);
    expect(await typeKey(bot, "$fourth")).toMatchObject({ replaced: { id: 3 } });
    expect(backups.verifications[2]?.signal.aborted).toBe(true);
    await pass();
    expect(await said()).toEqual(["keys 4 end (alert)"]);
  });

  it("ends when the session that is verified is replaced or signed out", async () => {
    await askForEmoji(bot);
    await bot.keys.whileHeld(KEY_OWNER, "target", () => signIn(bot, "target"));
    expect(backups.verification.signal.aborted).toBe(false);
    await bot.keys.whileHeld(KEY_OWNER, "source", () => signIn(bot, "source"));
    expect(backups.verification.signal.aborted).toBe(true);
    expect(await storedCopy(bot)).toMatchObject({ state: "cancelled", reason: { code: "abandoned" } });
    expect(await said()).toEqual(["keys 1 end"]);
  });

  it("ends when the new account is signed out", async () => {
    await askForEmoji(bot);
    const { accounts } = bot.store.store;
    await bot.keys.whileHeld(KEY_OWNER, "target", () => accounts.remove(KEY_OWNER, "target"));
    expect(backups.verification.signal.aborted).toBe(true);
    expect(await storedCopy(bot)).toMatchObject({ state: "cancelled", reason: { code: "abandoned" } });
    expect(await said()).toEqual(["keys 1 end"]);
  });

  it("says nothing of a failure after it was ended", async () => {
    await askForEmoji(bot);
    await bot.store.store.keyCopies.apply(1, "cancelled");
    backups.verification.end({ status: "failed", code: "timed_out" });
    await pass();
    expect(await said()).toEqual([]);
  });

  it("begins only where it can work", async () => {
    backups.noEmoji = "no_cross_signing";
    expect(await askForEmoji(bot)).toMatchObject({ status: "no_emoji", reason: "no_cross_signing" });
    backups.noEmoji = null;
    backups.oldBackup = { kind: "none", isSwitchedOff: true };
    expect(await askForEmoji(bot)).toEqual({ status: "no_backup", backup: backups.oldBackup });
    backups.onLook = (account) => {
      throw new UnreadableAccountError(account, { code: "session_ended" });
    };
    expect(await askForEmoji(bot)).toMatchObject({ status: "not_read", account: { userId: OLD_USER } });
    expect(backups.verifications).toEqual([]);
    expect(await storedCopy(bot)).toBeNull();
  });

  it("copies nothing if it was ended while the other device handed out the key", async () => {
    await askForEmoji(bot);
    await bot.store.store.keyCopies.apply(1, "cancelled");
    backups.verification.end(opened);
    await pass();
    expect(backups.taken).toEqual([]);
    expect(await storedCopy(bot)).toMatchObject({ state: "cancelled", openedUntil: null });
  });
});

describe("an export that opens the backup", () => {
  it("seals what its caller needs with the opened backup", async () => {
    await bot.store.store.accounts.remove(KEY_OWNER, "target");
    const result = await bot.keys.opening.byTyping(
      {
        ...{ owner: KEY_OWNER, purpose: "export", address: newKeyCopy().address },
        secretOf: (backup) => ({ ...backup, passphrase: "of the file" }),
      },
      { kind: "phrase", text: RIGHT_KEY },
    );
    expect(result).toMatchObject({ status: "started", copy: { purpose: "export", target: null } });
    expect(await bot.store.store.keyCopies.secret(1)).toMatchObject({
      ...{ key: BACKUP_KEY, passphrase: "of the file" },
    });
  });
});
