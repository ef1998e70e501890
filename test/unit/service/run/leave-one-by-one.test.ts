import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LeaveOrder } from "../../../../src/platforms/contact.ts";
import type { ContactPreview } from "../../../../src/service/contact/proposals.ts";
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
import type { FakeHomeservers, FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import { sendAll, subjectsOf } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const CLOSED = "!closed:old.example";
const PRIVATE = "!private:old.example";
const STAYS = "!knock:old.example";
const ORDER: LeaveOrder = {
  rooms: [CLOSED, PRIVATE, STAYS],
  reason: null,
  withoutKeys: false,
  anyway: null,
};
const LEAVE = { kind: "leave", purpose: "leave" } as const;

let bot: FakeBot;
let folder: string;
let servers: FakeHomeservers;
let onRequest: (asked: FakeRequest) => Promise<void>;
let events = 0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  servers = fakePerson();
  onRequest = async () => undefined;
  bot = startFakeBot({ folder, servers, onRequest: (asked) => onRequest(asked) });
  await makePlan(bot);
  await bot.runServices.start();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

function message(eventId = `$event ${(events += 1)}`) {
  return { ...request, address: { ...request.address, eventId } };
}

async function shown(): Promise<ContactPreview<"leave">> {
  const preview = await bot.runServices.proposals.preview({ ...message(), ...LEAVE, order: ORDER });
  if (preview.status !== "possible") throw new Error(`no preview: ${preview.status}`);
  return preview;
}

/** Confirms one room of a question; the others stay open. */
async function leave(
  asked: Pick<ContactPreview<"leave">, "order" | "shown">,
  anyway: string,
  eventId?: string,
) {
  const rest = { ...asked.order, rooms: asked.order.rooms.filter((roomId) => roomId !== anyway) };
  const answer = { ...message(eventId), ...LEAVE, order: { ...asked.order, anyway }, rest };
  return await bot.runServices.proposals.confirm(answer, asked.shown);
}

/** Confirms one room, and returns the question about the others. */
async function begin(
  asked: Pick<ContactPreview<"leave">, "order" | "shown">,
  anyway: string,
  eventId?: string,
) {
  const result = await leave(asked, anyway, eventId);
  if (result.status !== "started" || result.rest === undefined) throw new Error(result.status);
  return result.rest;
}

/** Holds the first request that matches, until it is released. */
function hold(isMeant: (asked: FakeRequest) => boolean) {
  const [held, released] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  let isHeld = false;
  onRequest = async (asked) => {
    if (isHeld || !isMeant(asked)) return;
    isHeld = true;
    held.resolve(undefined);
    await released.promise;
  };
  return { held: held.promise, release: () => released.resolve(undefined) };
}

async function untilOver(): Promise<void> {
  for (let turn = 0; turn < 1_000 && (await states()).includes("running"); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

async function states(): Promise<string[]> {
  const all = await bot.store.store.runs.between(OWNER, SOURCE, TARGET);
  return all.filter(({ purpose }) => purpose === "leave").map(({ state }) => state);
}

const left = (): string[] =>
  servers.seen.filter((line) => line.startsWith(`${SOURCE} leaves`)).map((line) => line.split(" ")[2] ?? "");

describe("rooms in which something would be lost", () => {
  it("are left one after the other, in one run while it is under way", async () => {
    const question = await shown();
    expect(question.facts.kept.map(({ room }) => room.roomId).toSorted()).toEqual(ORDER.rooms.toSorted());
    const { held, release } = hold(({ path }) => path.endsWith("/leave"));
    const rest = await begin(question, CLOSED);
    await held;
    expect(rest.order.rooms).toEqual([PRIVATE, STAYS]);
    const last = await begin(rest, PRIVATE);
    expect(last.order.rooms).toEqual([STAYS]);
    release();
    await untilOver();
    expect(left()).toEqual([CLOSED, PRIVATE]);
    expect(await states()).toEqual(["over"]);
    expect(subjectsOf(await sendAll(bot.store.store.outbox))).toEqual(["end"]);
  });

  it("are left by another run once the first is over", async () => {
    const rest = await begin(await shown(), CLOSED);
    await untilOver();
    await begin(rest, PRIVATE);
    await untilOver();
    expect(left()).toEqual([CLOSED, PRIVATE]);
    expect(await states()).toEqual(["over", "over"]);
  });

  it("are added to a run that reads both accounts for its end, which comes later then", async () => {
    const question = await shown();
    const { held, release } = hold(() => left().length === 1);
    const rest = await begin(question, CLOSED);
    await held;
    await begin(rest, PRIVATE);
    release();
    await untilOver();
    expect(left()).toEqual([CLOSED, PRIVATE]);
    expect(await states()).toEqual(["over"]);
    expect(subjectsOf(await sendAll(bot.store.store.outbox))).toEqual(["end"]);
  });

  it("are not added to a run that is paused", async () => {
    const question = await shown();
    const { held, release } = hold(({ path }) => path.endsWith("/leave"));
    const rest = await begin(question, CLOSED);
    await held;
    const pausing = bot.runServices.control.pause(OWNER);
    release();
    await pausing;
    expect(await leave(rest, PRIVATE)).toMatchObject({ status: "already", run: { state: "paused" } });
    await bot.runServices.control.resume(OWNER);
    await untilOver();
    expect(left()).toEqual([CLOSED]);
  });

  it("are left once if the same answer is handled again after a crash", async () => {
    const question = await shown();
    const { held, release } = hold(({ path }) => path.endsWith("/leave"));
    const rest = await begin(question, CLOSED, "$first");
    await held;
    expect((await leave(question, CLOSED, "$first")).status).toBe("started");
    expect((await leave(rest, PRIVATE, "$second")).status).toBe("started");
    release();
    await untilOver();
    expect(left()).toEqual([CLOSED, PRIVATE]);
    expect((await leave(rest, PRIVATE, "$second")).status).not.toBe("started");
    expect(left()).toEqual([CLOSED, PRIVATE]);
  });
});
