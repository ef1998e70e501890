import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Category } from "../../../../src/model/categories.ts";
import type { Report } from "../../../../src/model/report.ts";
import { ReportRenewals } from "../../../../src/service/keys/report-renewals.ts";
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
import { copiedKeys, newKeyCopy } from "../../../support/fakes/key-copies.ts";
import { sendAll } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const OPEN = "!public:old.example";
const PUBLIC_KEY = `${"B".repeat(42)}A`;
const log = pino({ enabled: false });

let bot: FakeBot;
let servers: FakeHomeservers;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  bot = startFakeBot({ folder: await temporaryFolder(), servers });
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

function giveBackup(userId: string, count: number): void {
  const description = {
    version: "1",
    algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
    auth_data: { public_key: PUBLIC_KEY },
    count,
  };
  servers.keyBackups.set(userId, { version: description, rooms: {} });
}

async function lastReport(): Promise<Report> {
  const plan = await bot.planning.last(OWNER);
  if (plan === null) throw new Error("there is no plan");
  return plan.report;
}

function roomKeys({ categories }: Report): Category | undefined {
  return categories.find(({ name }) => name === "room_keys");
}

async function start(eventId: string): Promise<string> {
  const address = { ...request.address, eventId };
  return (await bot.runServices.starter.start({ ...request, address })).status;
}

describe("room keys", () => {
  it("begin no run and hold up no end; the end says that they are missing", async () => {
    giveBackup(SOURCE, 5);
    await makePlan(bot, { only: [OPEN] });
    await bot.runServices.start();
    expect(await start("$first")).toBe("started");
    await vi.advanceTimersByTimeAsync(0);
    expect(await bot.store.store.runs.last(OWNER)).toMatchObject({ state: "over" });
    const end = (await sendAll(bot.store.store.outbox)).find(({ transactionId }) =>
      transactionId.endsWith("end"),
    );
    expect(JSON.stringify(end?.content)).toContain("5 keys of encrypted history are missing");
    await makePlan(bot, { only: [OPEN] });
    expect(await start("$second")).toBe("nothing_to_do");
    expect(roomKeys(await lastReport())).toMatchObject({ expected: 5, present: 0, missing: ["* 5"] });
  });

  it("are read as a filter of categories wants them", async () => {
    giveBackup(SOURCE, 5);
    await makePlan(bot, { categories: ["rooms"] });
    expect(roomKeys(await lastReport())).toMatchObject({ expected: 0, missing: [] });
    expect((await lastReport()).keys).toMatchObject({ kind: "counted", missing: 5 });
    await makePlan(bot, { hasRooms: false, categories: ["room_keys"] });
    expect(roomKeys(await lastReport())).toMatchObject({ expected: 5 });
    await makePlan(bot, { hasRooms: false, categories: ["tags"] });
    expect((await lastReport()).keys).toBeNull();
  });

  it("that a copy from this backup found unusable are known; those of another backup are not", async () => {
    giveBackup(SOURCE, 5);
    await makePlan(bot);
    const { keyCopies } = bot.store.store;
    const copy = newKeyCopy({ owner: OWNER, source: SOURCE, target: TARGET });
    for (const [publicKey, unusable] of [
      [PUBLIC_KEY, 2],
      ["another key", 0],
    ] as const) {
      const address = { ...copy.address, eventId: publicKey };
      const begun = await keyCopies.begin({ ...copy, address });
      if (begun.status !== "begun") throw new Error(begun.status);
      const from = { version: "1", publicKey };
      const facts = { ...copiedKeys, source: SOURCE, target: TARGET, from };
      await keyCopies.finish(begun.copy.id, facts, new Map([[OPEN, 2]]));
      await bot.planning.renewKeys(OWNER, new AbortController().signal);
      expect((await lastReport()).keys).toMatchObject({ missing: 5, unusable });
    }
  });

  it("are read again after a copy, and the rest of the report stays", async () => {
    giveBackup(SOURCE, 5);
    await makePlan(bot);
    const before = await lastReport();
    giveBackup(SOURCE, 6);
    servers.rooms.get(OPEN)?.members.set(TARGET, { membership: "join" });
    const renewals = new ReportRenewals(bot.planning, log);
    renewals.begin(OWNER);
    await expect.poll(async () => roomKeys(await lastReport())?.expected).toBe(6);
    await renewals.stop();
    const { rooms } = await lastReport();
    expect(rooms).toEqual(before.rooms);
  });

  it("stay as they were if an account cannot be read", async () => {
    giveBackup(SOURCE, 5);
    await makePlan(bot);
    giveBackup(SOURCE, 6);
    servers.signedOut.add(TARGET);
    await bot.planning.renewKeys(OWNER, new AbortController().signal);
    expect(roomKeys(await lastReport())?.expected).toBe(5);
  });
});
