import { describe, expect, it } from "vitest";
import type { Account } from "../../../../src/model/account.ts";
import type { Run } from "../../../../src/model/run.ts";
import type { LimitName } from "../../../../src/model/step.ts";
import type { EndWait } from "../../../../src/queue/end-wait.ts";
import type { FilesGone } from "../../../../src/service/run/results.ts";
import { RunStatuses } from "../../../../src/service/run/status.ts";
import { waitsOnlyForDay } from "../../../../src/service/run/waits.ts";
import type { StepCount } from "../../../../src/store/steps.ts";

const NOW = 1_000_000;
const OLD = "@me:old.example";
const NEW = "@me:new.example";

const run: Run = {
  id: 1,
  owner: OLD,
  platform: "matrix",
  isFromFile: false,
  planNumber: 4,
  purpose: "move",
  state: "running",
  stage: 1,
  source: OLD,
  target: NEW,
  address: {
    roomId: "!c",
    eventId: "$e",
    threadRoot: null,
    roomKind: "direct",
    sender: OLD,
    isEncrypted: false,
  },
  request: {},
  startedAt: NOW - 5_000,
  endedAt: null,
  isCancelled: false,
  wasInterrupted: false,
  problem: null,
  progressCount: 0,
  epoch: 0,
};

function count(more: Partial<StepCount>): StepCount {
  const waiting = {
    state: "pending",
    isBlocked: false,
    waitingFor: null,
    waitsForSide: null,
    notBefore: 0,
    count: 1,
  } as const;
  return { lane: "target:free", kind: "tags", ...waiting, ...more };
}

interface Known {
  counts?: readonly StepCount[];
  rooms?: readonly (readonly [string, number])[];
  /** When the next request of a kind may go. */
  nextAt?: Partial<Record<LimitName, number>>;
  expectedMs?: (userId: string, counts: ReadonlyMap<LimitName, number>) => number;
  away?: Record<string, number>;
  endWait?: EndWait | null;
  nextChatAt?: number;
  /** The old account, if it is signed in. */
  source?: Account | null;
  /** The old server of a move by files. */
  isAnswering?: boolean;
  filesGone?: FilesGone | null;
}

async function statusOf(
  {
    counts = [],
    rooms = [],
    nextAt = {},
    expectedMs = () => 0,
    away = {},
    endWait = null,
    nextChatAt = NOW,
    source = null,
    isAnswering = false,
    filesGone = null,
  }: Known,
  more: Partial<Run> = {},
) {
  const statuses = new RunStatuses({
    platforms: { matrix: { serverName: (userId) => userId.slice(userId.indexOf(":") + 1) } },
    runs: { roomCounts: async () => new Map(rooms) },
    steps: { counts: async () => [...counts] },
    limits: { load: async () => {}, nextAt: (_userId, name) => nextAt[name] ?? NOW, expectedMs },
    contacts: { nextChatAt: async () => nextChatAt },
    accounts: { get: async () => source },
    moved: { filesGone: async () => filesGone },
    isAnswering: async () => isAnswering,
    newChatsPerDay: 10,
    awayUntil: (server) => away[server] ?? null,
    waitOf: () => ({ endWait, isHeldBack: false }),
    now: () => NOW,
  });
  return statuses.withOldServer({ ...run, ...more });
}

describe("the status of a run by files", () => {
  const account: Account = {
    ...{ owner: OLD, side: "source", userId: OLD, baseUrl: "https://x" },
    ...{ method: "password", deviceId: null, signedInAt: 0 },
  };

  it.each([
    { title: "the old server is away", is: {}, isFromFile: true, isBack: undefined },
    { title: "it answers again", is: { isAnswering: true }, isFromFile: true, isBack: true },
    {
      title: "it answers, and the account is signed in",
      is: { isAnswering: true, source: account },
      isFromFile: true,
      isBack: undefined,
    },
    {
      title: "it answers a run with the account",
      is: { isAnswering: true },
      isFromFile: false,
      isBack: undefined,
    },
  ])("says whether the old server is back: $title", async ({ is, isFromFile, isBack }) => {
    const status = await statusOf(is, { isFromFile });
    expect(status.isOldServerBack).toBe(isBack);
    expect(status.isFromFile === true).toBe(isFromFile);
  });
});

describe("the status of a run without its files", () => {
  const gone = (code: "session_ended" | "account_locked", side: "source" | "target") =>
    ({ side, problem: { code, serverText: null }, since: 1 }) as const;

  it.each(["lost", "switched_off"] as const)("says what became of them: %s", async (filesGone) => {
    const of = (problem: Run["problem"]) => statusOf({ filesGone }, { state: "needs_you", problem });
    expect((await of(gone("session_ended", "source"))).filesGone).toBe(filesGone);
    expect(await of(gone("session_ended", "target"))).not.toHaveProperty("filesGone");
    expect(await of(gone("account_locked", "source"))).not.toHaveProperty("filesGone");
    expect(await of(null)).not.toHaveProperty("filesGone");
  });
});

describe("the status of a run", () => {
  it("counts its rooms by what is left to do", async () => {
    const rooms = Object.entries({
      done: 5,
      planned: 1,
      running: 2,
      waiting: 3,
      needs_moderator: 4,
      needs_you: 6,
      failed: 7,
      skipped: 8,
    });
    expect((await statusOf({ rooms })).rooms).toEqual({
      done: 5,
      open: 6,
      needsModerator: 4,
      needsYou: 6,
      failed: 7,
      skipped: 8,
    });
  });

  it("counts its steps, without those that are not needed", async () => {
    const counts = [
      count({ state: "done", count: 5 }),
      count({ state: "failed", count: 2 }),
      count({ state: "dropped", count: 9 }),
      count({ state: "taken" }),
      count({ isBlocked: true, count: 3 }),
    ];
    expect((await statusOf({ counts })).steps).toEqual({ total: 11, done: 5, failed: 2, dormant: 0 });
    // After the end of a run, steps that still wait belong to rooms that wait for a person.
    expect((await statusOf({ counts }, { endedAt: NOW })).steps.dormant).toBe(3);
  });
});

describe("what a run waits for", () => {
  it("is nothing while steps run, or while they wait only for its own steps", async () => {
    const counts = [count({}), count({ isBlocked: true, notBefore: NOW + 1 }), count({ state: "done" })];
    expect((await statusOf({ counts })).waits).toEqual([]);
  });

  it("is a limit, with the time of the next request", async () => {
    const counts = [
      count({ lane: "source:invitations", count: 7 }),
      count({ lane: "source:messages", count: 2 }),
    ];
    const { waits } = await statusOf({ counts, nextAt: { invitations: NOW + 60_000 } });
    expect(waits).toEqual([
      {
        side: "source",
        serverName: "old.example",
        waitingFor: "limit",
        limit: "invitations",
        until: NOW + 60_000,
        steps: 7,
      },
    ]);
  });

  it("is a server that is away, whatever else it would be", async () => {
    const counts = [
      count({ lane: "target:joins", count: 3, waitingFor: "server", notBefore: NOW + 2_000 }),
      count({ lane: "target:free", count: 4 }),
      count({ lane: "source:free" }),
    ];
    const status = await statusOf({
      counts,
      nextAt: { joins: NOW + 9_000 },
      away: { "new.example": NOW + 4_000 },
    });
    expect(status.waits).toEqual([
      {
        side: "target",
        serverName: "new.example",
        waitingFor: "server",
        limit: null,
        until: NOW + 4_000,
        steps: 7,
      },
    ]);
    expect(status.expectedEnd).toBeNull();
  });

  it.each(["server", "limit"] as const)(
    "is the %s of the other account, which was asked on the way",
    async (waitingFor) => {
      const counts = [
        count({ lane: "target:messages", waitingFor, waitsForSide: "source", notBefore: NOW + 5_000 }),
      ];
      const other = {
        side: "source",
        serverName: "old.example",
        waitingFor,
        limit: null,
        until: NOW + 5_000,
        steps: 1,
      };
      expect((await statusOf({ counts })).waits).toEqual([other]);
      expect((await statusOf({ counts: counts.map((each) => ({ ...each, notBefore: NOW })) })).waits).toEqual(
        [],
      );
    },
  );

  it("is for the servers of rooms, until the first of them is asked again", async () => {
    const counts = [
      count({ lane: "target:joins", waitingFor: "room", notBefore: NOW + 8_000, count: 2 }),
      count({ lane: "target:remote_joins", waitingFor: "room", notBefore: NOW + 3_000 }),
    ];
    const status = await statusOf({ counts });
    expect(status.waits).toEqual([
      {
        side: "target",
        serverName: "new.example",
        waitingFor: "room",
        limit: null,
        until: NOW + 3_000,
        steps: 3,
      },
    ]);
  });

  it("is the pause before a step is tried again", async () => {
    const counts = [
      count({ waitingFor: "server", notBefore: NOW + 5_000 }),
      count({ waitingFor: "limit", notBefore: NOW + 6_000 }),
    ];
    expect((await statusOf({ counts })).waits.map(({ waitingFor, until }) => [waitingFor, until])).toEqual([
      ["server", NOW + 5_000],
      ["limit", NOW + 6_000],
    ]);
  });

  it("is an account that cannot be read for the end", async () => {
    const endWait = { side: "source", waitingFor: "server", until: NOW + 60_000 } as const;
    const status = await statusOf({ counts: [count({ state: "done" })], endWait });
    expect(status.waits).toEqual([{ ...endWait, serverName: "old.example", limit: null, steps: 0 }]);
    expect(status.expectedEnd).toBeNull();
    expect((await statusOf({ endWait: { ...endWait, until: NOW } })).waits).toEqual([]);
  });

  it("is the daily limit on new chats, until it allows the next", async () => {
    const lane = "source:room_creation";
    const counts = [
      count({ lane, kind: "open_chat", waitingFor: "daily_limit", notBefore: NOW + 3_600_000, count: 12 }),
      count({ lane, kind: "open_chat", state: "done", count: 10 }),
    ];
    const nextChatAt = NOW + 20 * 3_600_000;
    const status = await statusOf({ counts, nextChatAt });
    expect(status.waits).toEqual([
      {
        side: "source",
        serverName: "old.example",
        waitingFor: "daily_limit",
        limit: null,
        until: nextChatAt,
        steps: 12,
      },
    ]);
    expect(status.expectedEnd).toBe(nextChatAt + 24 * 3_600_000);
    expect((await statusOf({ counts })).waits).toMatchObject([{ waitingFor: "server" }]);
  });

  it.each(["paused", "needs_you", "watching", "over"] as const)(
    "is nothing for a run that is %s",
    async (state) => {
      const status = await statusOf(
        { counts: [count({ waitingFor: "server", notBefore: NOW + 5_000 })] },
        { state },
      );
      expect([status.waits, status.expectedEnd]).toEqual([[], null]);
    },
  );
});

describe("a run that only waits for the daily limit", () => {
  const waiting = count({ waitingFor: "daily_limit", notBefore: NOW + 1 });

  it.each([
    { title: "all open steps wait for it", counts: [waiting, count({ state: "done" })], is: true },
    { title: "blocked steps follow", counts: [waiting, count({ isBlocked: true })], is: true },
    {
      title: "the next look is due",
      counts: [waiting, count({ waitingFor: "daily_limit", notBefore: NOW })],
      is: false,
    },
    { title: "another step is open", counts: [waiting, count({})], is: false },
    {
      title: "a step waits for another reason",
      counts: [waiting, count({ waitingFor: "limit" })],
      is: false,
    },
    { title: "a step is being tried", counts: [waiting, count({ state: "taken" })], is: false },
    { title: "no step is open", counts: [count({ state: "done" })], is: false },
  ])("is found if $title: $is", ({ counts, is }) => {
    expect(waitsOnlyForDay(counts, NOW)).toBe(is);
  });
});

describe("when a run is expected to end", () => {
  it("is when the longest queue of its two accounts is through", async () => {
    const asked: unknown[] = [];
    const counts = [
      count({ lane: "source:invitations", count: 3 }),
      count({ lane: "source:invitations", state: "taken" }),
      count({ lane: "source:invitations", state: "done", count: 50 }),
      count({ lane: "target:joins", isBlocked: true, count: 2 }),
      count({ lane: "target:free", count: 100 }),
    ];
    const expectedMs = (userId: string, open: ReadonlyMap<LimitName, number>): number => {
      asked.push([userId, ...open]);
      return userId === OLD ? 70_000 : 30_000;
    };
    expect((await statusOf({ counts, expectedMs })).expectedEnd).toBe(NOW + 70_000);
    expect(asked).toEqual([
      [OLD, ["invitations", 4]],
      [NEW, ["joins", 2]],
    ]);
  });

  it("is not before rooms that are waited for are tried again", async () => {
    const counts = [count({ lane: "target:joins", waitingFor: "room", notBefore: NOW + 600_000 })];
    expect((await statusOf({ counts, expectedMs: () => 1_000 })).expectedEnd).toBe(NOW + 600_000);
  });
});
