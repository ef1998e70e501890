import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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
import { moderate } from "../../../support/fakes/fake-room.ts";
import { sendAll, subjectsOf } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const MINUTE = 60_000;
const CLOSED = "!closed:old.example";
const ORDER = { kind: "ask", purpose: "ask", order: { rooms: [CLOSED], text: null, way: "direct" } } as const;

let bot: FakeBot;
let servers: FakeHomeservers;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  // Without direct chats, a question opens a new one.
  servers.accounts.get(SOURCE)?.accountData.delete("m.direct");
  bot = startFakeBot({ folder: await temporaryFolder(), servers });
  await makePlan(bot);
  await bot.runServices.start();
  // The chats of this day are opened.
  for (let step = 0; step < 10; step += 1)
    await bot.store.store.contacts.reserveChat(
      {
        move: { owner: OWNER, source: SOURCE, target: TARGET, isFromFile: false },
        step: { runId: 0, key: String(step) },
        ...{ partner: "@else:far.example", by: SOURCE, purpose: "ask" },
      },
      10,
      Date.now(),
    );
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

async function ask(): Promise<string> {
  const preview = await bot.runServices.proposals.preview({ ...request, ...ORDER });
  if (preview.status !== "possible") return preview.status;
  if (!preview.canBegin) return preview.facts.notAsked.map(({ why }) => why).join(" ");
  const { status } = await bot.runServices.proposals.confirm({ ...request, ...ORDER }, preview.shown);
  return status;
}

describe("a question that waits for the daily limit", () => {
  it("is not asked once more", async () => {
    expect(await ask()).toBe("started");
    await pass(MINUTE);
    expect(await ask()).toBe("question_waits");
  });

  it("lets the new account join a room as soon as somebody invites it", async () => {
    expect(await ask()).toBe("started");
    await pass(MINUTE);
    moderate(servers.rooms.get(CLOSED), TARGET, { membership: "invite" });
    await pass(2 * MINUTE);
    expect(servers.rooms.get(CLOSED)?.members.get(TARGET)?.["membership"]).toBe("join");
    expect(subjectsOf(await sendAll(bot.store.store.outbox))).toEqual([`late ${CLOSED}`]);
    const plan = await bot.runServices.overview.lastPlan(OWNER);
    expect(plan?.report.rooms.find(({ roomId }) => roomId === CLOSED)?.status).toBe("done");
    await pass(24 * 60 * MINUTE);
    expect(servers.seen.filter((line) => line.includes("createRoom"))).toEqual([]);
    expect(await bot.store.store.contacts.asked({ owner: OWNER, source: SOURCE })).toEqual([]);
  });
});
