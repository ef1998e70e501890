import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { UnreachableError } from "../../../src/network/unreachable-error.ts";
import { matrixRuns } from "../../../src/platforms/matrix/runs.ts";
import { UndoPlanner } from "../../../src/service/run/undo.ts";
import type { FakeHomeservers, FakeRequest } from "../../support/fakes/fake-homeservers.ts";
import type { FakeBot } from "../../support/fakes/fake-bot.ts";
import {
  OWNER,
  startFakeBot,
  fakePerson,
  runUntilCrashOrEnd,
  makePlan,
} from "../../support/fakes/fake-bot.ts";
import type { CrashTime } from "../../support/faults/crashing-store.ts";

const START = new Date("2026-03-01T12:00:00Z");
/** So many tests share the work, so that one that hangs is told by its part. */
const PARTS = 6;

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mover-crash-"));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: START }));
afterEach(() => vi.useRealTimers());

/**
 * What stands in the end, for the servers, in the store, and in the chat, line by line; times and
 * the names of copied images left out.
 */
async function endOf(
  { store: { store, close }, planning }: FakeBot,
  { seen, accounts, rooms }: FakeHomeservers,
): Promise<string[]> {
  const run = await store.runs.last(OWNER);
  const plan = await planning.last(OWNER);
  const said: string[] = [];
  for (
    let item = await store.outbox.nextDue(Infinity);
    item !== null;
    item = await store.outbox.nextDue(Infinity)
  ) {
    if (!item.transactionId.includes("progress")) said.push(item.transactionId);
    await store.outbox.finish(item.id, { status: "sent", eventId: "$sent" }, Date.now());
  }
  const steps = await store.steps.all(run?.id ?? 0);
  const undo = await new UndoPlanner({ ...store, platforms: { matrix: { runs: matrixRuns } } }).plan(OWNER);
  await close();
  const lines = (name: string, values: readonly unknown[]): string[] =>
    values.map((value) => `${name}: ${jsonOf(value)}`);
  return [
    ...lines("seen", seen),
    ...lines(
      "account",
      [...accounts.values()].flatMap((account) => Object.entries(account)),
    ),
    ...lines(
      "room",
      [...rooms.values()].map(({ roomId, members, state }) => ({ roomId, members, state })),
    ),
    ...lines("run", [run?.state, run?.isCancelled]),
    ...lines(
      "step",
      steps.map(({ key, state, outcome }) => `${key} ${state}, ${outcome?.status ?? "not tried"}`),
    ),
    ...lines(
      "undo",
      (undo?.steps ?? []).map(({ key, payload }) => [key, payload]),
    ),
    ...lines("report", [...(plan?.report.rooms ?? []), ...(plan?.report.categories ?? [])]),
    ...lines("said", said),
  ].sort();
}

/**
 * Maps and objects in the order of their keys, for nothing depends on which of two things was
 * written first.
 */
function jsonOf(value: unknown): string {
  const plain = JSON.stringify(value, (_key, each: unknown) => {
    if (each instanceof Map) return Object.fromEntries([...each].sort());
    return typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort())
      : each;
  });
  return plain.replaceAll(/copied\d+/gu, "copied");
}

/** What one end has and the other has not. */
function differences(end: readonly string[], whole: readonly string[]): string[] {
  const without = (lines: readonly string[], others: readonly string[]): string[] => {
    const left = [...others];
    return lines.filter((line) => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  return [
    ...without(end, whole).map((line) => `+ ${line}`),
    ...without(whole, end).map((line) => `- ${line}`),
  ];
}

interface Interruption {
  crashTimeOf?: () => CrashTime;
  onRequest?: (request: FakeRequest, crash: () => void) => void;
}

/**
 * A whole move from the start. If the interruption ends the first process, a second one continues
 * from the store alone.
 */
async function move(interruption: Interruption): Promise<{ end: string[]; processes: number }> {
  const dataDir = join(folder, String((count += 1)));
  await mkdir(dataDir);
  await copyFile(join(folder, "mover.sqlite"), join(dataDir, "mover.sqlite"));
  const servers = fakePerson();
  let bot = startFakeBot({ folder: dataDir, servers, ...interruption });
  let processes = 1;
  if ((await runUntilCrashOrEnd(bot, servers)) === "crashed") {
    processes = 2;
    bot = startFakeBot({ folder: dataDir, servers });
    expect(await runUntilCrashOrEnd(bot, servers)).toBe("over");
  }
  await bot.runServices.stop();
  await bot.store.close();
  const end = await endOf(startFakeBot({ folder: dataDir, servers }), servers);
  await rm(dataDir, { recursive: true });
  return { end, processes };
}

/** The n-th thing of a kind, counted from 0. */
function nth<Result>(n: number, then: Result, otherwise: Result): () => Result {
  let left = n;
  return () => (left-- === 0 ? then : otherwise);
}

function partOf(total: number, part: number): number[] {
  return Array.from({ length: total }, (_, n) => n).filter((n) => n % PARTS === part);
}

describe("a move whose process is killed and started again", () => {
  let whole: string[];
  let writes = 0;
  let requests = 0;
  let sent = 0;

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: START });
    const first = startFakeBot({ folder, servers: fakePerson() });
    await makePlan(first);
    await first.store.close();
    const uninterrupted = await move({
      crashTimeOf: () => {
        writes += 1;
        return "none";
      },
      onRequest: ({ method }) => {
        requests += 1;
        if (method !== "GET") sent += 1;
      },
    });
    whole = uninterrupted.end;
    vi.useRealTimers();
  });

  it("has a whole one to be held against", () => {
    const of = (name: string): string[] => whole.filter((line) => line.startsWith(`${name}: `));
    expect(of("run")).toEqual(['run: "over"', "run: false"]);
    expect(new Set(of("seen")).size).toBe(of("seen").length);
    expect(of("said")).toEqual([
      'said: "run 1 end"',
      'said: "run 1 late !closed:old.example"',
      'said: "run 1 late !knock:old.example"',
    ]);
    const failed = ['step: "join:!stubborn:old.example failed, failed"'];
    expect(of("step").filter((line) => !/ done, (?:done|needs_moderator)"$/u.test(line))).toEqual(failed);
    expect(of("undo").length).toBeGreaterThan(15);
    expect([writes, requests, sent].every((number) => number > 25)).toBe(true);
  });

  const parts = Array.from({ length: PARTS }, (_, part) => part);

  it.each(parts)(
    "reaches the same end, with nothing done twice, killed just before any write (part %i)",
    async (part) => {
      for (const n of partOf(writes, part)) {
        const { end, processes } = await move({ crashTimeOf: nth<CrashTime>(n, "before", "none") });
        expect({ n, processes, differences: differences(end, whole) }).toEqual({
          n,
          processes: 2,
          differences: [],
        });
      }
    },
  );

  it.each(parts)(
    "reaches the same end, with nothing done twice, killed just after any write (part %i)",
    async (part) => {
      for (const n of partOf(writes, part)) {
        const { end, processes } = await move({ crashTimeOf: nth<CrashTime>(n, "after", "none") });
        expect({ n, processes, differences: differences(end, whole) }).toEqual({
          n,
          processes: 2,
          differences: [],
        });
      }
    },
  );

  it.each(parts)(
    "reaches the same end, with nothing done twice, killed before any request is answered (part %i)",
    async (part) => {
      for (const n of partOf(requests, part)) {
        const isNow = nth(n, true, false);
        const { end, processes } = await move({ onRequest: (_request, crash) => isNow() && crash() });
        expect({ n, processes, differences: differences(end, whole) }).toEqual({
          n,
          processes: 2,
          differences: [],
        });
      }
    },
  );

  it.each(parts)(
    "reaches the same end, with nothing done twice, when the answer to any request that writes is lost (part %i)",
    async (part) => {
      for (const n of partOf(sent, part)) {
        const isNow = nth(n, true, false);
        const { end, processes } = await move({
          onRequest: ({ method }) => {
            if (method !== "GET" && isNow()) throw new UnreachableError("reset", "old.example");
          },
        });
        expect({ n, processes, differences: differences(end, whole) }).toEqual({
          n,
          processes: 1,
          differences: [],
        });
      }
    },
  );
});
