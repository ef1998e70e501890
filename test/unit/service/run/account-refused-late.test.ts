import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  TARGET,
  makePlan,
  request,
  signIn,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { fakeRoom, levelOf, moderate } from "../../../support/fakes/fake-room.ts";
import { sendAll, subjectsOf } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The old account may change levels there, and may not invite. */
const LEVELLED = "!levelled:old.example";
/** The new account is banned there. */
const BANNED = "!banned:old.example";
const CLOSED = "!closed:old.example";

let bot: FakeBot;
let servers: FakeHomeservers;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
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

/** A move that has ended, and watches the rooms that the new account is not in. */
async function endedMove(...watched: readonly string[]): Promise<void> {
  const members = { [SOURCE]: "join" };
  const all = [
    fakeRoom({ roomId: "!public:old.example", members, rule: "public" }),
    fakeRoom({ roomId: LEVELLED, members, levels: { [SOURCE]: 50 } }),
    fakeRoom({ roomId: BANNED, members: { ...members, [TARGET]: "ban" }, levels: { [SOURCE]: 50 } }),
    fakeRoom({ roomId: CLOSED, members }),
  ];
  const rooms = all.filter(({ roomId }) => roomId === "!public:old.example" || watched.includes(roomId));
  Object.assign(all[1]?.state.get("m.room.power_levels") ?? {}, { invite: 90 });
  Object.assign(all[2]?.state.get("m.room.power_levels") ?? {}, { ban: 90 });
  const account = (userId: string) => ({
    ...{ userId, profile: {}, accountData: new Map(), roomAccountData: new Map(), pushRules: {} },
  });
  servers = new FakeHomeservers(rooms, [account(SOURCE), account(TARGET)]);
  bot = startFakeBot({ folder: await temporaryFolder(), servers });
  await makePlan(bot);
  await bot.runServices.start();
  await bot.runServices.starter.start(request);
  await pass(MINUTE);
  expect([(await run()).state, await messages()]).toEqual(["watching", ["end"]]);
}

function isInside(roomId: string): boolean {
  return servers.rooms.get(roomId)?.members.get(TARGET)?.["membership"] === "join";
}

function levelIn(roomId: string): number {
  const room = servers.rooms.get(roomId);
  return room === undefined ? 0 : levelOf(room, TARGET);
}

describe("a room that opens while the old account cannot act", () => {
  it("gets what is left when a suspension ends, and the person is told once", async () => {
    await endedMove(LEVELLED, CLOSED);
    servers.suspended.add(SOURCE);
    moderate(servers.rooms.get(LEVELLED), TARGET, { membership: "invite" });
    await pass(5 * HOUR);
    expect([isInside(LEVELLED), levelIn(LEVELLED)]).toEqual([true, 0]);
    expect(await messages()).toEqual([`late ${LEVELLED}`, "watch source account_suspended"]);
    expect(await run()).toMatchObject({ state: "watching", problem: { side: "source" } });
    servers.suspended.clear();
    await pass(2 * HOUR);
    expect([levelIn(LEVELLED), await messages()]).toEqual([50, []]);
    expect(await run()).toMatchObject({ state: "watching", problem: null });
  });

  it("lets the run wait for the person where nothing else is watched", async () => {
    await endedMove(LEVELLED);
    servers.suspended.add(SOURCE);
    moderate(servers.rooms.get(LEVELLED), TARGET, { membership: "invite" });
    await pass(5 * HOUR);
    expect(await messages()).toEqual([`late ${LEVELLED}`, "needs you"]);
    expect(await run()).toMatchObject({ state: "needs_you", problem: { side: "source" } });
    await bot.runServices.control.resume(OWNER);
    await pass(MINUTE);
    expect([(await run()).state, levelIn(LEVELLED)]).toEqual(["needs_you", 0]);
    servers.suspended.clear();
    await bot.runServices.control.resume(OWNER);
    await pass(MINUTE);
    expect([(await run()).state, levelIn(LEVELLED)]).toEqual(["over", 50]);
  });

  it("is entered by an invitation of the old account when a suspension ends", async () => {
    await endedMove(BANNED, CLOSED);
    servers.suspended.add(SOURCE);
    moderate(servers.rooms.get(BANNED), TARGET, { membership: "leave" });
    await pass(5 * HOUR);
    expect([isInside(BANNED), await messages()]).toEqual([false, ["watch source account_suspended"]]);
    servers.suspended.clear();
    await pass(2 * HOUR);
    expect([isInside(BANNED), levelIn(BANNED)]).toEqual([true, 50]);
    expect(await run()).toMatchObject({ state: "watching", problem: null });
  });

  it("gets what is left after a sign-in where the session had ended", async () => {
    await endedMove(LEVELLED);
    servers.signedOut.add(SOURCE);
    moderate(servers.rooms.get(LEVELLED), TARGET, { membership: "invite" });
    await pass(HOUR);
    expect(await messages()).toEqual([`late ${LEVELLED}`, "needs you"]);
    servers.signedOut.clear();
    await signIn(bot);
    await bot.runServices.control.signedIn(OWNER, { side: "source", userId: SOURCE });
    await pass(MINUTE);
    expect([(await run()).state, levelIn(LEVELLED)]).toEqual(["over", 50]);
  });
});
