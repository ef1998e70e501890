import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { DataDirectoryInUseError, lockDataDirectory } from "../../../src/store/process-lock.ts";
import { UnsealError } from "../../../src/store/sealed-secrets.ts";
import { openStore } from "../../../src/store/store.ts";
import { bytesIn, secretKey, temporaryFolder, temporaryStore } from "../../support/store/temporary-store.ts";

const storeModule = pathToFileURL(join(import.meta.dirname, "../../../src/store/store.ts")).href;

/** Opens the data directory in another process. Returns what that process printed. */
async function openElsewhere(dataDir: string, ending = "await store.close();"): Promise<string> {
  const program = `
    const { openStore } = await import(${JSON.stringify(storeModule)});
    try {
      const store = openStore({ dataDir: ${JSON.stringify(dataDir)}, secretKey: Buffer.alloc(32, 7) });
      console.log("opened");
      ${ending}
    } catch (error) { console.log(error.name); }`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  // A killed process has also printed something.
  const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
  return stdout.trim();
}

describe("the data directory", () => {
  it("belongs to one process at a time", async () => {
    const { dataDir, store } = await temporaryStore();
    expect(await openElsewhere(dataDir)).toBe("DataDirectoryInUseError");
    expect(() => lockDataDirectory(dataDir)).toThrow(DataDirectoryInUseError);
    expect(() => openStore({ dataDir, secretKey })).toThrow(
      `Another process is using the data directory ${dataDir}.`,
    );
    await store.bot.set("still", "works");
    expect(await store.bot.get("still")).toBe("works");
  });

  it("is free again when a process has closed it or was killed", async () => {
    const dataDir = await temporaryFolder();
    expect(await openElsewhere(dataDir)).toBe("opened");
    expect(await openElsewhere(dataDir, `process.kill(process.pid, "SIGKILL");`)).toBe("opened");
    await openStore({ dataDir, secretKey }).close();
  });

  it("is made, and what is in it is for its owner only", async () => {
    const dataDir = join(await temporaryFolder(), "deep", "data");
    const store = openStore({ dataDir, secretKey });
    await store.bot.set("a", "b");
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const file of ["mover.sqlite", "mover.sqlite-wal"])
      expect(statSync(join(dataDir, file)).mode & 0o777, file).toBe(0o600);
    await store.close();
  });
});

describe("what the bot keeps about itself", () => {
  it("survives a restart, and goes when it is set to nothing", async () => {
    const { store, reopen } = await temporaryStore();
    await store.bot.set("position", "s1");
    await store.bot.set("position", "s2");
    await store.bot.setSecret("session", "syt_token");
    const next = await reopen();
    expect(await next.bot.get("position")).toBe("s2");
    expect(await next.bot.getSecret("session")).toBe("syt_token");
    await next.bot.set("position", null);
    await next.bot.setSecret("session", null);
    expect([await next.bot.get("position"), await next.bot.getSecret("session")]).toEqual([null, null]);
  });

  it("keeps secrets sealed", async () => {
    const { store, dataDir } = await temporaryStore();
    await store.bot.setSecret("session", "syt_plainly_visible");
    expect(bytesIn(dataDir)).not.toContain("syt_plainly");
  });

  it("does not open its secrets with another key", async () => {
    const { store, dataDir } = await temporaryStore();
    await store.bot.setSecret("session", "syt_token");
    await store.close();
    const other = openStore({ dataDir, secretKey: Buffer.alloc(32, 8) });
    await expect(other.bot.getSecret("session")).rejects.toThrow(UnsealError);
    await other.close();
  });
});

describe("what is said once", () => {
  it("is taken once, also over a restart, until it is pruned", async () => {
    const { store, reopen } = await temporaryStore();
    expect(await store.sentOnce.take({ subject: "hint", person: "@a:x", cause: null }, 100)).toBe(true);
    expect(await store.sentOnce.take({ subject: "hint", person: "@a:x", cause: null }, 200)).toBe(false);
    expect(await store.sentOnce.take({ subject: "other", person: "@a:x", cause: null }, 200)).toBe(true);
    const next = await reopen();
    expect(await next.sentOnce.take({ subject: "hint", person: "@b:x", cause: null }, 300)).toBe(false);
    await next.sentOnce.prune(150);
    expect(await next.sentOnce.take({ subject: "hint", person: "@a:x", cause: null }, 400)).toBe(true);
    expect(await next.sentOnce.take({ subject: "other", person: "@a:x", cause: null }, 400)).toBe(false);
  });
});

describe("invitations", () => {
  it("wait until they are answered, the newest of a room counts", async () => {
    const { store, reopen } = await temporaryStore();
    const invitation = { roomId: "!r", inviter: "@a:x", isDirect: false };
    await store.invitations.put(invitation, 100);
    await store.invitations.postpone("!r", 500);
    const { invitations } = await reopen();
    expect(await invitations.due(499)).toEqual([]);
    expect(await invitations.nextDueAt(0)).toBe(500);
    expect(await invitations.due(500)).toEqual([{ ...invitation, attempts: 1 }]);
    await invitations.put({ ...invitation, inviter: "@b:x", isDirect: true }, 200);
    expect(await invitations.due(200)).toEqual([
      { roomId: "!r", inviter: "@b:x", isDirect: true, attempts: 0 },
    ]);
    await invitations.remove("!r");
    expect(await invitations.nextDueAt(0)).toBeNull();
  });
});

describe("events that could not be read", () => {
  it("are reported once, each after its time, and deleted when they are read or too old", async () => {
    const { store } = await temporaryStore();
    const { undecryptedEvents: events } = store;
    const event = (eventId: string, receivedAt: number) => ({
      eventId,
      roomId: "!r",
      sender: "@a:x",
      event: "{}",
      receivedAt,
    });
    await events.add(event("$1", 100));
    await events.add(event("$2", 200));
    await events.add(event("$1", 300));
    expect(await events.nextUnreportedAt(15)).toBe(115);
    expect((await events.unreported(150)).map(({ eventId }) => eventId)).toEqual(["$1"]);
    await events.markReported(["$1"]);
    expect(await events.unreported(150)).toEqual([]);
    expect(await events.nextUnreportedAt(15)).toBe(215);
    expect((await events.ofRoom("!r")).map(({ eventId }) => eventId)).toEqual(["$1", "$2"]);
    await events.remove("$2");
    expect(await events.nextUnreportedAt(15)).toBeNull();
    await events.prune(101);
    expect(await events.ofRoom("!r")).toEqual([]);
  });
});
