import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PlanFilters } from "../../../../src/model/filters.ts";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { StartResult } from "../../../../src/service/run/results.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  TARGET,
  startFakeBot,
  fakePerson,
  letIn,
  makePlan,
  request,
  signIn,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers, FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import { baseUrlOf, tokenOf } from "../../../support/fakes/fake-homeservers.ts";
import { MODERATOR } from "../../../support/fakes/fake-room.ts";
import { sendAll } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;
const CLOSED = "!closed:old.example";
const OPEN = "!public:old.example";
const KNOCK = "!knock:old.example";

let bot: FakeBot;
let folder: string;
let servers: FakeHomeservers;
/** Called when a request has arrived, before it is answered. */
let onRequest: (request: FakeRequest) => void;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  servers = fakePerson();
  onRequest = () => undefined;
  bot = startFakeBot({ folder, servers, onRequest: (asked) => onRequest(asked) });
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function start(filters: Partial<PlanFilters> = {}): Promise<void> {
  await makePlan(bot, filters);
  await bot.runServices.start();
  expect((await bot.runServices.starter.start(request)).status).toBe("started");
}

/** Moves the clock forward and runs everything that becomes due. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

async function run() {
  const last = await bot.store.store.runs.last(OWNER);
  if (last === null) throw new Error("there is no run");
  return last;
}

async function stepsOf(kind: string): Promise<string[]> {
  const steps = await bot.store.store.steps.all((await run()).id);
  return steps.filter((step) => step.kind === kind).map(({ key, state }) => `${key} ${state}`);
}

/** Sends and returns the messages since the last call. */
async function sent() {
  return (await sendAll(bot.store.store.outbox)).map(({ transactionId, content }) => ({
    key: transactionId.replace(/^run \d+ /u, ""),
    content,
  }));
}

async function said(): Promise<string[]> {
  const keys = ["end", `late ${CLOSED}`, `late ${KNOCK}`];
  return (await sent())
    .map(({ key }) => key)
    .filter((key) => keys.includes(key) || key.startsWith("needs you"));
}

/** Runs the action once, when both accounts are read again after the last step. */
function atFinish(action: () => void): (request: FakeRequest) => void {
  let isLast = false;
  let isDone = false;
  return ({ path }) => {
    isLast ||= path.endsWith("/account_data/m.ignored_user_list");
    if (!isLast || isDone || !path.endsWith("/capabilities")) return;
    isDone = true;
    action();
  };
}

describe("the end of a run", () => {
  it("is watched where rooms wait for a person", async () => {
    await start();
    await pass();
    expect(await run()).toMatchObject({ state: "watching", stage: 0 });
    expect(await said()).toEqual(["end"]);
  });

  it("is watched again if nothing else is left to do, and then starts nothing more", async () => {
    await start();
    await pass();
    await bot.runServices.control.cancel(OWNER);
    await sent();
    await makePlan(bot);
    const again = (eventId: string) =>
      bot.runServices.starter.start({ ...request, address: { ...request.address, eventId } });
    expect(await again("$again")).toMatchObject({ status: "started", isOnlyWatch: true });
    await pass();
    expect(await run()).toMatchObject({ state: "watching" });
    expect(await said()).toEqual(["end"]);
    await makePlan(bot);
    expect((await again("$once more")).status).toBe("nothing_to_do");
    const { report } = (await bot.planning.last(OWNER)) ?? {
      report: { source: SOURCE, target: TARGET, rooms: [] },
    };
    expect(await bot.runServices.overview.isWatched(OWNER, report)).toBe(true);
    expect(await bot.runServices.overview.isWatched(OWNER, { ...report, source: "@other:old.example" })).toBe(
      false,
    );
    const unknown = report.rooms.map((room) =>
      room.status === "needs_moderator" ? { ...room, roomId: "!late:old.example" } : room,
    );
    expect(await bot.runServices.overview.isWatched(OWNER, { ...report, rooms: unknown })).toBe(false);
  });

  it("of a part waits for a server that is away, and then shows in the report what it did", async () => {
    await makePlan(bot);
    await bot.runServices.start();
    let isAway = false;
    onRequest = ({ path }) => {
      isAway ||= path.includes("/join/");
      if (isAway && path.endsWith("/capabilities")) throw new UnreachableError("aborted", "old.example");
    };
    await bot.runServices.starter.joinAll({
      ...request,
      filters: { ...NO_FILTERS, categories: null },
      rooms: [OPEN],
    });
    await pass(30 * SECOND);
    expect(await run()).toMatchObject({ purpose: "joins", state: "running" });
    onRequest = () => undefined;
    await pass(120 * SECOND);
    expect(await run()).toMatchObject({ purpose: "joins", state: "over" });
    expect((await bot.planning.last(OWNER))?.report.rooms.find(({ roomId }) => roomId === OPEN)?.status).toBe(
      "done",
    );
  });

  it("does what is left of a room into which the account came by itself", async () => {
    onRequest = ({ path }) => {
      if (path.includes("/knock/")) servers.rooms.get(CLOSED)?.members.set(TARGET, { membership: "join" });
    };
    await start();
    await pass();
    expect(await stepsOf("tags")).toContain(`tags:${CLOSED} done`);
    expect(
      (await bot.planning.last(OWNER))?.report.rooms.find(({ roomId }) => roomId === CLOSED)?.status,
    ).toBe("done");
  });

  it("takes a way that opened while it went on", async () => {
    onRequest = atFinish(() =>
      servers.rooms.get(CLOSED)?.state.set("m.room.join_rules", { join_rule: "public" }),
    );
    await start();
    await pass();
    expect(await stepsOf("join")).toContain(`join:${CLOSED} done`);
    expect(servers.seen).toContain(`${TARGET} joins ${CLOSED}`);
    expect(await said()).toEqual(["end"]);
  });

  it("does not try again what was refused", async () => {
    await start();
    await pass();
    expect((await stepsOf("join")).filter((step) => step.endsWith("failed"))).toEqual([
      "join:!stubborn:old.example failed",
    ]);
    expect((await bot.store.store.steps.all(1)).every(({ attempts }) => attempts <= 1)).toBe(true);
  });

  it("keeps to the categories that were asked for", async () => {
    await start({ categories: ["tags", "profile"] });
    await pass();
    const kinds = new Set((await bot.store.store.steps.all(1)).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(["profile_field", "tags"]);
    expect(servers.seen.some((line) => line.includes("joins"))).toBe(false);
    expect(await said()).toEqual(["end"]);
  });

  it("keeps a pause that comes between its last reading and its last write", async () => {
    const { runs } = bot.store.store;
    const apply = runs.apply.bind(runs);
    const spy = vi.spyOn(runs, "apply").mockImplementation(async (id, event, change) => {
      if (event === "settled_with_watch") await apply(id, "paused");
      return apply(id, event, change);
    });
    await start();
    await pass(10 * SECOND);
    expect(await run()).toMatchObject({ state: "paused", endedAt: null });
    spy.mockRestore();
    expect((await bot.runServices.control.resume(OWNER)).status).toBe("resumed");
    await pass(10 * SECOND);
    expect([(await run()).state, await said()]).toEqual(["watching", ["end"]]);
  });

  it("is not announced for a run that was paused meanwhile, and is announced after it was resumed", async () => {
    onRequest = atFinish(() => void bot.runServices.control.pause(OWNER));
    await start();
    await pass(10 * SECOND);
    expect([(await run()).state, await said()]).toEqual(["paused", []]);
    expect((await bot.runServices.control.resume(OWNER)).status).toBe("resumed");
    await pass(10 * SECOND);
    expect([(await run()).state, await said()]).toEqual(["watching", ["end"]]);
  });

  it("is not announced for a run that was cancelled meanwhile", async () => {
    onRequest = atFinish(() => void bot.runServices.control.cancel(OWNER));
    await start();
    await pass(10 * SECOND);
    expect([await run(), await said()]).toMatchObject([{ state: "over", isCancelled: true }, []]);
  });

  it("leaves a cancelled run over, though a session has ended as well", async () => {
    onRequest = atFinish(() => {
      servers.signedOut.add(SOURCE);
      void bot.runServices.control.cancel(OWNER);
    });
    await start();
    await pass(10 * SECOND);
    expect([await run(), await said()]).toMatchObject([{ state: "over", problem: null }, []]);
  });

  it("waits for a server that is away", async () => {
    let isAway = true;
    const away = atFinish(() => {
      throw new UnreachableError("aborted", "old.example");
    });
    onRequest = (asked) => isAway && away(asked);
    await start();
    await pass();
    expect((await run()).state).toBe("running");
    const awayAt = Date.now();
    const waited = { side: "source", serverName: "old.example", waitingFor: "server", limit: null, steps: 0 };
    const [status] = await bot.runServices.overview.statuses(OWNER);
    expect(status?.waits).toEqual([{ ...waited, until: awayAt + 60 * SECOND }]);
    await pass(10 * SECOND);
    const shown = JSON.stringify((await sent()).at(-1));
    expect(shown).toContain("does not answer; I try again ");
    expect(shown).toContain("only the final check of both accounts waits for that");
    isAway = false;
    await pass(50 * SECOND);
    expect([(await run()).state, await said()]).toEqual(["watching", ["end"]]);
  });

  it("is announced for a part of a move too", async () => {
    await makePlan(bot);
    await bot.runServices.start();
    await bot.runServices.starter.joinAll({ ...request, filters: await filtersOf(), rooms: [] });
    await pass();
    expect([await run(), await said()]).toMatchObject([{ state: "over", purpose: "joins" }, ["end"]]);
    expect(await stepsOf("join_restricted")).toEqual(["join_restricted:!restricted:old.example done"]);
  });

  it("comes for a restricted room that is named by itself, when the account is in the space already", async () => {
    servers.rooms.get("!space:old.example")?.members.set(TARGET, { membership: "join" });
    await makePlan(bot);
    await bot.runServices.start();
    const rooms = ["!restricted:old.example"];
    await bot.runServices.starter.joinAll({ ...request, filters: await filtersOf(), rooms });
    await pass();
    expect(await stepsOf("join_restricted")).toEqual(["join_restricted:!restricted:old.example done"]);
  });
});

async function filtersOf(): Promise<PlanFilters> {
  const plan = await bot.planning.last(OWNER);
  if (plan === null) throw new Error("there is no plan");
  return plan.request.filters;
}

describe("a run whose session has ended", () => {
  it("takes nothing of another account that is signed in when it comes to its end", async () => {
    const stranger = "@stranger:old.example";
    const own = servers.accounts.get(SOURCE);
    if (own === undefined) throw new Error("there is no old account");
    servers.accounts.set(stranger, { ...own, userId: stranger });
    onRequest = ({ method, path }) => {
      if (method !== "PUT" || !path.endsWith("m.ignored_user_list")) return;
      const account = {
        owner: OWNER,
        side: "source" as const,
        userId: stranger,
        baseUrl: baseUrlOf(stranger),
      };
      void bot.store.store.accounts.put(
        { ...account, method: "token", deviceId: null, signedInAt: 0 },
        { accessToken: tokenOf(stranger) },
      );
    };
    await start();
    await pass(10 * SECOND);
    expect(await run()).toMatchObject({
      state: "needs_you",
      problem: { side: "source", problem: { code: "session_ended" } },
    });
    expect(await said()).not.toContain("end");
  });

  it("mentions its owner once, in spite of crashes, and continues after a new sign-in", async () => {
    onRequest = atFinish(() => servers.signedOut.add(SOURCE));
    await start();
    await pass(10 * SECOND);
    expect(await run()).toMatchObject({ state: "needs_you", problem: { side: "source" } });
    const calls = await said();
    expect(calls).toHaveLength(1);
    await bot.runServices.stop();
    await bot.store.close();
    bot = startFakeBot({ folder, servers });
    await bot.runServices.start();
    await pass(10 * SECOND);
    expect(await said()).toEqual([]);
    servers.signedOut.clear();
    await signIn(bot);
    await bot.runServices.control.signedIn(OWNER, { side: "source", userId: SOURCE });
    await pass(10 * SECOND);
    expect([(await run()).state, await said()]).toEqual(["watching", ["end"]]);
  });
});

describe("a setting that refuses invitations", () => {
  const TYPE = "m.invite_permission_config";
  const content = { default_action: "block" };
  const written = () => servers.accounts.get(TARGET)?.accountData.get(TYPE);

  it.each([
    { name: "the whole plan", filters: {} },
    { name: "a plan of one room", filters: { only: [OPEN] } },
  ])("is not copied by $name while a room needs somebody to let the account in", async ({ filters }) => {
    servers.accounts.get(SOURCE)?.accountData.set(TYPE, content);
    await start(filters);
    await pass();
    expect(["watching", "over"]).toContain((await run()).state);
    expect(written()).toBeUndefined();
    expect(JSON.stringify(await sent())).toContain("Settings that can refuse invitations");
  });

  it("is copied when the last room has let the account in", async () => {
    servers.accounts.get(SOURCE)?.accountData.set(TYPE, content);
    await start();
    await pass();
    letIn(servers);
    await pass(20 * SECOND);
    expect((await run()).state).toBe("over");
    expect(written()).toEqual(content);
  });
});

describe("rooms that open after the end", () => {
  it("are completed, announced once each, and end the watch when none is left", async () => {
    await start();
    await pass();
    letIn(servers);
    await pass(20 * SECOND);
    expect((await said()).sort()).toEqual(["end", `late ${CLOSED}`, `late ${KNOCK}`]);
    expect((await run()).state).toBe("over");
    expect(await stepsOf("tags")).toContain(`tags:${CLOSED} done`);
  });

  it("are written into lists by steps of their own, so that both writings can be undone", async () => {
    await start();
    await pass();
    letIn(servers);
    await pass(20 * SECOND);
    expect(await stepsOf("direct_chats")).toEqual(["direct_chats done", "direct_chats 2 done"]);
    const preview = await bot.runServices.starter.previewUndo(request);
    if (preview.status !== "possible") throw new Error(preview.status);
    const undo = await bot.runServices.starter.undo(
      { owner: OWNER, address: { ...request.address, eventId: "$undo" } },
      { shown: preview.shown, leavesAnyway: false },
    );
    expect(undo.status).toBe("started");
    await pass(20 * SECOND);
    expect(servers.accounts.get(TARGET)?.accountData.get("m.direct")).toEqual({});
    expect(servers.accounts.get(TARGET)?.pushRules).toEqual({ content: [], room: [] });
  });

  it.each<{ name: string; isSetBefore: boolean }>([
    { name: "the run has written", isSetBefore: false },
    { name: "the new account had before the run", isSetBefore: true },
  ])("bring back nothing else that $name and the person has removed since", async ({ isSetBefore }) => {
    const [source, target] = [servers.accounts.get(SOURCE), servers.accounts.get(TARGET)];
    if (source === undefined || target === undefined) throw new Error("no accounts");
    const settings = ["m.ignored_user_list", "m.recent_emoji"];
    const tags = { tags: { "m.favourite": {} } };
    if (isSetBefore) {
      for (const type of settings) target.accountData.set(type, source.accountData.get(type) ?? {});
      target.roomAccountData.set(OPEN, new Map([["m.tag", tags]]));
      target.profile["displayname"] = "Me";
      Object.assign(target.pushRules, structuredClone(source.pushRules));
    }
    await start();
    await pass();
    expect((await run()).state).toBe("watching");
    expect(target.accountData.get("m.ignored_user_list")).not.toEqual({});

    for (const type of [...settings, "m.direct"]) target.accountData.set(type, {});
    target.roomAccountData.clear();
    target.profile["displayname"] = "me";
    for (const kind of Object.keys(target.pushRules)) target.pushRules[kind] = [];
    const levels = servers.rooms.get(OPEN)?.state.get("m.room.power_levels");
    servers.rooms.get(OPEN)?.state.set("m.room.power_levels", { ...levels, users: { [SOURCE]: 50 } });
    letIn(servers);
    await pass(20 * SECOND);

    expect((await said()).sort()).toEqual(["end", `late ${CLOSED}`, `late ${KNOCK}`]);
    expect(Object.fromEntries(target.accountData)).toEqual({
      ...Object.fromEntries(settings.map((type) => [type, {}])),
      "m.direct": { [MODERATOR]: [KNOCK] },
    });
    expect([...target.roomAccountData.keys()]).toEqual([CLOSED]);
    expect(target.profile["displayname"]).toBe("me");
    expect(target.pushRules["content"]).toEqual([]);
    expect(target.pushRules["room"]?.map((rule) => rule["rule_id"])).toEqual([KNOCK]);
    expect(servers.rooms.get(OPEN)?.state.get("m.room.power_levels")).toMatchObject({
      users: { [SOURCE]: 50 },
    });
  });

  it("are looked for without asking again what the servers can, but after a look that failed", async () => {
    await start();
    await pass();
    let [asked, looks, isAway] = [0, 0, false];
    onRequest = ({ path }) => {
      if (path.endsWith("/versions")) asked += 1;
      if (!path.endsWith("/v3/sync")) return;
      looks += 1;
      if (isAway) throw new UnreachableError("reset", "new.example");
    };
    await pass(50 * SECOND);
    expect([asked, looks]).toEqual([2, 5]);
    isAway = true;
    await pass(10 * SECOND);
    isAway = false;
    await pass(20 * SECOND);
    expect([asked, looks]).toEqual([3, 8]);
  });

  it("wake no run that was cancelled while they were looked for", async () => {
    await start();
    await pass();
    letIn(servers);
    onRequest = ({ path }) => {
      if (path.endsWith("/m.room.join_rules")) void bot.runServices.control.cancel(OWNER);
    };
    await pass(30 * SECOND);
    expect(await run()).toMatchObject({ state: "over", isCancelled: true });
    expect(servers.seen).not.toContain(`${TARGET} joins ${CLOSED}`);
  });

  it("wake no run that another has replaced", async () => {
    await start();
    await pass();
    letIn(servers);
    const started: Promise<StartResult>[] = [];
    onRequest = ({ path }) => {
      if (path.endsWith("/m.room.join_rules")) started.push(bot.runServices.starter.start(request));
    };
    await pass(60 * SECOND);
    // The answer depends on which of the two was first.
    expect(["started", "already", "nothing_to_do"]).toContain((await started[0])?.status);
    const runs = await bot.store.store.runs.between(OWNER, SOURCE, TARGET);
    expect(runs.map(({ state }) => state)).toEqual(runs.map(() => "over"));
    const joins = servers.seen.filter((line) => line === `${TARGET} joins ${CLOSED}`);
    expect(joins).toHaveLength(1);
  });
});
