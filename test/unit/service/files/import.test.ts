import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Account } from "../../../../src/model/account.ts";
import type { Download, ReceivedFile } from "../../../../src/model/file-reference.ts";
import { readFile } from "../../../../src/platforms/matrix/files/read-file.ts";
import type { FileImportRequest } from "../../../../src/service/files/import.ts";
import { FileImports } from "../../../../src/service/files/import.ts";
import type { Store } from "../../../../src/store/store.ts";
import { fileImportAnswer } from "../../../../src/view/files/import.ts";
import { newRun, step } from "../../../support/fakes/scripted-runner.ts";
import { accountsIn } from "../../../support/store/accounts-in.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:new.example";
const OLD = "@me:dead.example";
const ROOM = "!chat:bot.example";
const NOW = 1_000_000_000;

const ROOMS_FILE = JSON.stringify({
  ...{ schema: 1, kind: "rooms", account: OLD, generatedAt: "1970-01-05T00:00:00Z" },
  rooms: [{ roomId: "!choir:dead.example", name: "<b>Choir</b>", direct: true }],
  contacts: [{ userId: "@ann:third.example", displayName: "Ann", rooms: [] }],
});
const OTHER_FILE = ROOMS_FILE.replaceAll("@me:dead.example", "@you:dead.example");
const NOTES = "I was in !garden:third.example and #dogs:third.example, and @me:dead_example";

let store: Store;
let isAnswering: boolean;
let download: Download["status"];
/** Whether a download ends only with the process. */
let hangs: boolean;
let log: string[];
/** For which the runs that had lost their files go on. */
let imported: string[];
const files = new Map<string, string>();

beforeEach(async () => {
  ({ store } = await temporaryStore());
  isAnswering = false;
  download = "downloaded";
  hangs = false;
  log = [];
  imported = [];
  files.clear();
});
afterEach(() => store.close());

function send(eventId: string, content: string): void {
  files.set(eventId, content);
}

function fileOf(eventId: string): ReceivedFile {
  const file = { name: "rooms.json", size: 1, serverName: "x", mediaId: eventId, encryption: null };
  return { eventId, file };
}

function imports(areAllowed = true): FileImports {
  return new FileImports({
    ...{ accounts: accountsIn(store), imports: store.imports, runs: store.runs, areAllowed },
    receivedFiles: {
      find: async ({ roomId }, named) => {
        const eventId = named ?? [...files.keys()].at(-1);
        return roomId === ROOM && eventId !== undefined && files.has(eventId) ? fileOf(eventId) : null;
      },
    },
    platform: {
      serverName: (userId) => userId.slice(userId.indexOf(":") + 1),
      files: {
        read: async (bytes) => readFile(bytes),
        isAnswering: async () => isAnswering,
        userId: (typed) => (/^@\w+:\w+\.\w+$/u.test(typed) ? typed : null),
      },
    },
    download: async ({ mediaId }, { signal }) => {
      while (hangs) {
        signal.throwIfAborted();
        await new Promise(setImmediate);
      }
      return download === "downloaded"
        ? { status: download, bytes: Buffer.from(files.get(mediaId) ?? "") }
        : { status: download };
    },
    imported: async (...known) => void imported.push(known.join(" ")),
    now: () => NOW,
    log: pino({ level: "info" }, { write: (line: string) => void log.push(line) }),
  });
}

function run(more: Partial<FileImportRequest> = {}, areAllowed = true) {
  const request = { owner: OWNER, roomId: ROOM, inReplyTo: null, as: null, isClearing: false, ...more };
  return imports(areAllowed).import(request);
}

async function signIn(side: "source" | "target", userId: string): Promise<void> {
  const account: Account = {
    ...{ owner: OWNER, side, userId, baseUrl: "https://x.example" },
    ...{ method: "token", deviceId: null, signedInAt: 1 },
  };
  await store.accounts.put(account, { accessToken: "secret" });
}

async function kept() {
  const content = await store.imports.content(OWNER);
  return content && { userId: content.userId, rooms: content.rooms.map(({ roomId }) => roomId) };
}

describe("an import", () => {
  it("takes the last file, or the one that the command replies to", async () => {
    send("$one", ROOMS_FILE);
    send("$two", NOTES);
    expect(await run({ inReplyTo: "$one" })).toMatchObject({ status: "imported", userId: OLD, newRooms: 1 });
    expect(await run({ as: OLD })).toMatchObject({ status: "imported", newRooms: 2, knownRooms: 0 });
    expect(await kept()).toEqual({
      userId: OLD,
      rooms: ["!choir:dead.example", "!garden:third.example", "#dogs:third.example"],
    });
  });

  it("lets runs go on that had lost their files", async () => {
    send("$one", NOTES);
    await run();
    expect(imported).toEqual([]);
    await run({ as: OLD });
    expect(imported).toEqual([`${OWNER} ${OLD}`]);
  });

  it("done twice changes nothing more", async () => {
    send("$one", ROOMS_FILE);
    await run();
    const before = await store.imports.content(OWNER);
    expect(await run()).toMatchObject({ status: "imported", newRooms: 0, knownRooms: 1 });
    expect(await store.imports.content(OWNER)).toEqual(before);
  });

  it("is logged in numbers, without names of rooms", async () => {
    send("$one", ROOMS_FILE);
    await run();
    expect(log.join()).toMatch(/"server":"dead.example","format":"rooms","rooms":1,"people":1/);
    expect(log.join()).not.toMatch(/Choir|choir|ann/);
  });

  it("asks for the old account itself if its server answers, and keeps the file", async () => {
    isAnswering = true;
    send("$one", ROOMS_FILE);
    const result = await run();
    expect(result).toMatchObject({ status: "imported", isOldServerAnswering: true });
    expect(await kept()).not.toBeNull();
    expect(JSON.stringify(fileImportAnswer(result, "!"))).toContain("!login old @me:dead.example");
  });

  it("goes with a living old account", async () => {
    isAnswering = true;
    await signIn("source", OLD);
    send("$one", ROOMS_FILE);
    expect(await run()).toMatchObject({
      status: "imported",
      isOldServerAnswering: false,
      isOldSignedIn: true,
    });
  });
});

describe("nothing is stored", () => {
  it.each([
    { name: "imports are switched off", more: {}, result: { status: "switched_off" }, areAllowed: false },
    {
      name: "the reply is to a message without a file",
      more: { inReplyTo: "$none" },
      result: { status: "no_file", isReply: true },
    },
    { name: "the account is no user ID", more: { as: "me" }, result: { status: "no_user_id", typed: "me" } },
    {
      name: "the file is of another account than typed",
      more: { as: "@you:dead.example" },
      result: { status: "contradicts_file", typed: "@you:dead.example", inFile: OLD },
    },
    {
      name: "the file is of another room of the person",
      more: { roomId: "!elsewhere" },
      result: { status: "no_file", isReply: false },
    },
  ])("if $name", async ({ more, result, areAllowed }) => {
    send("$one", ROOMS_FILE);
    expect(await run(more, areAllowed ?? true)).toEqual(result);
    expect(await kept()).toBeNull();
  });

  it("if nobody says whose the file is", async () => {
    send("$one", NOTES);
    expect(await run()).toEqual({ status: "account_needed", rooms: 2 });
    expect(await kept()).toBeNull();
  });

  it("if it is the new account", async () => {
    await signIn("target", OLD);
    send("$one", ROOMS_FILE);
    expect(await run()).toEqual({ status: "is_new_account", userId: OLD });
  });

  it("if another old account is signed in", async () => {
    await signIn("source", "@you:alive.example");
    send("$one", ROOMS_FILE);
    expect(await run()).toEqual({ status: "other_signed_in", userId: OLD, signedIn: "@you:alive.example" });
  });

  it.each(["too_large", "gone", "damaged", "unreachable"] as const)("if the file is %s", async (status) => {
    download = status;
    send("$one", ROOMS_FILE);
    const result = await run({ isClearing: true, inReplyTo: "$one" });
    expect(["refused", "not_downloaded"]).toContain(result.status);
    expect(await kept()).toBeNull();
  });
});

describe("a file of another account", () => {
  it("is refused, and taken instead of the earlier ones after --clear", async () => {
    send("$one", ROOMS_FILE);
    await run();
    send("$two", OTHER_FILE);
    const other = { status: "other_account", userId: "@you:dead.example", kept: OLD };
    expect(await run()).toEqual(other);
    expect(await run({ isClearing: true, inReplyTo: "$two" })).toMatchObject({ status: "imported" });
    expect((await kept())?.userId).toBe("@you:dead.example");
  });

  it("that cannot be read leaves the earlier ones, also with --clear", async () => {
    send("$one", ROOMS_FILE);
    await run();
    send("$two", "{".repeat(1_000));
    expect(await run({ isClearing: true, inReplyTo: "$two" })).toEqual({
      status: "refused",
      mistake: "too_deep",
    });
    expect((await kept())?.userId).toBe(OLD);
  });

  it("can be taken once the earlier ones are cleared", async () => {
    send("$one", ROOMS_FILE);
    await run();
    expect(await run({ isClearing: true })).toEqual({ status: "cleared", erased: { userId: OLD, rooms: 1 } });
    expect(await run({ isClearing: true })).toEqual({ status: "cleared", erased: null });
    expect(await kept()).toBeNull();
    send("$two", OTHER_FILE);
    expect(await run()).toMatchObject({ status: "imported", userId: "@you:dead.example" });
  });
});

describe("earlier files, where imports are switched off", () => {
  it("can be forgotten, and no other is taken", async () => {
    send("$one", ROOMS_FILE);
    await run();
    expect(await run({ isClearing: true, inReplyTo: "$one" }, false)).toEqual({ status: "switched_off" });
    expect(await run({ isClearing: true, as: OLD }, false)).toEqual({ status: "switched_off" });
    expect((await kept())?.userId).toBe(OLD);
    const cleared = await run({ isClearing: true }, false);
    expect(cleared).toEqual({ status: "cleared", erased: { userId: OLD, rooms: 1 }, isSwitchedOff: true });
    expect(JSON.stringify(fileImportAnswer(cleared, "!"))).not.toContain("To take a file");
    expect(await kept()).toBeNull();
  });
});

describe("files by which a move goes", () => {
  it("are not erased while it works or watches, and can be after it was cancelled", async () => {
    send("$one", ROOMS_FILE);
    await run();
    const { id } = await newRun(store, [step("join")], { owner: OWNER, source: OLD, isFromFile: true });
    expect(await run({ isClearing: true })).toEqual({ status: "in_use" });
    expect(await run({ isClearing: true, inReplyTo: "$one" })).toEqual({ status: "in_use" });
    expect((await kept())?.userId).toBe(OLD);
    await store.runs.apply(id, "cancelled");
    expect(await run({ isClearing: true })).toMatchObject({ status: "cleared" });
  });
});

describe("an import while a move goes by files", () => {
  it.each([
    { state: "running", move: "under_way", said: "It takes up what this file adds before it ends" },
    { state: "watching", move: "watching", said: "!migrate start" },
    { state: "over", move: undefined, said: "Next, sign in your new account" },
  ] as const)("says what that does with the file: $state", async ({ state, move, said }) => {
    const { id } = await newRun(store, [step("join")], { owner: OWNER, source: OLD, isFromFile: true });
    if (state === "watching") await store.runs.apply(id, "settled_with_watch");
    if (state === "over") await store.runs.apply(id, "settled");
    send("$one", ROOMS_FILE);
    const result = await run();
    expect(result).toMatchObject({ status: "imported", ...(move !== undefined && { move }) });
    expect("move" in result).toBe(move !== undefined);
    expect(JSON.stringify(fileImportAnswer(result, "!"))).toContain(said);
  });
});

describe("two imports at once", () => {
  it("keep both files, and a file once that comes twice", async () => {
    send("$one", ROOMS_FILE);
    send("$two", NOTES);
    const service = imports();
    const of = (inReplyTo: string) =>
      service.import({ owner: OWNER, roomId: ROOM, inReplyTo, as: OLD, isClearing: false });
    const results = await Promise.all([of("$one"), of("$two"), of("$one")]);
    expect(results.map((result) => result.status === "imported" && result.newRooms)).toEqual([1, 2, 0]);
    expect((await kept())?.rooms.toSorted()).toEqual([
      "!choir:dead.example",
      "!garden:third.example",
      "#dogs:third.example",
    ]);
  });

  it("of two accounts keep one, and refuse the other", async () => {
    send("$one", ROOMS_FILE);
    send("$two", OTHER_FILE);
    const both = ["$one", "$two"].map((inReplyTo) => run({ inReplyTo }));
    expect((await Promise.all(both)).map(({ status }) => status).toSorted()).toEqual([
      "imported",
      "other_account",
    ]);
    expect((await kept())?.rooms).toHaveLength(1);
  });

  it("of which one is stopped before anything is stored lose nothing when it is given again", async () => {
    send("$one", ROOMS_FILE);
    const service = imports();
    const request = { owner: OWNER, roomId: ROOM, inReplyTo: null, as: null, isClearing: false };
    hangs = true;
    const stopped = service.import(request);
    service.stop();
    await expect(stopped).rejects.toThrow("the process stops");
    expect(await kept()).toBeNull();
    hangs = false;
    expect(await run()).toMatchObject({ status: "imported", newRooms: 1, knownRooms: 0 });
  });
});

describe("the answer to an import", () => {
  it("names what was found, the lines that have no ID, and the next step", async () => {
    send("$one", NOTES);
    const { document } = fileImportAnswer(await run({ as: OLD }), "!");
    const text = JSON.stringify(document);
    expect(text).toContain("2 rooms");
    expect(text).toContain("line 1: ");
    expect(text).toContain("!login new");
  });
});
