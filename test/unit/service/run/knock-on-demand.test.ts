import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  TARGET,
  fakePerson,
  makePlan,
  request,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { MODERATOR, moderate } from "../../../support/fakes/fake-room.ts";
import { sendAll, subjectsOf } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KNOCK = "!knock:old.example";
const CLOSED = "!closed:old.example";

let bot: FakeBot;
let folder: string;
let servers: FakeHomeservers;
let events = 0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  servers = fakePerson();
  bot = startFakeBot({ folder, servers });
  await makePlan(bot);
  await bot.runServices.start();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

const MAX_TURNS = 1_000;

/** Moves the clock forward and runs everything that becomes due, also what is not a timer. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < MAX_TURNS && (await runs()).some((run) => run.endsWith("running")); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(0);
  }
}

/** The request of another command. */
function command() {
  events += 1;
  return { ...request, address: { ...request.address, eventId: `$event ${events}` } };
}

async function move(): Promise<void> {
  expect((await bot.runServices.starter.start(command())).status).toBe("started");
  await pass();
  expect(await messages()).toEqual(["end"]);
}

/** `!knock`, and the confirmation of what it shows. */
async function knock(...rooms: readonly string[]): Promise<void> {
  const order = { kind: "knock", purpose: "knock", order: { rooms, reason: null } } as const;
  const preview = await bot.runServices.proposals.preview({ ...command(), ...order });
  if (preview.status !== "possible") throw new Error(`no preview: ${preview.status}`);
  expect(preview.facts.knocks.map(({ room }) => room.roomId)).toEqual([KNOCK]);
  expect((await bot.runServices.proposals.confirm({ ...command(), ...order }, preview.shown)).status).toBe(
    "started",
  );
  await pass();
}

function answer(membership: "invite" | "leave", reason?: string): void {
  moderate(servers.rooms.get(KNOCK), TARGET, { membership, ...(reason !== undefined && { reason }) });
}

function knocks(): number {
  return servers.seen.filter((line) => line.includes("knocks")).length;
}

function isInside(roomId: string): boolean {
  return servers.rooms.get(roomId)?.members.get(TARGET)?.["membership"] === "join";
}

/** Sends the messages since the last call, and returns what they are about, without progress. */
async function messages(): Promise<string[]> {
  return subjectsOf(await sendAll(bot.store.store.outbox));
}

async function runs(): Promise<string[]> {
  const all = await bot.store.store.runs.unfinished(OWNER);
  return all.map(({ purpose, state }) => `${purpose} ${state}`);
}

async function reported(roomId: string) {
  const plan = await bot.runServices.overview.lastPlan(OWNER);
  return plan?.report.rooms.find((room) => room.roomId === roomId);
}

describe("a knock that is repeated after it was declined", () => {
  beforeEach(async () => {
    await move();
    await pass(SECOND);
    answer("leave", "Who are you?");
    await pass(10 * SECOND);
    expect(await messages()).toEqual([`refused declined ${MODERATOR} ${KNOCK}`]);
    expect(await reported(KNOCK)).toMatchObject({ reason: { code: "refused", serverText: "Who are you?" } });
    expect(knocks()).toBe(1);
    await knock(KNOCK);
  });

  it("is an ordinary pending knock in the report and for the watch of the move", async () => {
    expect(knocks()).toBe(2);
    expect(await messages()).toEqual(["end"]);
    expect(await runs()).toEqual(["move watching"]);
    expect(await reported(KNOCK)).toMatchObject({
      route: "knock",
      status: "needs_moderator",
      reason: { code: "no_invite_power" },
    });
  });

  it("is taken up by the move once it is accepted", async () => {
    await messages();
    answer("invite");
    await pass(MINUTE);
    expect(isInside(KNOCK)).toBe(true);
    expect(await messages()).toEqual([`late ${KNOCK}`]);
    expect(await reported(KNOCK)).toMatchObject({ route: "joined", status: "done" });
  });

  it("is reported once more when it is declined once more", async () => {
    await messages();
    await pass(SECOND);
    answer("leave", "Still not");
    // Without sliding sync, rooms are read every five minutes.
    await pass(6 * MINUTE);
    const said = await messages();
    expect(said).toEqual([`refused declined ${MODERATOR} ${KNOCK}`]);
    expect(await reported(KNOCK)).toMatchObject({ reason: { code: "refused", serverText: "Still not" } });
    await pass(6 * MINUTE);
    expect(await messages()).toEqual([]);
  });
});

/** `!ask` about a room: the questions are sent, and nobody has answered yet. */
async function ask(roomId: string): Promise<void> {
  const move = await bot.planning.decide({ ...request, filters: { ...NO_FILTERS, categories: null } });
  if ("status" in move) throw new Error(`not decided: ${move.status}`);
  const { rooms } = move.decision.wholePlan(move.request);
  const about = rooms.filter((room) => room.roomId === roomId);
  await bot.runServices.begin(
    {
      ...{
        owner: OWNER,
        platform: "matrix",
        purpose: "ask",
        isFromFile: false,
        planNumber: 0,
        request: move.request,
      },
      ...{ source: SOURCE, target: TARGET, address: command().address },
    },
    { rooms: about, steps: [] },
  );
  await pass();
}

describe("a question to a helper", () => {
  it("is answered before the move has begun: the new account joins when it is invited", async () => {
    await ask(CLOSED);
    expect(await messages()).toEqual(["end"]);
    expect(await runs()).toEqual(["ask watching"]);
    moderate(servers.rooms.get(CLOSED), TARGET, { membership: "invite" });
    await pass(MINUTE);
    expect(isInside(CLOSED)).toBe(true);
    expect(await messages()).toEqual([`late ${CLOSED}`]);
    expect(await runs()).toEqual([]);
  });

  it("is left to the move that watches", async () => {
    await move();
    await ask(CLOSED);
    expect(await runs()).toEqual(["move watching"]);
    await messages();
    moderate(servers.rooms.get(CLOSED), TARGET, { membership: "invite" });
    await pass(MINUTE);
    expect(await messages()).toEqual([`late ${CLOSED}`]);
  });

  it("is looked after by the last run that asked, with the rooms of the ones before", async () => {
    await ask(CLOSED);
    await knock();
    expect(await runs()).toEqual(["knock watching"]);
    await messages();
    moderate(servers.rooms.get(CLOSED), TARGET, { membership: "invite" });
    await pass(MINUTE);
    expect(await messages()).toEqual([`late ${CLOSED}`]);
    expect(await runs()).toEqual(["knock watching"]);
  });
});

describe("a knock without a run that watches", () => {
  it("is watched before the move has begun, and the new account joins when it is accepted", async () => {
    await knock();
    expect(await messages()).toEqual(["end"]);
    expect(await runs()).toEqual(["knock watching"]);
    answer("invite");
    await pass(MINUTE);
    expect(isInside(KNOCK)).toBe(true);
    expect(await messages()).toEqual([`late ${KNOCK}`]);
    expect(await runs()).toEqual([]);
    expect(await reported(KNOCK)).toMatchObject({ route: "joined", status: "done" });
  });

  it("reports before the move has begun who declined it, and watches on for an invitation", async () => {
    await knock();
    await messages();
    await pass(SECOND);
    answer("leave", "Who are you?");
    await pass(MINUTE);
    expect(await messages()).toEqual([`refused declined ${MODERATOR} ${KNOCK}`]);
    expect(await reported(KNOCK)).toMatchObject({ reason: { code: "refused", serverText: "Who are you?" } });
    answer("invite");
    await pass(MINUTE);
    expect(isInside(KNOCK)).toBe(true);
  });

  it("is watched after the move was cancelled", async () => {
    await move();
    await bot.runServices.control.cancel(OWNER);
    answer("leave");
    await knock(KNOCK);
    expect(await runs()).toEqual(["knock watching"]);
    answer("invite");
    await pass(MINUTE);
    expect(isInside(KNOCK)).toBe(true);
  });

  it("is left to the move once that begins, which knocks no second time", async () => {
    await knock();
    await messages();
    await move();
    expect(await runs()).toEqual(["move watching"]);
    expect(knocks()).toBe(1);
    answer("invite");
    await pass(MINUTE);
    expect(await messages()).toEqual([`late ${KNOCK}`]);
  });

  it("hands its rooms over to the next one", async () => {
    await knock();
    await pass(SECOND);
    answer("leave");
    await pass(MINUTE);
    await messages();
    await knock(KNOCK);
    expect(await runs()).toEqual(["knock watching"]);
    expect(await messages()).toEqual(["end"]);
    await pass(SECOND);
    answer("leave");
    await pass(MINUTE);
    expect(await messages()).toEqual([`refused declined ${MODERATOR} ${KNOCK}`]);
  });

  it("is withdrawn by an undo", async () => {
    await knock();
    const { starter } = bot.runServices;
    const preview = await starter.previewUndo(command());
    if (preview.status !== "possible") throw new Error(`nothing to undo: ${preview.status}`);
    expect(preview.knocks.map(({ roomId }) => roomId)).toEqual([KNOCK]);
    const { shown } = preview;
    expect((await starter.undo(command(), { shown, leavesAnyway: false })).status).toBe("started");
    await pass();
    expect(servers.rooms.get(KNOCK)?.members.get(TARGET)).toMatchObject({ membership: "leave" });
    expect(await runs()).toEqual([]);
  });

  it("does not enter other rooms that open meanwhile", async () => {
    await knock();
    moderate(servers.rooms.get(CLOSED), TARGET, { membership: "invite" });
    await pass(MINUTE);
    expect(isInside(CLOSED)).toBe(false);
  });
});
