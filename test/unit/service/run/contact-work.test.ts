import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MovedAccounts, Side } from "../../../../src/model/account.ts";
import type { Run } from "../../../../src/model/run.ts";
import type { StepOutcome } from "../../../../src/model/step-outcome.ts";
import { stepOfMessage } from "../../../../src/platforms/matrix/contact/ask/steps.ts";
import { openChatPayload } from "../../../../src/platforms/matrix/contact/payloads.ts";
import { RATE_LIMITS } from "../../../../src/platforms/matrix/rate-limits.ts";
import { matrixRuns } from "../../../../src/platforms/matrix/runs/runs.ts";
import type { AccountPair } from "../../../../src/platforms/platform.ts";
import { Limits } from "../../../../src/queue/rate-limits.ts";
import { Runner } from "../../../../src/queue/runner.ts";
import { RunWork } from "../../../../src/service/run/work.ts";
import type { Store } from "../../../../src/store/store.ts";
import { knockReason } from "../../../../src/view/contact/knock-reason.ts";
import { hanging, newRun, pass, statesOf } from "../../../support/fakes/scripted-runner.ts";
import { accountsIn } from "../../../support/store/accounts-in.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const ME = "@me:old.example";
const YOU = "@you:old.example";
const HOUR_MS = 3_600_000;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

/** A question to a helper in a new chat. The followers are asked if the helper takes none. */
function question(name: string, followers: readonly string[] = [], side: Side = "source") {
  const ask = (helper: string) => ({
    userId: `@${helper}:far.example`,
    way: "new_direct" as const,
    chatRoomId: null,
    roomIds: ["!room:far.example"],
    text: "Please let me in",
    reason: "Please let me in",
  });
  return stepOfMessage(side, { ...ask(name), alsoMentioned: [], followers: followers.map(ask) });
}

type Answer = (helper: string, by: string) => StepOutcome | "hangs";

/** The work on stored runs, with servers that answer an invitation to a chat. */
function working(store: Store, { answer, newChatsPerDay = 10 }: { answer: Answer; newChatsPerDay?: number }) {
  const opened: string[] = [];
  /** The reason that a knock would have had at the time of each chat. */
  const reasons: string[] = [];
  const never = (): never => {
    throw new Error("not scripted");
  };
  const pairOf = (accounts: MovedAccounts): AccountPair => ({
    decide: never,
    stayReasons: never,
    watch: never,
    runStep: async (step, { reserveChat, knockReason: reason, signal }) => {
      const by = accounts[step.side].userId;
      const { partner } = openChatPayload.parse(step.payload);
      const reserved = await reserveChat({ partner, purpose: "ask" });
      if (reserved.status === "full")
        return {
          status: "wait",
          waitingFor: "daily_limit",
          waitMs: reserved.nextAt - Date.now(),
          problem: null,
        };
      const helper = partner.slice(1, partner.indexOf(":"));
      opened.push(`${by} ${helper}`);
      reasons.push(reason);
      const given = answer(helper, by);
      return given === "hangs" ? await hanging(signal) : given;
    },
  });
  const { runs, steps } = store;
  const work = new RunWork({
    accounts: accountsIn(store),
    platforms: {
      matrix: {
        pair: pairOf,
        serverName: (userId) => userId.slice(userId.indexOf(":") + 1),
        runs: matrixRuns,
      },
    },
    runs,
    steps,
    contacts: store.contacts,
    newChatsPerDay,
    settled: async (run) => {
      await runs.apply(run.id, "settled");
      return null;
    },
    changed: () => undefined,
    records: (move) => store.contacts.of(move, Date.now()),
    knockReason,
    now: Date.now,
  });
  const runner = new Runner({
    runs,
    steps,
    leases: store.runLeases,
    limits: new Limits(store.limiters, RATE_LIMITS, () => undefined),
    work,
    monotonicNow: Date.now,
    now: Date.now,
    log: pino({ level: "silent" }),
  });
  return { runner, work, opened, reasons };
}

function signIn(store: Store, owner: string, side: Side): Promise<void> {
  const userId = side === "source" ? owner : owner.replace("old", "new");
  const account = { owner, side, userId, baseUrl: "https://x.invalid", method: "token" } as const;
  return store.accounts.put({ ...account, deviceId: null, signedInAt: 0 }, { accessToken: "secret" });
}

async function asking(
  store: Store,
  owner: string,
  steps: ReturnType<typeof question>[],
  { isFromFile = false }: { isFromFile?: boolean } = {},
): Promise<Run> {
  if (!isFromFile) await signIn(store, owner, "source");
  await signIn(store, owner, "target");
  const findings = { writtenAt: null, rooms: [], contacts: [], data: null };
  if (isFromFile) await store.imports.add({ owner, userId: owner, findings, isInstead: false }, 1);
  return newRun(store, steps, { owner, purpose: "ask", isFromFile });
}

const SENT: StepOutcome = { status: "done", undo: { roomId: "!chat:old.example" } };
const REFUSED: StepOutcome = { status: "failed", problem: { code: "partner_refused", serverText: null } };

async function asked({ contacts }: Store, owner = ME): Promise<string[]> {
  const all = await contacts.asked({ owner, source: owner });
  return all.map(({ userId, result }) => `${userId} ${result}`).sort();
}

describe("a question to a helper", () => {
  it("goes to the next one after a refusal, and no further than to one who takes it", async () => {
    const { store } = await temporaryStore();
    const { runner, opened } = working(store, {
      answer: (helper) => (helper === "third" ? SENT : REFUSED),
    });
    const run = await asking(store, ME, [question("first", ["second", "third", "fourth"])]);
    await runner.begin(run);
    await pass(HOUR_MS);
    expect(opened).toEqual([`${ME} first`, `${ME} second`, `${ME} third`]);
    expect(await asked(store)).toEqual([
      "@first:far.example refused",
      "@second:far.example refused",
      "@third:far.example sent",
    ]);
    expect(Object.values(await statesOf(store, run)).sort()).toEqual(["done", "failed", "failed"]);
    await runner.stop();
  });

  it("goes to nobody else after the run was cancelled", async () => {
    const { store } = await temporaryStore();
    const run = await asking(store, ME, [question("first", ["second"])]);
    const { runner, opened } = working(store, {
      answer: () => {
        void store.runs.apply(run.id, "cancelled");
        return REFUSED;
      },
    });
    await runner.begin(run);
    await pass(HOUR_MS);
    expect(opened).toEqual([`${ME} first`]);
    await runner.stop();
  });

  it("counts once for the daily limit if the process ended while it was on its way", async () => {
    const { store, reopen } = await temporaryStore();
    const run = await asking(store, ME, [question("first"), question("second")]);
    const before = working(store, { newChatsPerDay: 2, answer: () => "hangs" });
    await before.runner.begin(run);
    await pass();
    expect(before.opened).toHaveLength(2);
    // The process stops before it has recorded anything.
    await before.runner.stop();
    const later = await reopen();
    const { runner, opened } = working(later, { newChatsPerDay: 2, answer: () => SENT });
    await runner.start();
    await pass(HOUR_MS);
    expect(opened).toHaveLength(2);
    expect(await asked(later)).toEqual(["@first:far.example sent", "@second:far.example sent"]);
    expect(await later.contacts.chats({ owner: ME, source: ME })).toHaveLength(2);
    await runner.stop();
  });
});

describe("a question without a session of the old account", () => {
  const NEW = ME.replace("old", "new");
  const byNew = (name: string, followers: readonly string[] = []) => question(name, followers, "target");

  it("is the new account's, goes to the next helper, and is kept with the old one", async () => {
    const { store } = await temporaryStore();
    const { runner, opened } = working(store, {
      answer: (helper) => (helper === "second" ? SENT : REFUSED),
    });
    const run = await asking(store, ME, [byNew("first", ["second"])], { isFromFile: true });
    await runner.begin(run);
    await pass(HOUR_MS);
    expect(opened).toEqual([`${NEW} first`, `${NEW} second`]);
    expect(await asked(store)).toEqual(["@first:far.example refused", "@second:far.example sent"]);
    const chats = await store.contacts.chats({ owner: ME, source: ME });
    expect(chats.map(({ by, state }) => `${by} ${state}`).sort()).toEqual([`${NEW} open`, `${NEW} refused`]);
    await runner.stop();
  });

  it("goes on after the old account was signed in, and its chat is ended after a cancel", async () => {
    const { store } = await temporaryStore();
    const { runner, work, opened, reasons } = working(store, { newChatsPerDay: 1, answer: () => SENT });
    const run = await asking(store, ME, [byNew("first"), byNew("second")], { isFromFile: true });
    await runner.begin(run);
    await pass(HOUR_MS);
    expect(opened).toEqual([`${NEW} first`]);
    await signIn(store, ME, "source");
    await pass(24 * HOUR_MS);
    expect(opened).toEqual([`${NEW} first`, `${NEW} second`]);
    expect(reasons).toEqual([
      `says to be ${ME}, whose server is gone`,
      `${ME} (a member here) moves to this account`,
    ]);
    await store.runs.apply(run.id, "cancelled");
    await store.accounts.remove(ME, "source");
    const taken = { id: 1, runId: run.id, epoch: run.epoch, attempts: 1, failures: 0, savedUndo: null };
    const step = { ...byNew("first"), ...taken };
    expect(await work.endChat(run, step, new AbortController().signal)).toEqual(SENT);
    await runner.stop();
  });
});

describe("questions of several people", () => {
  it("count for each person's own day, and go on when the day allows more", async () => {
    const { store } = await temporaryStore();
    const { runner, opened } = working(store, { newChatsPerDay: 2, answer: () => SENT });
    const names = ["one", "two", "three"];
    const mine = await asking(
      store,
      ME,
      names.map((name) => question(name)),
    );
    const yours = await asking(
      store,
      YOU,
      names.map((name) => question(name)),
    );
    await runner.begin(mine);
    await runner.begin(yours);
    await pass(HOUR_MS);
    expect(opened.toSorted()).toEqual([`${ME} one`, `${ME} two`, `${YOU} one`, `${YOU} two`]);
    await pass(22 * HOUR_MS);
    expect(opened).toHaveLength(4);
    await pass(2 * HOUR_MS);
    expect(opened.slice(4).toSorted()).toEqual([`${ME} three`, `${YOU} three`]);
    expect((await store.runs.get(mine.id))?.state).toBe("over");
    expect(await asked(store, YOU)).toHaveLength(3);
    await runner.stop();
  });
});
