import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import type { FileAccountData } from "../../../../src/model/room-file.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { ReadProgress } from "../../../../src/platforms/reading.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { OWNER, TARGET, fakePerson, request, signIn, startFakeBot } from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { moderate } from "../../../support/fakes/fake-room.ts";
import { fileRoom, importRooms } from "../../../support/fakes/file-rooms.ts";
import { sendAll, subjectsOf } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const PUBLIC = "!public:old.example";
const SPACE = "!space:old.example";
const RESTRICTED = "!restricted:old.example";
const CHAT = "!private:old.example";
const CLOSED = "!closed:old.example";
const KNOCK = "!knock:old.example";

let servers: FakeHomeservers;
let bot: FakeBot;
let isOldServerGone: boolean;
/** What the last plan asked. */
let progress: ReadProgress[];

const mo = { userId: "@mo:live.example", displayName: "Mo", power: 100 };
const friend = { userId: "@bo:live.example", displayName: "Bo", power: 0 };

const DATA: FileAccountData = {
  accountData: { "m.recent_emoji": { recent_emoji: [{ emoji: "🎺", total: 3 }] } },
  pushRules: {},
  tags: {},
  profile: { displayname: "Me" },
  roomAccountData: { [CLOSED]: { "m.marked_unread": { unread: true } } },
};

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  servers.rooms.get(SPACE)?.state.set("m.room.join_rules", { join_rule: "invite" });
  isOldServerGone = true;
  bot = startFakeBot({
    folder: await temporaryFolder(),
    servers,
    onRequest: ({ host }) => {
      if (isOldServerGone && host === "old.example") throw new UnreachableError("dns", host);
    },
  });
  await signIn(bot, ["target"]);
  const rooms = [
    fileRoom(PUBLIC, "public", { tags: { "m.favourite": { order: 0.5 } } }),
    fileRoom(SPACE, "invite", { helpers: [mo] }),
    fileRoom(RESTRICTED, "restricted", { allow: [SPACE] }),
    fileRoom(CHAT, "invite", { direct: true, partner: friend.userId }),
    // Nobody is known who could help.
    fileRoom(CLOSED, "invite", { tags: { "u.work": {} } }),
    fileRoom(KNOCK, "knock", { helpers: [mo] }),
  ];
  await importRooms(bot, rooms, DATA);
  await bot.runServices.start();
  expect((await plan()).report.rooms.map(({ route, status }) => `${route} ${status}`)).toEqual([
    "join planned",
    "ask_moderator needs_moderator",
    "join planned",
    "impossible skipped",
    "impossible skipped",
    "knock planned",
  ]);
  expect(await after(bot.runServices.starter.start(request))).toMatchObject({ status: "started" });
  await pass(MINUTE);
  expect(await last()).toMatchObject({ state: "watching", isFromFile: true });
  await messages();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += SECOND) await vi.advanceTimersByTimeAsync(SECOND);
}

/** Gives the result of work that takes time. */
async function after<Result>(work: Promise<Result>): Promise<Result> {
  const isOver = work.then(
    () => true,
    () => true,
  );
  for (let tick = 0; tick < 1_000; tick += 1)
    if (await Promise.race([isOver, vi.advanceTimersByTimeAsync(SECOND).then(() => false)])) break;
  return work;
}

async function plan() {
  progress = [];
  const onProgress = (made: ReadProgress) => void progress.push(made);
  const asked = { ...request, onProgress, filters: { ...NO_FILTERS, categories: null } };
  const result = await after(bot.planning.plan(asked));
  if (result.status !== "planned") throw new Error(`no plan: ${result.status}`);
  return result.plan;
}

/** A request by a message of its own. */
function typed(eventId: string) {
  const address = { ...request.address, eventId };
  return { ...request, address, filters: { ...NO_FILTERS, categories: null } };
}

const last = () => bot.store.store.runs.last(OWNER);

/** What the messages since the last call are about, without progress. */
async function messages(): Promise<string[]> {
  return subjectsOf(await sendAll(bot.store.store.outbox));
}

function inviteTo(...roomIds: readonly string[]): void {
  for (const roomId of roomIds) moderate(servers.rooms.get(roomId), TARGET, { membership: "invite" });
}

function isInside(roomId: string): boolean {
  return servers.rooms.get(roomId)?.members.get(TARGET)?.["membership"] === "join";
}

const ownData = () => servers.accounts.get(TARGET);

describe("rooms of a file that open later", () => {
  it("are entered though they looked impossible, and get their tags, settings and place among the chats", async () => {
    expect([PUBLIC, CHAT, CLOSED].map(isInside)).toEqual([true, false, false]);
    expect(ownData()?.accountData.get("m.direct")).toBeUndefined();
    inviteTo(CHAT, CLOSED);
    await pass(2 * MINUTE);
    expect([CHAT, CLOSED].map(isInside)).toEqual([true, true]);
    expect((await messages()).toSorted()).toEqual([`late ${CLOSED}`, `late ${CHAT}`]);
    expect(ownData()?.accountData.get("m.direct")).toEqual({ [friend.userId]: [CHAT] });
    expect(Object.fromEntries(ownData()?.roomAccountData.get(CLOSED) ?? [])).toEqual({
      "m.tag": { tags: { "u.work": {} } },
      "m.marked_unread": { unread: true },
    });
    expect(servers.accounts.get(TARGET)?.profile["displayname"]).toBe("Me");
    const { work, report } = await plan();
    expect(work.canBegin).toBe(false);
    for (const { expected, present, missing } of report.categories)
      expect(expected).toBe(present + missing.length);
  });

  it("are entered when somebody answers the knock, and told once", async () => {
    expect(servers.seen.filter((line) => line.includes("knocks"))).toEqual([`${TARGET} knocks at ${KNOCK}`]);
    inviteTo(KNOCK);
    await pass(2 * MINUTE);
    expect([isInside(KNOCK), await messages()]).toEqual([true, [`late ${KNOCK}`]]);
  });

  it("are entered through a space as soon as somebody lets the account into that", async () => {
    expect([SPACE, RESTRICTED].map(isInside)).toEqual([false, false]);
    inviteTo(SPACE);
    await pass(2 * MINUTE);
    expect([SPACE, RESTRICTED].map(isInside)).toEqual([true, true]);
  });

  it("are entered too after the old account was signed in", async () => {
    isOldServerGone = false;
    await signIn(bot, ["source"]);
    inviteTo(CLOSED);
    await pass(2 * MINUTE);
    expect(isInside(CLOSED)).toBe(true);
    expect((await plan()).report.isFromFile).not.toBe(true);
  });
});

describe("a plan by a file", () => {
  it("says how many servers were asked, and how many rooms", () => {
    const asked = ["servers", "file"].map((of) => progress.findLast((made) => made.of === of));
    expect(asked.map((made) => [made?.read, made?.total])).toEqual([
      [3, 3],
      [6, 6],
    ]);
  });
});

describe("a part of a move by a file", () => {
  it("is no invitation, because nobody can invite", async () => {
    for (const rooms of [[], [CLOSED]]) {
      const asked = { ...typed(`$invite ${rooms.length}`), rooms };
      expect((await after(bot.runServices.starter.inviteAll(asked))).status).toBe("nothing_to_do");
    }
  });

  it("is a join of a room that is named, whatever its file says", async () => {
    servers.rooms.get(CLOSED)?.state.set("m.room.join_rules", { join_rule: "public" });
    const asked = { ...typed("$join"), rooms: [CLOSED] };
    expect((await after(bot.runServices.starter.joinAll(asked))).status).toBe("started");
    await pass(MINUTE);
    expect(isInside(CLOSED)).toBe(true);
  });
});

describe("an undo of a move by a file", () => {
  it("leaves what the account may join again, and stays where a person has let it in", async () => {
    inviteTo(CLOSED);
    await pass(2 * MINUTE);
    const preview = await after(bot.runServices.starter.previewUndo(typed("$ask")));
    if (preview.status !== "possible") throw new Error(`no undo: ${preview.status}`);
    expect(preview.kept.map(({ room: { roomId }, reason }) => [roomId, reason])).toEqual([
      [CLOSED, "needs_invitation"],
    ]);
    expect(preview.joins.map(({ roomId }) => roomId)).toEqual([PUBLIC]);
    const confirmed = { shown: preview.shown, leavesAnyway: false };
    expect(await after(bot.runServices.starter.undo(typed("$undo"), confirmed))).toMatchObject({
      status: "started",
    });
    await pass(2 * MINUTE);
    expect(await last()).toMatchObject({ purpose: "undo", state: "over" });
    expect([PUBLIC, CLOSED].map(isInside)).toEqual([false, true]);
    expect(ownData()?.accountData.get("m.recent_emoji")).toEqual({});
    expect(ownData()?.profile["displayname"]).toBe("me");
  });
});
