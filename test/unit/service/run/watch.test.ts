import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  TARGET,
  fakePerson,
  letIn,
  makePlan,
  request,
  signIn,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers, FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import { MODERATOR, moderate } from "../../../support/fakes/fake-room.ts";
import { sendAll, subjectsOf } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CLOSED = "!closed:old.example";
const KNOCK = "!knock:old.example";

let bot: FakeBot;
let folder: string;
let servers: FakeHomeservers;
/** Called when a request has arrived, before it is answered. */
let onRequest: (request: FakeRequest) => void | Promise<void>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  servers = fakePerson();
  onRequest = () => undefined;
  bot = startFakeBot({ folder, servers, onRequest: (asked) => onRequest(asked) });
  await makePlan(bot);
  await bot.runServices.start();
  expect((await bot.runServices.starter.start(request)).status).toBe("started");
  await pass();
  expect(await messages()).toEqual(["end"]);
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

/** Moves the clock forward and runs everything that becomes due. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

async function run() {
  const last = await bot.store.store.runs.last(OWNER);
  if (last === null) throw new Error("there is no run");
  return last;
}

/** Sends the messages since the last call, and returns what they are about, without progress. */
async function messages(): Promise<string[]> {
  return subjectsOf(await sendAll(bot.store.store.outbox));
}

function inviteTo(...roomIds: readonly string[]): void {
  for (const roomId of roomIds) moderate(servers.rooms.get(roomId), TARGET, { membership: "invite" });
}

function isInside(roomId: string): boolean {
  return servers.rooms.get(roomId)?.members.get(TARGET)?.["membership"] === "join";
}

function isDirectChat(roomId: string): boolean {
  const chats = servers.accounts.get(TARGET)?.accountData.get("m.direct") ?? {};
  return Object.values(chats).flat().includes(roomId);
}

/** The server of the old account does not answer any more. */
function oldServerIsAway({ host }: FakeRequest): void {
  if (host === "old.example") throw new UnreachableError("refused", "old.example");
}

describe("the watch without the old account", () => {
  it("accepts an invitation while the old server is away, and watches on for the others", async () => {
    onRequest = oldServerIsAway;
    inviteTo(CLOSED);
    await pass(2 * MINUTE);
    expect([isInside(CLOSED), await messages(), (await run()).state]).toEqual([
      true,
      [`late ${CLOSED}`],
      "watching",
    ]);
    inviteTo(KNOCK);
    await pass(2 * MINUTE);
    expect([isInside(KNOCK), await messages()]).toEqual([true, [`late ${KNOCK}`]]);
  });

  it("does what is left of a room when the old server is back", async () => {
    onRequest = oldServerIsAway;
    inviteTo(KNOCK);
    await pass(2 * MINUTE);
    expect([isInside(KNOCK), isDirectChat(KNOCK)]).toEqual([true, false]);
    onRequest = () => undefined;
    await pass(20 * MINUTE);
    expect(isDirectChat(KNOCK)).toBe(true);
    expect(await run()).toMatchObject({ state: "watching", problem: null });
  });

  it("reports once that the old server has been away for long", async () => {
    onRequest = oldServerIsAway;
    await pass(20 * MINUTE);
    expect(await messages()).toEqual([]);
    await pass(6 * 60 * MINUTE);
    expect(await messages()).toEqual(["watch source server_trouble"]);
    await restart();
    await pass(6 * 60 * MINUTE);
    expect(await messages()).toEqual([]);
  });

  it("reports nothing while no server answers, because the bot's own network may be down", async () => {
    onRequest = () => {
      throw new UnreachableError("refused", "example");
    };
    await pass(3 * 60 * MINUTE);
    expect([await messages(), (await run()).state]).toEqual([[], "watching"]);
  });

  it("reports once that a session has ended, goes on with the other, and does the rest after a sign-in", async () => {
    servers.signedOut.add(SOURCE);
    await pass(5 * MINUTE);
    expect(await messages()).toEqual(["watch source session_ended"]);
    inviteTo(KNOCK);
    await pass(5 * MINUTE);
    expect([isInside(KNOCK), isDirectChat(KNOCK), await messages(), (await run()).state]).toEqual([
      true,
      false,
      [`late ${KNOCK}`],
      "watching",
    ]);
    await restart();
    await pass(60 * MINUTE);
    expect(await messages()).toEqual([]);
    servers.signedOut.clear();
    await signIn(bot);
    await pass(10 * MINUTE);
    expect([isDirectChat(KNOCK), (await run()).problem]).toEqual([true, null]);
    servers.signedOut.add(SOURCE);
    await pass(5 * MINUTE);
    expect(await messages()).toEqual(["watch source session_ended"]);
  });

  it("reports once that the new session has ended", async () => {
    servers.signedOut.add(TARGET);
    await pass(60 * MINUTE);
    expect([await messages(), (await run()).state]).toEqual([["watch target session_ended"], "watching"]);
    servers.signedOut.clear();
    inviteTo(CLOSED);
    await pass(5 * MINUTE);
    expect(isInside(CLOSED)).toBe(true);
  });

  it("sees an invitation to a room that the old account has left", async () => {
    servers.rooms.get(CLOSED)?.members.set(SOURCE, { membership: "leave" });
    inviteTo(CLOSED);
    await pass(30 * SECOND);
    expect(isInside(CLOSED)).toBe(true);
  });
});

describe("the watch itself", () => {
  it("goes on after the database was locked", async () => {
    const { runs } = bot.store.store;
    const locked = vi.spyOn(runs, "get").mockRejectedValue(new Error("SQLITE_BUSY: database is locked"));
    await pass(MINUTE);
    expect(locked.mock.calls.length).toBeGreaterThan(3);
    locked.mockRestore();
    letIn(servers);
    await pass(30 * SECOND);
    expect((await messages()).toSorted()).toEqual([`late ${CLOSED}`, `late ${KNOCK}`]);
  });

  it.each(["source", "target"] as const)("ends once the %s is no longer signed in", async (side) => {
    await bot.store.store.accounts.remove(OWNER, side);
    await pass(30 * SECOND);
    expect((await run()).state).toBe("over");
    let asked = 0;
    onRequest = () => void (asked += 1);
    await pass(60 * MINUTE);
    expect(asked).toBe(0);
  });

  it("accepts an invitation that was refused once it is sent again", async () => {
    const closed = servers.rooms.get(CLOSED);
    let tries = 0;
    onRequest = ({ path }) => void (tries += path.includes(`/join/${CLOSED}`) ? 1 : 0);
    closed?.faults.refused.add(TARGET);
    inviteTo(CLOSED);
    await pass(60 * MINUTE);
    const before = tries;
    await pass(60 * MINUTE);
    expect([isInside(CLOSED), tries - before, (await run()).state]).toEqual([false, 0, "watching"]);
    closed?.faults.refused.delete(TARGET);
    inviteTo(CLOSED);
    await pass(15 * MINUTE);
    expect([isInside(CLOSED), tries - before]).toEqual([true, 1]);
  });

  it("reports who declined a knock and why, and the next start does not knock again", async () => {
    moderate(servers.rooms.get(KNOCK), TARGET, { membership: "leave", reason: "members only" });
    await pass(10 * MINUTE);
    const row = async () =>
      (await bot.planning.last(OWNER))?.report.rooms.find(({ roomId }) => roomId === KNOCK);
    const declined = {
      route: "knock",
      status: "needs_moderator",
      reason: { code: "refused", serverText: "members only", by: { userId: MODERATOR, did: "declined" } },
      helpers: [{ userId: MODERATOR }],
    };
    expect(await row()).toMatchObject(declined);
    expect(await messages()).toEqual([`refused declined ${MODERATOR} ${KNOCK}`]);
    await makePlan(bot);
    expect(await row()).toMatchObject(declined);
    const again = { ...request, address: { ...request.address, eventId: "$again" } };
    await bot.runServices.starter.start(again);
    await pass(MINUTE);
    expect(servers.seen.filter((line) => line.includes("knocks"))).toHaveLength(1);
    moderate(servers.rooms.get(KNOCK), TARGET, { membership: "invite" });
    await pass(10 * MINUTE);
    expect(isInside(KNOCK)).toBe(true);
  });
});

describe("the watch beside another run of the same person", () => {
  /** Starts another run, which joins a room that the move leaves out. */
  async function joinExcluded(): Promise<void> {
    const rooms = ["!excluded:old.example"];
    const filters = { ...NO_FILTERS, categories: null };
    const address = { ...request.address, eventId: "$joins" };
    const joins = await bot.runServices.starter.joinAll({ ...request, address, rooms, filters });
    expect(joins.status).toBe("started");
  }

  it("enters a room only when the other run has ended, and soon after it", async () => {
    const answered = Promise.withResolvers<undefined>();
    let isJoining = false;
    onRequest = async ({ path }) => {
      isJoining ||= path.includes("/join/!excluded");
      // Neither the join is answered, nor the look whether it has taken effect.
      if (isJoining && path.includes("!excluded")) await answered.promise;
    };
    await pass(2 * 60 * MINUTE);
    await joinExcluded();
    inviteTo(CLOSED);
    await pass(20 * MINUTE);
    const states = async () => (await bot.store.store.runs.unfinished(OWNER)).map(({ state }) => state);
    expect([await states(), isInside(CLOSED)]).toEqual([["watching", "running"], false]);
    answered.resolve(undefined);
    await pass(5 * SECOND);
    expect([await states(), isInside(CLOSED)]).toEqual([["watching"], true]);
  });

  it("is what the commands of the person act on when the other run has ended", async () => {
    const { overview, control } = bot.runServices;
    const move = await run();
    await joinExcluded();
    await pass(MINUTE);
    expect(await run()).toMatchObject({ purpose: "joins", state: "over" });
    expect(await overview.statuses(OWNER)).toMatchObject([{ purpose: "move" }]);
    expect(await control.cancel(OWNER)).toMatchObject({ status: "cancelled", run: { purpose: "move" } });
    expect(await bot.store.store.runs.get(move.id)).toMatchObject({ state: "over", isCancelled: true });
  });
});

async function restart(): Promise<void> {
  await bot.runServices.stop();
  await bot.store.close();
  bot = startFakeBot({ folder, servers, onRequest: (asked) => onRequest(asked) });
  await bot.runServices.start();
}
