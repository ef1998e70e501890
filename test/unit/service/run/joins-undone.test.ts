import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { verifyMove } from "../../../../src/service/run/verify.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  TARGET,
  fakePerson,
  makePlan,
  request,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers, FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import type { FakeRoom } from "../../../support/fakes/fake-room.ts";
import { MODERATOR, moderate } from "../../../support/fakes/fake-room.ts";
import { sendAll } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const MINUTE = 60_000;
const OPEN = "!public:old.example";

let bot: FakeBot;
let servers: FakeHomeservers;
let open: FakeRoom;
/** Called when a request has taken effect, before it is answered. */
let onRequest: (request: FakeRequest) => void;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  onRequest = () => undefined;
  const room = servers.rooms.get(OPEN);
  if (room === undefined) throw new Error("there is no open room");
  open = room;
  bot = startFakeBot({
    folder: await temporaryFolder(),
    servers,
    onRequest: (asked) => onRequest(asked),
  });
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function start(eventId = "$start"): Promise<void> {
  await makePlan(bot);
  if (eventId === "$start") await bot.runServices.start();
  await bot.runServices.starter.start({ ...request, address: { ...request.address, eventId } });
  await pass();
}

/** Moves the clock forward and runs everything that becomes due. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

async function row() {
  return (await bot.planning.last(OWNER))?.report.rooms.find(({ roomId }) => roomId === OPEN);
}

async function statuses(): Promise<unknown[]> {
  return ((await bot.planning.last(OWNER))?.report.rooms ?? []).map(({ status }) => status);
}

function joins(): number {
  return servers.seen.filter((line) => line === `${TARGET} joins ${OPEN}`).length;
}

/** Sends all messages and returns their contents as one text. */
async function messages(): Promise<string> {
  const sent = await sendAll(bot.store.store.outbox);
  return sent.map(({ content }) => JSON.stringify(content)).join("");
}

/** Does something to the room each time when the account has just joined it. */
function afterJoin(action: () => void): (request: FakeRequest) => void {
  return ({ path }) => {
    if (path.includes(`/join/${OPEN}`)) action();
  };
}

describe("a room that the account was let into and removed from again", () => {
  beforeEach(async () => {
    onRequest = afterJoin(() =>
      moderate(open, TARGET, { membership: "leave", reason: "new accounts wait a day" }),
    );
    await start();
  });

  it("waits for the person who removed it, and says who and why", async () => {
    expect(await row()).toMatchObject({
      route: "ask_moderator",
      status: "needs_moderator",
      reason: {
        code: "refused",
        serverText: "new accounts wait a day",
        by: { userId: MODERATOR, did: "removed" },
      },
      helpers: [{ userId: MODERATOR }],
    });
    expect(await statuses()).not.toContain("planned");
  });

  it("is not entered again by itself, in the watch or by another start", async () => {
    await pass(60 * MINUTE);
    await start("$again");
    await pass(60 * MINUTE);
    expect([joins(), (await row())?.status]).toEqual([1, "needs_moderator"]);
  });

  it("is entered again by an invitation", async () => {
    onRequest = () => undefined;
    moderate(open, TARGET, { membership: "invite" });
    await pass(10 * MINUTE);
    expect([joins(), (await row())?.status]).toEqual([2, "done"]);
  });
});

describe("a room that bans the account as soon as it is in", () => {
  beforeEach(async () => {
    onRequest = afterJoin(() => moderate(open, TARGET, { membership: "ban" }));
    await start();
    onRequest = () => undefined;
  });

  it("waits for the end of the ban", async () => {
    expect(await row()).toMatchObject({ status: "needs_moderator", reason: { code: "target_banned" } });
    expect(await statuses()).not.toContain("planned");
  });

  it("is entered again when the ban was lifted", async () => {
    await pass(MINUTE);
    moderate(open, TARGET, { membership: "leave" });
    await pass(10 * MINUTE);
    expect([joins(), (await row())?.status]).toEqual([2, "done"]);
  });
});

describe("a join that was accepted in vain", () => {
  it("is tried once more", async () => {
    open.faults.vainJoins = 1;
    await start();
    expect([joins(), (await row())?.status, open.faults.vainJoins]).toEqual([1, "done", 0]);
  });

  it.each([
    { name: "had left the room", sender: TARGET },
    { name: "had been removed from the room", sender: MODERATOR },
  ])("is tried once more where the account $name long ago", async ({ sender }) => {
    open.members.set(TARGET, { membership: "leave" });
    open.memberSetBy.set(TARGET, { sender, at: Date.now() - 60 * MINUTE });
    open.faults.vainJoins = 1;
    await start();
    expect([joins(), (await row())?.status, open.faults.vainJoins]).toEqual([1, "done", 0]);
  });

  it("is given up the second time on each route, and the room then waits for a person", async () => {
    open.faults.vainJoins = 100;
    await start();
    await pass(60 * MINUTE);
    // A public join, the old account's invitation, and that invitation again as a pending one.
    expect([100 - open.faults.vainJoins, (await row())?.status]).toEqual([2 * 3, "needs_moderator"]);
    expect(await statuses()).not.toContain("planned");
  });
});

describe("a room that the person leaves with the new account during the move", () => {
  it("is left alone", async () => {
    onRequest = afterJoin(() => {
      open.members.set(TARGET, { membership: "leave" });
      open.memberSetBy.set(TARGET, { sender: TARGET, at: Date.now() });
    });
    await start();
    await pass(60 * MINUTE);
    expect([joins(), (await row())?.status, (await row())?.route]).toEqual([1, "skipped", "excluded"]);
    expect(await statuses()).not.toContain("planned");
  });
});

describe("a room in which the old server does not show the account", () => {
  it("is done, and the end and a comparison say so once it had time to spread", async () => {
    open.faults.hidden.add(TARGET);
    await start();
    expect(await bot.store.store.runs.last(OWNER)).toMatchObject({ state: "running" });
    await pass(10_000);
    expect(await bot.store.store.runs.last(OWNER)).toMatchObject({ state: "watching" });
    expect((await row())?.status).toBe("done");
    const verified = await verifyMove(OWNER, { botRoomIds: [], onProgress: () => undefined }, bot.planning);
    expect(verified.status === "verified" && verified.unseen.map(({ roomId }) => roomId)).toEqual([OPEN]);
    expect(await messages()).toContain("does not show your new account in 1 room");
  });

  it("ends at once where both servers show the same", async () => {
    await start();
    expect(await bot.store.store.runs.last(OWNER)).toMatchObject({ state: "watching" });
  });
});
