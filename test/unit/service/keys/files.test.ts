import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ImportResult } from "../../../../src/service/keys/results.ts";
import { exportSecretOf } from "../../../../src/service/keys/secrets.ts";
import { BACKUP_KEY, KEY_OWNER, newKeyCopy } from "../../../support/fakes/key-copies.ts";
import { FakeBackups, RIGHT_KEY, RIGHT_PASSPHRASE } from "../../../support/keys/fake-backups.ts";
import type { FakeKeyBot } from "../../../support/keys/fake-key-bot.ts";
import {
  askForEmoji,
  pass,
  restarted,
  startFakeKeyBot,
  startedSignedIn,
  storedCopy,
} from "../../../support/keys/fake-key-bot.ts";
import { bytesIn, temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const { roomId } = newKeyCopy().address;

let bot: FakeKeyBot;
let folder: string;
let backups: FakeBackups;

const start = (): FakeKeyBot => startFakeKeyBot({ folder, backups });

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  backups = new FakeBackups();
  bot = await startedSignedIn(start);
});
afterEach(async () => {
  await bot.keys.stop();
  await bot.store.close();
  vi.useRealTimers();
});

/** The texts of the messages since the last call, without progress. */
async function news(): Promise<string[]> {
  const said = await bot.said();
  return said.filter(({ key }) => !key.includes("progress")).map(({ text }) => text);
}

/** The person sends a file. */
async function sendFile(eventId = "$file"): Promise<void> {
  const { receivedEvents, receivedFiles } = bot.store.store;
  const event = { event_id: eventId, type: "m.room.message", sender: KEY_OWNER, content: {} };
  await receivedEvents.add(roomId, event, Date.now());
  const file = { name: "keys.txt", size: 9, serverName: "x", mediaId: "m", encryption: null };
  await receivedFiles.add({ roomId, sender: KEY_OWNER }, { eventId, file }, Date.now());
  await receivedEvents.finish(eventId, Date.now());
}

/** The person types `!keys import`. */
function typeImport({
  eventId = "$import",
  passphrase = RIGHT_PASSPHRASE,
  inReplyTo = null,
}: { eventId?: string; passphrase?: string; inReplyTo?: string | null } = {}): Promise<ImportResult> {
  const address = { ...newKeyCopy().address, eventId };
  return bot.keys.files.import({ owner: KEY_OWNER, address, inReplyTo, passphrase });
}

/** The person types `!keys export`. */
function typeExport(isPlainAllowed = false) {
  return bot.keys.opening.byTyping(
    {
      ...{ owner: KEY_OWNER, address: newKeyCopy().address, purpose: "export" },
      secretOf: (opened) => exportSecretOf(opened, { passphrase: "export passphrase", isPlainAllowed }),
    },
    { kind: "recovery_key", text: RIGHT_KEY },
  );
}

describe("an import of a key file", () => {
  it("adds its keys to the new backup, and keeps nothing that opens the file", async () => {
    await sendFile();
    backups.badEntries = 2;
    expect(await typeImport()).toMatchObject({ status: "started", keys: 5, badEntries: 2, eventId: "$file" });
    await pass();
    expect(await news()).toEqual([expect.stringContaining("The import of your keys is done.")]);
    expect(backups.taken).toHaveLength(5);
    expect(await storedCopy(bot)).toMatchObject({ state: "done", source: null, openedUntil: null });
    expect(bytesIn(folder)).not.toContain(RIGHT_PASSPHRASE);
  });

  it("needs only the new account", async () => {
    await bot.store.store.accounts.remove(KEY_OWNER, "source");
    await sendFile();
    expect(await typeImport()).toMatchObject({ status: "started" });
    await bot.store.store.accounts.remove(KEY_OWNER, "target");
    expect(await typeImport({ eventId: "$again" })).toEqual({ status: "not_signed_in", missing: ["target"] });
  });

  it("ends a verification by emoji that waits, and says so", async () => {
    await askForEmoji(bot);
    await sendFile();
    expect(await typeImport()).toMatchObject({
      status: "started",
      replaced: { id: 1, state: "verifying" },
    });
    expect(backups.verification.signal.aborted).toBe(true);
    expect(bot.keys.answerEmoji(KEY_OWNER, 1, true)).toBe(false);
  });

  it("takes the file that the command replies to, or the last one within an hour", async () => {
    expect(await typeImport()).toEqual({ status: "no_file", isReply: false });
    await sendFile("$first");
    await pass(SECOND);
    await sendFile("$second");
    expect(await typeImport({ inReplyTo: "$other" })).toEqual({ status: "no_file", isReply: true });
    expect(await typeImport({ inReplyTo: "$first" })).toMatchObject({ eventId: "$first" });
    await pass();
    expect(await typeImport({ eventId: "$later" })).toMatchObject({ eventId: "$second" });
    await pass(HOUR);
    expect(await typeImport({ eventId: "$latest" })).toEqual({ status: "no_file", isReply: false });
  });

  it("with a wrong passphrase stores nothing and leaves the file for a second try", async () => {
    await sendFile();
    expect(await typeImport({ passphrase: "wrong" })).toEqual({
      status: "refused",
      mistake: "wrong_passphrase_or_damaged",
    });
    expect(await storedCopy(bot)).toBeNull();
    expect(await typeImport({ eventId: "$again" })).toMatchObject({ status: "started" });
  });

  it.each(["too_large", "gone", "damaged", "unreachable"] as const)(
    "of a file whose download is %s stores nothing",
    async (status) => {
      await sendFile();
      backups.download = { status };
      expect(await typeImport()).toEqual({ status: "not_downloaded", reason: status });
      expect(await storedCopy(bot)).toBeNull();
    },
  );

  it("of a file without usable keys stores nothing", async () => {
    backups.old.clear();
    backups.badEntries = 3;
    await sendFile();
    expect(await typeImport()).toEqual({ status: "empty", badEntries: 3 });
    expect(await storedCopy(bot)).toBeNull();
  });

  it("that a crash repeated is begun once, and answered as before", async () => {
    await sendFile();
    const first = await typeImport();
    expect(await typeImport()).toEqual(first);
    await pass();
    expect(backups.taken).toHaveLength(5);
  });

  it("waits for the backup of the new account, and goes on after a restart", async () => {
    const there = backups.newBackup;
    backups.newBackup = { kind: "none", isSwitchedOff: false };
    await sendFile();
    await typeImport();
    await pass();
    expect(await news()).toEqual([
      expect.stringMatching(/^Your key file is open\. Your new account has no key/u),
    ]);
    bot = await restarted(bot, start);
    backups.newBackup = there;
    await pass(60 * SECOND);
    expect(backups.taken).toHaveLength(5);
  });

  it("waits for the bot's own server, and ends if the file is gone", async () => {
    const there = backups.newBackup;
    backups.newBackup = { kind: "none", isSwitchedOff: false };
    await sendFile();
    await typeImport();
    await pass();
    await news();
    backups.newBackup = there;
    backups.download = { status: "unreachable" };
    await pass(60 * SECOND);
    expect(await storedCopy(bot)).toMatchObject({ state: "waiting_for_backup" });
    backups.download = { status: "gone" };
    await pass(60 * SECOND);
    expect(await storedCopy(bot)).toMatchObject({ state: "stopped", reason: { code: "file_gone" } });
    expect(await news()).toEqual([expect.stringMatching(/no longer on my server.*!keys import/su)]);
  });

  it("is asked for again after 24 hours", async () => {
    backups.newBackup = { kind: "none", isSwitchedOff: false };
    await sendFile();
    await typeImport();
    await pass(25 * HOUR);
    expect(await storedCopy(bot)).toMatchObject({ state: "stopped", reason: { code: "waited_enough" } });
    expect(bytesIn(folder)).not.toContain(RIGHT_PASSPHRASE);
  });

  it("is not begun while other work runs", async () => {
    backups.onBatch = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve({ status: "aborted" }));
      });
    await sendFile();
    await typeImport();
    await pass();
    expect(await typeImport({ eventId: "$again" })).toMatchObject({ status: "busy" });
    await bot.keys.cancel(KEY_OWNER);
  });
});

describe("an export to key files", () => {
  it("sends each file, and then its end; nothing is kept", async () => {
    backups.unusable.add("session 1");
    expect(await typeExport()).toMatchObject({ status: "started" });
    await pass();
    expect(await news()).toEqual([
      "element-keys.txt",
      "element-keys-2.txt",
      expect.stringMatching(/The export of your keys is done: I sent you 4 keys/u),
    ]);
    expect(backups.exported).toEqual(["export passphrase"]);
    expect(backups.taken).toEqual([]);
    expect(await storedCopy(bot)).toMatchObject({ state: "done", target: null, openedUntil: null });
    for (const secret of ["export passphrase", BACKUP_KEY]) expect(bytesIn(folder)).not.toContain(secret);
  });

  it("needs only the old account", async () => {
    await bot.store.store.accounts.remove(KEY_OWNER, "target");
    expect(await typeExport(true)).toMatchObject({ status: "started" });
    await pass();
    expect((await news())[0]).toBe("element-keys.txt plain");
  });

  it("that is interrupted is made again, and sends no file twice", async () => {
    let interruptions = 1;
    backups.onExport = async (request) => {
      if (interruptions-- === 0) return null;
      await request.onFile({ bytes: Buffer.from("key file"), id: "1 of 5", keys: 1 });
      return new Promise((resolve) => {
        request.signal.addEventListener("abort", () => resolve({ status: "aborted" }));
      });
    };
    await typeExport();
    await pass();
    bot = await restarted(bot, start);
    await pass();
    expect(await news()).toEqual([
      "element-keys.txt",
      "element-keys-2.txt",
      expect.stringContaining("The export of your keys is done"),
    ]);
  });

  it("ends if a file cannot be sent", async () => {
    backups.isFileTaken = false;
    await typeExport();
    await pass();
    expect(await storedCopy(bot)).toMatchObject({ state: "stopped", reason: { code: "file_not_sent" } });
    expect(await news()).toEqual([expect.stringMatching(/could not send a file.*!keys export/su)]);
  });

  it("ends if the old backup is another one", async () => {
    backups.onExport = () => ({ status: "source_changed" });
    await typeExport();
    await pass();
    expect(await news()).toEqual([
      expect.stringMatching(/was replaced after I had opened it.*!keys export/su),
    ]);
  });

  it("can be cancelled", async () => {
    backups.onExport = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve({ status: "aborted" }));
      });
    await typeExport();
    await pass();
    expect(await bot.keys.cancel(KEY_OWNER)).toMatchObject({ purpose: "export", state: "cancelled" });
    await pass();
    expect(bytesIn(folder)).not.toContain("export passphrase");
  });
});
