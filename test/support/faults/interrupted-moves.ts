import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import type { FakeBot } from "../fakes/fake-bot.ts";
import { OWNER, startFakeBot, fakePerson, runUntilCrashOrEnd, makePlan } from "../fakes/fake-bot.ts";
import type { FakeHomeservers, FakeRequest } from "../fakes/fake-homeservers.ts";
import { confirmedUndo, undoPlanner } from "../fakes/undo-planner.ts";
import { nextDue } from "../store/next-due.ts";
import type { CrashTime } from "./crashing-store.ts";

const START = new Date("2026-03-01T12:00:00Z");
/** The number of tests that share the work. The part of a test that hangs shows where it hangs. */
const PARTS = 6;
/** Numbers of the tests that share the work. */
export const parts = Array.from({ length: PARTS }, (_, part) => part);

/**
 * The state at the end: of the servers, the store and the chat, line by line. Times and the names
 * of copied images are left out.
 */
async function endOf(
  { store: { store, close }, planning }: FakeBot,
  { seen, accounts, rooms }: FakeHomeservers,
): Promise<string[]> {
  const run = await store.runs.last(OWNER);
  const plan = await planning.last(OWNER);
  const said: string[] = [];
  for (
    let item = await nextDue(store.outbox, Number.MAX_SAFE_INTEGER - 1);
    item !== null;
    item = await nextDue(store.outbox, Number.MAX_SAFE_INTEGER - 1)
  ) {
    if (!item.transactionId.includes("progress")) said.push(item.transactionId);
    await store.outbox.finish(item.id, { status: "sent", eventId: "$sent" }, Date.now());
  }
  const steps = await store.steps.all(run?.id ?? 0);
  const undo = await confirmedUndo(undoPlanner(store), OWNER);
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

/** Maps and objects are written with sorted keys, because the order of writes does not matter. */
function jsonOf(value: unknown): string {
  const plain = JSON.stringify(value, (_key, each: unknown) => {
    if (each instanceof Map) return Object.fromEntries([...each].sort());
    return typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort())
      : each;
  });
  return plain.replaceAll(/copied\d+/gu, "copied");
}

/** Lines that only one of two ends has. */
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

/** Moves from the same start, prepared by a test's hooks. */
export interface InterruptedMoves {
  /** The end of a move that nothing interrupts. */
  whole: string[];
  /** The numbers of commits and of writing requests in that move. */
  writes: number;
  sent: number;
  /** Runs a whole move. @returns how its end differs from the end of an uninterrupted move */
  move(interruption: Interruption): Promise<{ processes: number; differences: string[] }>;
}

/** How moves begin. */
export interface Beginning {
  /** Prepares the store. */
  prepare: (bot: FakeBot) => Promise<void>;
  servers?: () => FakeHomeservers;
  /** Called at every request, before the interruption. */
  onRequest?: (request: FakeRequest) => void;
}

/** Prepares the moves before the tests of a file, with a stopped clock. */
export function prepareInterruptedMoves(beginning: Beginning = { prepare: makePlan }): InterruptedMoves {
  const { prepare, servers = fakePerson } = beginning;
  let folder = "";
  const moves: InterruptedMoves = {
    whole: [],
    writes: 0,
    sent: 0,
    move: async (interruption) => {
      const { end, processes } = await move(folder, beginning, interruption);
      return { processes, differences: differences(end, moves.whole) };
    },
  };
  const stopClock = (): unknown =>
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: START });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mover-crash-"));
    stopClock();
    const first = startFakeBot({ folder, servers: servers() });
    await prepare(first);
    await first.store.close();
    const uninterrupted = await move(folder, beginning, {
      crashTimeOf: () => {
        moves.writes += 1;
        return "none";
      },
      onRequest: ({ method }) => {
        if (method !== "GET") moves.sent += 1;
      },
    });
    moves.whole = uninterrupted.end;
    vi.useRealTimers();
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(stopClock);
  afterEach(() => vi.useRealTimers());
  return moves;
}

/**
 * A whole move from the start. If the interruption ends the first process, a second one continues
 * from the store alone.
 */
async function move(
  folder: string,
  { servers: started = fakePerson, onRequest: before }: Beginning,
  interruption: Interruption,
): Promise<{ end: string[]; processes: number }> {
  const dataDir = await mkdtemp(join(folder, "move-"));
  await copyFile(join(folder, "mover.sqlite"), join(dataDir, "mover.sqlite"));
  const servers = started();
  const start = ({ crashTimeOf, onRequest }: Interruption): FakeBot =>
    startFakeBot({
      ...{ folder: dataDir, servers, ...(crashTimeOf !== undefined && { crashTimeOf }) },
      onRequest: (request, crash) => {
        before?.(request);
        onRequest?.(request, crash);
      },
    });
  let bot = start(interruption);
  let processes = 1;
  if ((await runUntilCrashOrEnd(bot, servers)) === "crashed") {
    processes = 2;
    bot = start({});
    expect(await runUntilCrashOrEnd(bot, servers)).toBe("over");
  }
  await bot.runServices.stop();
  await bot.store.close();
  const end = await endOf(startFakeBot({ folder: dataDir, servers }), servers);
  await rm(dataDir, { recursive: true });
  return { end, processes };
}

/** The n-th event of a kind, counted from 0. */
export function nth<Result>(n: number, then: Result, otherwise: Result): () => Result {
  let left = n;
  return () => (left-- === 0 ? then : otherwise);
}

export function partOf(total: number, part: number): number[] {
  return Array.from({ length: total }, (_, n) => n).filter((n) => n % PARTS === part);
}
