import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { FakeBot, FakeBotOptions } from "../../../support/fakes/fake-bot.ts";
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
import type { CrashTime } from "../../../support/faults/crashing-store.ts";
import { sendAll } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let bot: FakeBot;
let folder: string;
let servers: FakeHomeservers;
let onRequest: (request: FakeRequest) => void | Promise<void>;
let isPermitted: boolean;

function startBot(more: Partial<FakeBotOptions> = {}): FakeBot {
  return startFakeBot({
    folder,
    servers,
    onRequest: (asked) => onRequest(asked),
    isPermitted: () => isPermitted,
    ...more,
  });
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  servers = fakePerson();
  onRequest = () => undefined;
  isPermitted = true;
  bot = startBot();
  await makePlan(bot);
  await bot.runServices.start();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

/** Another message of the person. */
function from(eventId: string): typeof request {
  return { ...request, address: { ...request.address, eventId } };
}

/** Gives the result of work that takes time. */
async function after<Result>(work: Promise<Result>): Promise<Result> {
  const ended = Promise.withResolvers<undefined>();
  const settle = (): void => ended.resolve(undefined);
  work.then(settle, settle);
  const isOver = ended.promise.then(() => true);
  for (let tick = 0; tick < 1_000; tick += 1) {
    if (await Promise.race([isOver, vi.advanceTimersByTimeAsync(SECOND).then(() => false)])) break;
  }
  return work;
}

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function isAway({ host }: FakeRequest): void {
  if (host === "old.example") throw new UnreachableError("reset", "old.example");
}

/** Begins nothing: the old server does not answer. */
async function keepStart(eventId = "$start"): Promise<void> {
  onRequest = isAway;
  const result = await after(bot.runServices.starter.start(from(eventId)));
  expect(result).toMatchObject({
    status: "kept",
    kind: "move",
    cause: { side: "source", userId: SOURCE, code: "unreachable" },
    // The old server may be gone for good.
    files: { kind: "none" },
  });
}

async function restart(more: Partial<FakeBotOptions> = {}): Promise<void> {
  await bot.runServices.stop();
  await bot.store.close();
  bot = startBot(more);
  await bot.runServices.start();
}

async function runs(): Promise<string[]> {
  const all = await bot.store.store.runs.between(OWNER, SOURCE, TARGET);
  return all.map(({ purpose, state, isCancelled }) => `${purpose} ${isCancelled ? "cancelled" : state}`);
}

/** The messages since the last call that answer kept requests. */
async function answers(): Promise<string[]> {
  const sent = await sendAll(bot.store.store.outbox);
  return sent
    .filter(({ transactionId }) => transactionId.startsWith("kept "))
    .map(({ content }) => JSON.stringify(content));
}

describe("a start that meets a fault", () => {
  it("is kept, tried again, and begins when both accounts can be read", async () => {
    await keepStart();
    await pass(10 * MINUTE);
    expect([await runs(), await answers()]).toEqual([[], []]);
    expect(await bot.runServices.overview.kept(OWNER)).toMatchObject({ request: { kind: "move" } });
    onRequest = () => undefined;
    await pass(10 * MINUTE);
    expect(await runs()).toEqual(["move watching"]);
    expect(await answers()).toEqual([expect.stringContaining("Started")]);
    expect(await bot.runServices.overview.kept(OWNER)).toBeNull();
  });

  it("begins after a restart too, once", async () => {
    await keepStart();
    await restart();
    onRequest = () => undefined;
    await pass(MINUTE);
    await restart();
    await pass(10 * MINUTE);
    expect([await runs(), (await answers()).length]).toEqual([["move watching"], 1]);
  });

  it("is tried seldom, and is given up with words after days", async () => {
    await keepStart();
    let tries = 0;
    onRequest = (asked) => {
      if (asked.host === "old.example") tries += 1;
      isAway(asked);
    };
    const inHour = [];
    for (let hour = 0; hour < 2; hour += 1) {
      const before = tries;
      await pass(HOUR);
      inHour.push(tries - before);
    }
    expect((inHour[0] ?? 0) > (inHour[1] ?? 0)).toBe(true);
    vi.setSystemTime(Date.now() + 3 * DAY);
    await pass(HOUR);
    expect(await answers()).toEqual([expect.stringContaining("I have tried for three days")]);
    const before = tries;
    await pass(HOUR);
    expect(tries).toBe(before);
  });

  it("is not kept where only the person can help", async () => {
    servers.signedOut.add(SOURCE);
    const result = await after(bot.runServices.starter.start(request));
    expect(result).toMatchObject({ status: "not_read", refusal: { code: "session_ended" } });
    expect(await bot.runServices.overview.kept(OWNER)).toBeNull();
  });

  it.each([
    {
      then: "the session has ended",
      change: async () => void servers.signedOut.add(SOURCE),
      says: "Please sign in again",
    },
    {
      then: "an account is signed out",
      change: async () => bot.store.store.accounts.remove(OWNER, "source"),
      says: "needs your old account first",
    },
    {
      then: "the person has made a plan of other rooms",
      change: async () => makePlan(bot, { only: ["!public:old.example"] }),
      says: "You have made another plan since",
    },
  ])("is answered as a start would be now, if $then", async ({ change, says }) => {
    await keepStart();
    onRequest = () => undefined;
    await change();
    await pass(HOUR);
    expect([await runs(), await answers()]).toEqual([[], [expect.stringContaining(says)]]);
    await pass(2 * HOUR);
    expect(await answers()).toEqual([]);
  });

  it("is dropped for a person who may no longer use the bot", async () => {
    await keepStart();
    onRequest = () => undefined;
    isPermitted = false;
    await pass(HOUR);
    isPermitted = true;
    await pass(2 * HOUR);
    expect([await runs(), await answers()]).toEqual([[], []]);
  });

  it("waits while a watched move goes on by itself", async () => {
    await bot.runServices.starter.start(request);
    await pass(MINUTE);
    expect(await runs()).toEqual(["move watching"]);
    await keepStart("$second");
    for (const event of ["access_changed", "paused"] as const) await bot.store.store.runs.apply(1, event);
    onRequest = () => undefined;
    await pass(HOUR);
    expect([await runs(), await answers()]).toEqual([["move paused"], []]);
    await bot.store.store.runs.apply(1, "cancelled");
    await pass(HOUR);
    expect(await bot.runServices.overview.kept(OWNER)).toBeNull();
    expect((await answers()).length).toBe(1);
  });
});

describe("a kept start, and what the person says next", () => {
  it.each(["cancel", "pause"] as const)("is ended at once by %s, also while it is tried", async (command) => {
    await keepStart();
    const never = Promise.withResolvers<undefined>();
    onRequest = () => never.promise;
    await pass(MINUTE);
    onRequest = () => undefined;
    expect(await bot.runServices.control[command](OWNER)).toEqual({ status: "kept_ended", kind: "move" });
    await pass(2 * HOUR);
    expect([await runs(), await answers()]).toEqual([[], []]);
  });

  it("is tried at once when the person says resume", async () => {
    await keepStart();
    await pass(30 * MINUTE);
    onRequest = () => undefined;
    const resumed = await bot.runServices.control.resume(OWNER);
    expect(resumed).toEqual({ status: "kept_tried", kind: "move" });
    await pass(5 * SECOND);
    expect((await runs()).length).toBe(1);
  });

  it("leaves the watch alone when it is cancelled", async () => {
    await bot.runServices.starter.start(request);
    await pass(MINUTE);
    await keepStart("$second");
    expect((await bot.runServices.control.cancel(OWNER)).status).toBe("kept_ended");
    expect(await runs()).toEqual(["move watching"]);
  });

  it("is erased when the person signs out", async () => {
    await keepStart();
    await bot.runServices.control.abandon(OWNER);
    onRequest = () => undefined;
    await pass(2 * HOUR);
    expect([await runs(), await answers()]).toEqual([[], []]);
  });

  it("is replaced by a newer request that begins", async () => {
    await keepStart();
    onRequest = () => undefined;
    const filters = { ...NO_FILTERS, categories: null };
    const joins = { ...from("$joins"), rooms: ["!excluded:old.example"], filters };
    const result = await after(bot.runServices.starter.joinAll(joins));
    expect(result).toMatchObject({ status: "started", replaced: "move" });
    await pass(2 * HOUR);
    expect([await runs(), await answers()]).toEqual([["joins over"], []]);
  });

  it("is replaced by a newer request that is kept", async () => {
    await keepStart();
    const result = await after(bot.runServices.starter.copyProfile(from("$profile")));
    expect(result).toMatchObject({ status: "kept", kind: "profile", replaced: "move" });
    onRequest = () => undefined;
    await pass(HOUR);
    expect(await runs()).toEqual(["profile over"]);
  });

  it("stays when a comparison meets the same fault", async () => {
    await keepStart();
    const compared = await after(bot.runServices.verifier.verify(from("$verify")));
    expect(compared.status).toBe("not_read");
    expect(await bot.runServices.overview.kept(OWNER)).toMatchObject({ request: { kind: "move" } });
  });

  it("does not begin twice when the person starts by themselves", async () => {
    await keepStart();
    onRequest = () => undefined;
    expect(await after(bot.runServices.starter.start(from("$again")))).toMatchObject({ status: "started" });
    await pass(2 * HOUR);
    expect([await runs(), await answers()]).toEqual([["move watching"], []]);
  });
});

describe("other requests that meet a fault", () => {
  it("compare when both accounts can be read", async () => {
    onRequest = isAway;
    const result = await after(bot.runServices.verifier.verify(from("$verify")));
    expect(result).toMatchObject({ status: "kept", kind: "verify" });
    onRequest = () => undefined;
    await pass(HOUR);
    expect(await answers()).toEqual([expect.stringContaining("Compared")]);
  });

  it("undo what was confirmed, and ask again if that has changed", async () => {
    await bot.runServices.starter.start(request);
    await pass(MINUTE);
    const { starter } = bot.runServices;
    const preview = await after(starter.previewUndo(from("$undo")));
    if (preview.status !== "possible") throw new Error(preview.status);
    onRequest = ({ host }) => {
      if (host === "new.example") throw new UnreachableError("reset", host);
    };
    const confirmed = { shown: preview.shown, leavesAnyway: false };
    expect(await after(starter.undo(from("$undo"), { ...confirmed, shown: "older" }))).toMatchObject({
      status: "kept",
      kind: "undo",
    });
    onRequest = () => undefined;
    await pass(HOUR);
    expect([await runs(), await answers()]).toEqual([
      ["move watching"],
      [expect.stringContaining("Something has changed since I asked")],
    ]);
    onRequest = ({ host }) => {
      if (host === "new.example") throw new UnreachableError("reset", host);
    };
    expect(await after(starter.undo(from("$undo"), confirmed))).toMatchObject({ status: "kept" });
    onRequest = () => undefined;
    await pass(HOUR);
    expect([await runs(), await answers()]).toEqual([
      ["move over", "undo over"],
      [expect.stringContaining("Started")],
    ]);
  });

  it("ask whether to undo when the accounts can be read", async () => {
    await bot.runServices.starter.start(request);
    await pass(MINUTE);
    onRequest = ({ host }) => {
      if (host === "new.example") throw new UnreachableError("reset", host);
    };
    expect(await after(bot.runServices.starter.previewUndo(from("$undo")))).toMatchObject({
      status: "kept",
      kind: "undo_question",
    });
    onRequest = () => undefined;
    await pass(HOUR);
    expect(await answers()).toEqual([expect.stringContaining("Shall I take back the move?")]);
  });
});

describe("a kept start whose process is killed", () => {
  it.each([1, 2, 3, 4, 5, 6].flatMap((n) => (["before", "after"] as const).map((time) => ({ n, time }))))(
    "begins once and says so once, killed just $time write $n",
    async ({ n, time }) => {
      await keepStart();
      onRequest = () => undefined;
      let writes = 0;
      await bot.runServices.stop();
      await bot.store.close();
      bot = startBot({ crashTimeOf: (): CrashTime => (++writes === n ? time : "none") });
      void bot.runServices.start();
      await pass(30 * SECOND);
      expect(bot.hasCrashed()).toBe(true);
      bot = startBot();
      await bot.runServices.start();
      await pass(MINUTE);
      expect([await runs(), (await answers()).length]).toEqual([["move watching"], 1]);
    },
  );
});
