import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import type { FileRoom } from "../../../../src/model/room-file.ts";
import type { Route } from "../../../../src/model/routes.ts";
import type { RunRoom } from "../../../../src/model/run-room.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { OWNER, TARGET, request, signIn, startFakeBot } from "../../../support/fakes/fake-bot.ts";
import { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { fakeRoom, moderate } from "../../../support/fakes/fake-room.ts";
import { fileRoom, importRooms } from "../../../support/fakes/file-rooms.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const RESTRICTED = "!restricted:live.example";
/** A space that lets everybody in. */
const OPEN = "!open:live.example";
/** A space whose file says that it is public. Its servers refuse the join. */
const REFUSING = "!refusing:live.example";
const CLOSED = "!closed:live.example";
/** A space that somebody can invite into. */
const HELPED = "!helped:live.example";
/** A room of the new account that no file names. */
const OWN = "!own:new.example";
const UNKNOWN = "!unknown:live.example";

const mo = { userId: "@mo:live.example", displayName: "Mo", power: 100 };
let bot: FakeBot;
let servers: FakeHomeservers;
let joins: string[];

function inFile(roomId: string, joinRule: string, more: Partial<FileRoom> = {}): FileRoom {
  return fileRoom(roomId, joinRule, { via: ["live.example"], ...more });
}

/** Starts a bot whose person has imported files. No server shows a room before it is joined. */
async function startWith(restricted: Partial<FileRoom>, isLetIn: boolean): Promise<void> {
  const spaces = [
    fakeRoom({ roomId: OPEN, members: {}, rule: "public" }),
    fakeRoom({ roomId: REFUSING, members: {}, rule: "public", isStubborn: true }),
    fakeRoom({ roomId: CLOSED, members: {} }),
    fakeRoom({ roomId: HELPED, members: {} }),
    fakeRoom({ roomId: OWN, members: { [TARGET]: "join" } }),
  ];
  const rule = isLetIn ? "public" : "invite";
  const room = fakeRoom({ roomId: RESTRICTED, members: {}, rule });
  const empty = { profile: {}, accountData: new Map(), roomAccountData: new Map(), pushRules: {} };
  servers = new FakeHomeservers([...spaces, room], [{ userId: TARGET, ...empty }]);
  joins = [];
  bot = startFakeBot({
    folder: await temporaryFolder(),
    servers,
    onRequest: ({ host, path }) => {
      if (host === "old.example") throw new UnreachableError("dns", host);
      if (path.includes("/join/")) joins.push(path.slice(path.indexOf("!")));
    },
  });
  await signIn(bot, ["target"]);
  const rooms = [
    inFile(OPEN, "public"),
    inFile(REFUSING, "public"),
    inFile(CLOSED, "invite"),
    inFile(HELPED, "invite", { helpers: [mo] }),
    inFile(RESTRICTED, "restricted", restricted),
  ];
  await importRooms(bot, rooms);
  await bot.runServices.start();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});

afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

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

async function plannedRoute(): Promise<Route | undefined> {
  const asked = { ...request, filters: { ...NO_FILTERS, categories: null } };
  const result = await after(bot.planning.plan(asked));
  if (result.status !== "planned") throw new Error(`no plan: ${result.status}`);
  return result.plan.report.rooms.find(({ roomId }) => roomId === RESTRICTED)?.route;
}

/** Runs the plan until only people can help. @returns the restricted room */
async function run(): Promise<RunRoom> {
  expect(await after(bot.runServices.starter.start(request))).toMatchObject({ status: "started" });
  await pass(30 * MINUTE);
  const { runs } = bot.store.store;
  const last = await runs.last(OWNER);
  const room = last && (await runs.room(last.id, RESTRICTED));
  if (room === null) throw new Error("the room is not in the run");
  expect(last?.state).toBe("watching");
  return room;
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += SECOND) await vi.advanceTimersByTimeAsync(SECOND);
}

const triesOfRoom = (): number => joins.filter((roomId) => roomId === RESTRICTED).length;

interface Case {
  name: string;
  allow: readonly string[];
  planned: Route;
}

const CASES: readonly Case[] = [
  { name: "nothing", allow: [], planned: "join" },
  { name: "a room that nobody knows", allow: [UNKNOWN], planned: "join" },
  { name: "a closed room without helpers", allow: [CLOSED], planned: "join" },
  { name: "a closed room with a helper", allow: [HELPED], planned: "join" },
  { name: "a room whose try is refused", allow: [REFUSING], planned: "join_restricted" },
  { name: "several such rooms", allow: [UNKNOWN, CLOSED, REFUSING], planned: "join_restricted" },
];

describe.each(["restricted", "knock_restricted"])(
  "a room that is %s in its file and not shown",
  (joinRule) => {
    it.each([
      ...CASES,
      { name: "a room that is entered", allow: [OPEN], planned: "join_restricted" },
      { name: "a room of the new account", allow: [OWN], planned: "join_restricted" },
    ] as const)("is tried once and entered though its file allows $name", async ({ allow, planned }) => {
      await startWith({ joinRule, allow: [...allow] }, true);
      expect(await plannedRoute()).toBe(planned);
      expect(await run()).toMatchObject({ isJoined: true, status: "done" });
      expect(triesOfRoom()).toBe(1);
    });

    it.each(CASES)("is tried once and refused though its file allows $name", async ({ allow, planned }) => {
      await startWith({ joinRule, allow: [...allow], helpers: [mo] }, false);
      expect(await plannedRoute()).toBe(planned);
      const { isJoined, status, planned: now } = await run();
      expect([isJoined, status, now.row.reason?.code]).toEqual([false, "needs_moderator", "refused"]);
      expect(now.row.helpers.map(({ userId }) => userId)).toEqual([mo.userId]);
      expect(triesOfRoom()).toBe(1);
      expect(await plannedRoute()).toBe("ask_moderator");
    });
  },
);

describe("a restricted room whose try was refused", () => {
  it("and whose file names no helper waits for people who can let the account into its space", async () => {
    await startWith({ allow: [CLOSED, HELPED] }, false);
    await plannedRoute();
    const { status, planned } = await run();
    expect([status, planned.row.reason?.code, planned.row.through]).toEqual([
      ...["needs_moderator", "space_unreachable", HELPED],
    ]);
    expect(planned.row.helpers.map(({ userId }) => userId)).toEqual([mo.userId]);
  });

  it("is impossible if its file names nobody for it and for its space", async () => {
    await startWith({ allow: [CLOSED] }, false);
    await plannedRoute();
    expect(await run()).toMatchObject({
      status: "skipped",
      planned: { row: { reason: { code: "refused" } } },
    });
  });

  it.each([
    { name: "a room of the new account", allow: OWN },
    { name: "a room that is entered", allow: OPEN },
    { name: "a room whose try is refused", allow: REFUSING },
    { name: "a room that nobody knows", allow: UNKNOWN },
  ])("is not waited for, if no server of it answers and its file allows $name", async ({ allow }) => {
    await startWith({ allow: [allow], helpers: [mo] }, true);
    servers.lost.add(RESTRICTED);
    await plannedRoute();
    const { status, planned } = await run();
    expect([status, planned.row.reason?.code]).toEqual(["needs_moderator", "unreachable_server"]);
    expect(triesOfRoom()).toBe(1);
    expect(await plannedRoute()).toBe("ask_moderator");
  });

  it("is not tried another time after it was to open through a joined room", async () => {
    await startWith({ allow: [OWN], helpers: [mo] }, false);
    await plannedRoute();
    expect(await run()).toMatchObject({ status: "needs_moderator" });
    const tries = triesOfRoom();
    const last = await bot.store.store.runs.last(OWNER);
    const steps = await bot.store.store.steps.all(last?.id ?? 0);
    expect(steps.filter(({ roomId }) => roomId === RESTRICTED).map(({ kind }) => kind)).toEqual([
      "join_restricted",
    ]);
    expect(await plannedRoute()).toBe("ask_moderator");
    expect(triesOfRoom()).toBe(tries);
  });
});

describe("an invitation after the run", () => {
  it.each<{ name: string; file: Partial<FileRoom>; isLost?: boolean; before: RunRoom["status"] }>([
    { name: "that was refused and has helpers", file: { helpers: [mo] }, before: "needs_moderator" },
    { name: "that was refused and has no helpers", file: {}, before: "skipped" },
    { name: "of which no server answered", file: {}, isLost: true, before: "skipped" },
    { name: "that is closed", file: { joinRule: "invite" }, before: "skipped" },
    { name: "that was knocked at in vain", file: { joinRule: "knock" }, before: "skipped" },
    {
      name: "that was only an invitation",
      file: { membership: "invite", joinRule: "invite" },
      before: "skipped",
    },
    { name: "of a version that the server did not know", file: { version: "99" }, before: "skipped" },
  ])("takes the account into a room $name", async ({ file, isLost = false, before }) => {
    await startWith(file, false);
    if (isLost) servers.lost.add(RESTRICTED);
    await plannedRoute();
    expect(await run()).toMatchObject({ isJoined: false, status: before });
    servers.lost.clear();
    moderate(servers.rooms.get(RESTRICTED), TARGET, { membership: "invite" });
    await pass(5 * MINUTE);
    const { runs } = bot.store.store;
    const last = await runs.last(OWNER);
    expect(await runs.room(last?.id ?? 0, RESTRICTED)).toMatchObject({ isJoined: true, status: "done" });
  });
});
