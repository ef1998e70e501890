import { Writable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Account } from "../../../../src/model/account.ts";
import { KeyedQueue } from "../../../../src/model/keyed-queue.ts";
import type { Run } from "../../../../src/model/run.ts";
import type { AccountPair, LookResult } from "../../../../src/platforms/platform.ts";
import type { WatchLookOptions } from "../../../../src/service/run/watch-look.ts";
import { RunWatch } from "../../../../src/service/run/watch.ts";
import { room } from "../../../support/fakes/scripted-runner.ts";
import { onlySignedIn } from "../../../support/store/accounts-in.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const RUNS = 1_000;
const ANSWERED: LookResult = {
  changes: new Map(),
  leftChats: [],
  sides: { source: { status: "answered" }, target: { status: "answered" } },
};

interface Herd {
  watch: RunWatch;
  /** When each look began. */
  looks: { at: number; runId: number }[];
  lines: string[];
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function runOf(id: number, targetServer = `new${id}.example`): Run {
  return {
    id,
    owner: `@person${id}:old.example`,
    platform: "matrix",
    isFromFile: false,
    planNumber: 1,
    purpose: "move",
    state: "watching",
    stage: 0,
    source: `@person${id}:${id % 2 === 0 ? "old.example" : "other.example"}`,
    target: `@person${id}:${targetServer}`,
    address: {
      roomId: "!chat:new.example",
      eventId: "$start",
      threadRoot: null,
      roomKind: "direct",
      sender: `@person${id}:old.example`,
      isEncrypted: false,
    },
    request: {},
    startedAt: 0,
    endedAt: 0,
    isCancelled: false,
    wasInterrupted: false,
    problem: null,
    progressCount: 0,
    epoch: 0,
  };
}

/** A thousand runs that ended days ago. */
function herd(
  look: (runId: number, request: Parameters<AccountPair["watch"]>[0]) => Promise<LookResult>,
  { runs: count = RUNS, targetServer }: { runs?: number; targetServer?: string } = {},
): Herd {
  vi.setSystemTime(7 * 24 * 60 * MINUTE);
  const runs = new Map(
    Array.from({ length: count }, (_, index) => [index + 1, runOf(index + 1, targetServer)]),
  );
  const found: Pick<Herd, "looks" | "lines"> = { looks: [], lines: [] };
  const stream = new Writable({
    write(chunk, _encoding, done) {
      found.lines.push(String(chunk));
      done();
    },
  });
  const never = (): never => {
    throw new Error("not in this test");
  };
  const options: WatchLookOptions = {
    ends: new KeyedQueue(),
    accounts: onlySignedIn(async (owner, side) => {
      const run = [...runs.values()].find((one) => one.owner === owner);
      const userId = run?.[side] ?? "";
      const account: Account = {
        owner,
        side,
        userId,
        baseUrl: `https://${userId.slice(userId.indexOf(":") + 1)}`,
        method: "token",
        deviceId: null,
        signedInAt: 0,
      };
      return account;
    }),
    platforms: {
      matrix: {
        serverName: (userId) => userId.slice(userId.indexOf(":") + 1),
        runs: {
          stepsInto: never,
          followUp: never,
          summary: never,
          failures: never,
          undo: never,
          roomsOfUndo: never,
          givenNames: never,
          plannedContact: never,
        },
        pair: ({ source }) => ({
          decide: never,
          runStep: never,
          stayReasons: never,
          watch: (request) => {
            const runId = Number(/\d+/u.exec(source.userId)?.[0]);
            found.looks.push({ at: Date.now(), runId });
            return look(runId, request);
          },
        }),
      },
    },
    runs: {
      get: async (id) => runs.get(id) ?? null,
      inState: async () => [...runs.values()],
      rooms: never,
      unfinished: never,
      watchedRooms: async (id) => [{ ...room(`!${id}`), status: "needs_moderator" }],
      joinedRooms: async () => new Set(),
      change: async () => undefined,
      apply: async () => null,
    },
    steps: { revise: never, all: never },
    runner: { begin: never },
    leftChats: { toWatch: async () => [], left: never },
    listener: { roomsLetIn: async () => undefined, watchHindered: async () => undefined },
    monotonicNow: Date.now,
    now: Date.now,
    log: pino({ level: "info" }, stream),
  };
  return Object.assign(found, { watch: new RunWatch(options) });
}

/** The most looks that began within one second. */
function mostInOneSecond(looks: Herd["looks"]): number {
  const counts = new Map<number, number>();
  for (const { at } of looks) {
    const second = Math.floor(at / SECOND);
    counts.set(second, (counts.get(second) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

describe("a thousand runs that watch", () => {
  it("look evenly over time, each at the same moment of its interval after every restart", async () => {
    const first = herd(async () => ANSWERED);
    await first.watch.start();
    await vi.advanceTimersByTimeAsync(15 * MINUTE);
    first.watch.stop();
    expect(first.looks).toHaveLength(RUNS);
    expect(mostInOneSecond(first.looks)).toBeLessThan(5);
    const second = herd(async () => ANSWERED);
    await second.watch.start();
    await vi.advanceTimersByTimeAsync(15 * MINUTE);
    second.watch.stop();
    expect(second.looks.map(({ runId }) => runId)).toEqual(first.looks.map(({ runId }) => runId));
  });

  it("do not all look at once when a server answers again after they had to wait", async () => {
    let underWay = 0;
    let most = 0;
    const { watch, looks } = herd(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 10 * MINUTE));
      underWay -= 1;
      return ANSWERED;
    });
    await watch.start();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    watch.stop();
    expect([most, looks.length > 8]).toEqual([8, true]);
  });

  it("are not delayed by a server that hangs unless they need it", async () => {
    const hangs = (runId: number): boolean => runId % 2 === 0;
    const { watch, looks } = herd(async (runId) => {
      if (hangs(runId)) await new Promise(() => undefined);
      return ANSWERED;
    });
    await watch.start();
    await vi.advanceTimersByTimeAsync(15 * MINUTE);
    watch.stop();
    expect(looks.filter(({ runId }) => hangs(runId))).toHaveLength(4);
    expect(looks.filter(({ runId }) => !hangs(runId))).toHaveLength(RUNS / 2);
  });

  it("ask a server that is away by one look at a time, with pauses, and log it in one line", async () => {
    let asked = 0;
    const { watch, lines, looks } = herd(async (_runId, request) => {
      if (request.asked.has("source")) asked += 1;
      const source = request.asked.has("source") ? "away" : "not_asked";
      return {
        changes: new Map(),
        leftChats: [],
        sides: { source: { status: source }, target: { status: "answered" } },
      };
    });
    await watch.start();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    watch.stop();
    expect(looks.length).toBeGreaterThan(3 * RUNS);
    // Two servers, after a few short pauses once in two minutes each.
    expect(asked).toBeLessThan(2 * (30 + 10));
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(
      Array.from({ length: 2 }, () => "a server does not answer looks at watched rooms; it is asked again"),
    );
    expect(lines.join("")).not.toContain("stack");
  });

  it("asks the target again when a server is back that both accounts share, and the source is not asked", async () => {
    let isAway = true;
    const asked: string[][] = [];
    const { watch } = herd(
      async (_runId, request) => {
        asked.push([...request.asked]);
        return {
          changes: new Map(),
          leftChats: [],
          sides: { source: { status: "not_asked" }, target: { status: isAway ? "away" : "answered" } },
        };
      },
      { runs: 1, targetServer: "other.example" },
    );
    await watch.start();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    isAway = false;
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    watch.stop();
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.every((sides) => sides.includes("target"))).toBe(true);
  });
});
