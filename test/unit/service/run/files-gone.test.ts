import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { Document } from "../../../../src/view/document/document.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { statusAnswer } from "../../../../src/view/migrate/status.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  TARGET,
  fakePerson,
  request,
  signIn,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { moderate } from "../../../support/fakes/fake-room.ts";
import { fileRoom, importRooms } from "../../../support/fakes/file-rooms.ts";
import { sendAll } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const PUBLIC = "!public:old.example";
const CLOSED = "!closed:old.example";
const ROOMS = [fileRoom(PUBLIC, "public"), fileRoom(CLOSED, "invite")];
const LOST = "I no longer have your files about @me:old.example, by which this goes.";
const SWITCHED_OFF =
  "This goes by your files about @me:old.example, and the operator of this bot has switched off moves by files.";

const filters = { ...NO_FILTERS, categories: null };

let servers: FakeHomeservers;
let folder: string;
let bot: FakeBot;
/** Called when a request reaches the new server. */
let onNewServer: () => Promise<unknown>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  folder = await temporaryFolder();
  onNewServer = async () => undefined;
  bot = start();
  await signIn(bot, ["target"]);
  await importRooms(bot, ROOMS);
  await bot.runServices.start();
  expect(await after(bot.planning.plan({ ...request, filters }))).toMatchObject({ status: "planned" });
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

function start(areImportsAllowed = true): FakeBot {
  return startFakeBot({
    ...{ folder, servers, areImportsAllowed },
    onRequest: async ({ host }) => {
      if (host === "old.example") throw new UnreachableError("dns", host);
      await onNewServer();
    },
  });
}

async function restart(areImportsAllowed: boolean): Promise<void> {
  await bot.runServices.stop();
  await bot.store.close();
  bot = start(areImportsAllowed);
  await bot.runServices.start();
  await pass(2 * MINUTE);
}

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

async function startMove(): Promise<void> {
  expect(await after(bot.runServices.starter.start(request))).toMatchObject({ status: "started" });
  await pass(MINUTE);
}

const state = async () => (await bot.store.store.runs.last(OWNER))?.state;
const forgetFiles = () => bot.store.store.imports.clear(OWNER);

function isInside(roomId: string): boolean {
  return servers.rooms.get(roomId)?.members.get(TARGET)?.["membership"] === "join";
}

/** The messages since the last call, without edits. */
async function said(): Promise<string[]> {
  const sent = await sendAll(bot.store.store.outbox);
  return sent
    .filter(({ transactionId }) => !transactionId.includes("progress"))
    .map(({ content }) => renderPlainText((content as { document: Document }).document));
}

async function shownStatus(): Promise<string> {
  const runs = await bot.runServices.overview.statuses(OWNER);
  return renderPlainText(statusAnswer({ runs, kept: null }, Date.now(), "!").document);
}

/** The process loses the files when the move is about to join. */
async function startAndLose(): Promise<void> {
  onNewServer = async () => {
    if ((await bot.store.store.runs.last(OWNER)) !== null) await forgetFiles();
  };
  await startMove();
  onNewServer = async () => undefined;
}

describe("a move that has lost its files", () => {
  it("stops, says what to do, and goes on when they are imported again", async () => {
    await startAndLose();
    expect(await state()).toBe("needs_you");
    expect(await said()).toEqual([expect.stringContaining(LOST)]);
    const status = await shownStatus();
    expect(status).toContain(LOST);
    expect(status).toContain("reply to it with !import");
    expect(status).not.toContain("My session of your");
    await pass(10 * MINUTE);
    expect(await said()).toEqual([]);
    await importRooms(bot, ROOMS);
    await bot.runServices.control.signedIn(OWNER, { side: "source", userId: SOURCE });
    await pass(MINUTE);
    expect([await state(), isInside(PUBLIC)]).toEqual(["watching", true]);
  });

  it("goes on after a restart that finds them again", async () => {
    await startAndLose();
    await importRooms(bot, ROOMS);
    await restart(true);
    expect([await state(), isInside(PUBLIC)]).toEqual(["watching", true]);
  });

  it("can be looked at, verified, paused and cancelled", async () => {
    await startAndLose();
    const { overview, verifier, control } = bot.runServices;
    expect(await after(verifier.verify(request))).toMatchObject({ status: "not_signed_in" });
    expect((await overview.lastPlan(OWNER))?.report.rooms).toHaveLength(2);
    expect(await after(bot.planning.plan({ ...request, filters }))).toMatchObject({
      status: "not_signed_in",
      missing: ["source"],
      files: { kind: "none" },
    });
    expect(await after(control.pause(OWNER))).toMatchObject({ status: "not_running" });
    expect(await after(control.cancel(OWNER))).toMatchObject({ status: "cancelled" });
    expect(await state()).toBe("over");
  });

  it("waits while the operator has switched imports off, and goes on by itself afterwards", async () => {
    await startMove();
    moderate(servers.rooms.get(CLOSED), TARGET, { membership: "invite" });
    await said();
    await restart(false);
    expect(await shownStatus()).toContain(SWITCHED_OFF);
    expect(await said()).toEqual([expect.stringContaining(SWITCHED_OFF)]);
    await restart(false);
    expect([await said(), isInside(CLOSED)]).toEqual([[], false]);
    await restart(true);
    expect([await state(), isInside(CLOSED)]).toEqual(["over", true]);
  });
});

describe("a file that is imported while a move goes by files", () => {
  const NEW_ROOM = fileRoom("!space:old.example", "public");

  it("between plan and start is part of the move, and the answer names its rooms", async () => {
    await importRooms(bot, [NEW_ROOM]);
    const started = await after(bot.runServices.starter.start(request));
    if (started.status !== "started") throw new Error(started.status);
    expect(started.changes.map(({ room, before }) => [room.roomId, before])).toEqual([
      [NEW_ROOM.roomId, null],
    ]);
    await pass(MINUTE);
    expect(isInside(NEW_ROOM.roomId)).toBe(true);
  });

  it("is taken up at the end of a move that works", async () => {
    expect(await after(bot.runServices.starter.start(request))).toMatchObject({ status: "started" });
    await importRooms(bot, [NEW_ROOM]);
    await pass(MINUTE);
    expect([await state(), isInside(NEW_ROOM.roomId)]).toEqual(["watching", true]);
  });

  it("is not taken up by a move that only watches, and by a new plan after it", async () => {
    await startMove();
    await importRooms(bot, [NEW_ROOM]);
    await pass(5 * MINUTE);
    expect([await state(), isInside(NEW_ROOM.roomId)]).toEqual(["watching", false]);
    expect(await after(bot.planning.plan({ ...request, filters }))).toMatchObject({ status: "planned" });
    const again = { ...request, address: { ...request.address, eventId: "$again" } };
    expect(await after(bot.runServices.starter.start(again))).toMatchObject({
      status: "started",
      changes: [],
    });
    await pass(MINUTE);
    expect([await state(), isInside(NEW_ROOM.roomId)]).toEqual(["watching", true]);
  });
});
