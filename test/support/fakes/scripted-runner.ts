import { pino } from "pino";
import { vi } from "vitest";
import type { Side } from "../../../src/model/account.ts";
import type { RunRoom } from "../../../src/model/run-room.ts";
import type { Run, TakenStep } from "../../../src/model/run.ts";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
import { stages } from "../../../src/model/step.ts";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import { Limits } from "../../../src/queue/rate-limits.ts";
import type { RunnerWork, StepControl, Unread } from "../../../src/queue/runner-work.ts";
import { Runner } from "../../../src/queue/runner.ts";
import type { Store } from "../../../src/store/store.ts";

export const DONE: StepOutcome = { status: "done" };
const TROUBLE = { code: "server_trouble", serverText: "words" } as const;
export const RETRY: StepOutcome = { status: "retry", problem: TROUBLE };
export const FAILED: StepOutcome = { status: "failed", problem: TROUBLE };
export const SERVER_AWAY: StepOutcome = {
  status: "wait",
  waitingFor: "server",
  waitMs: null,
  problem: TROUBLE,
};
export const ROOM_AWAY: StepOutcome = { status: "wait", waitingFor: "room", waitMs: null, problem: TROUBLE };
export const SESSION_ENDED: StepOutcome = {
  status: "needs_user",
  problem: { code: "session_ended", serverText: null },
};

export function limited(waitMs: number | null): StepOutcome {
  return { status: "wait", waitingFor: "limit", waitMs, problem: null };
}

/** A step as a test describes it. By default a free one of the target in the stage of rooms. */
export function step(key: string, more: Partial<PlannedStep> = {}): PlannedStep {
  const planned = {
    key,
    platform: "matrix",
    kind: "tags",
    side: "target",
    stage: stages.rooms,
    limits: [],
    needsRoom: null,
    after: null,
  } as const;
  return { ...planned, roomId: null, payload: null, ...more };
}

/** A room that anyone may join, as in a plan. */
function plannedRoom(roomId: string): RunRoom["planned"] {
  return {
    row: {
      roomId,
      name: null,
      alias: null,
      direct: false,
      space: false,
      encrypted: false,
      route: "join",
      through: null,
      successor: null,
      status: "planned",
      until: null,
      waitingFor: null,
      reason: null,
      power: { source: 0, wanted: 0, target: null },
      warnings: [],
      helpers: [],
      asked: [],
    },
    work: { roomId, routes: ["join"], through: null, via: [], isNewToServer: false },
    facts: null,
  };
}

export function room(roomId: string, isJoined = false): RunRoom {
  const status = isJoined ? "done" : "planned";
  return {
    roomId,
    planned: plannedRoom(roomId),
    route: "join",
    status,
    isJoined,
    refusals: [],
    joinedAt: null,
    isReplacement: false,
  };
}

/**
 * The outcomes of the tries of each step, in sequence. The last one is repeated. A function may
 * take time.
 */
export type Script = Readonly<
  Record<
    string,
    readonly StepOutcome[] | ((signal: AbortSignal, mayGoOn: () => boolean) => Promise<StepOutcome>)
  >
>;

export class ScriptedWork implements RunnerWork {
  /** The keys of tried steps, in order. */
  readonly tried: string[] = [];
  readonly log: string[] = [];
  underWay = 0;
  mostUnderWay = 0;
  hasFallback = false;
  /** Called when no step is left that can run. */
  onSettled: RunnerWork["settled"];
  readonly #script: Script;
  readonly #tries = new Map<string, number>();

  constructor(script: Script, onSettled: RunnerWork["settled"]) {
    this.#script = script;
    this.onSettled = onSettled;
  }

  async execute(_run: Run, { key }: TakenStep, { signal, mayGoOn }: StepControl): Promise<StepOutcome> {
    this.tried.push(key);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      const script = this.#script[key] ?? [DONE];
      if (typeof script === "function") return await script(signal, mayGoOn);
      const tries = this.#tries.get(key) ?? 0;
      this.#tries.set(key, tries + 1);
      return script[Math.min(tries, script.length - 1)] ?? DONE;
    } finally {
      this.underWay -= 1;
    }
  }

  /** A step about a room brings the target into it. */
  async consequencesOf(
    _run: Run,
    { roomId, side }: TakenStep,
    outcome: StepOutcome,
    isFinal: boolean,
  ): ReturnType<RunnerWork["consequencesOf"]> {
    const isEntered = roomId !== null && isFinal && outcome.status === "done";
    const event = outcome.status === "needs_user" ? "needs_owner" : outcome.status;
    const problem =
      outcome.status === "needs_user" || outcome.status === "held"
        ? { side, problem: outcome.problem, since: Date.now() }
        : null;
    return {
      rooms: isEntered ? [room(roomId, true)] : [],
      steps: [],
      dropped: [],
      run:
        problem !== null && (event === "needs_owner" || event === "held")
          ? { event, change: { problem } }
          : null,
    };
  }

  async hasOtherRoute(): Promise<boolean> {
    return this.hasFallback;
  }

  serverOf(run: Run, side: Side): string {
    return run[side].slice(run[side].indexOf(":") + 1);
  }

  async settled(run: Run, signal: AbortSignal): Promise<Unread | null> {
    this.log.push("settled");
    return this.onSettled(run, signal);
  }

  changed(run: Run): void {
    this.log.push(run.state);
  }
}

export interface Scripted {
  runner: Runner;
  work: ScriptedWork;
}

/** A runner on a store. The script replaces the servers. A run that settles is over. */
export function scripted(
  store: Pick<Store, "runs" | "steps" | "runLeases" | "limiters">,
  script: Script = {},
  monotonicNow: () => number = Date.now,
): Scripted {
  const { runs, steps } = store;
  const work = new ScriptedWork(script, async (run) => {
    await runs.apply(run.id, "settled");
    return null;
  });
  const log = pino({ level: "silent" });
  return {
    work,
    runner: new Runner({
      runs,
      steps,
      leases: store.runLeases,
      limits: new Limits(store.limiters, RATE_LIMITS, () => undefined),
      work,
      monotonicNow,
      now: Date.now,
      log,
    }),
  };
}

export async function newRun(
  { runs }: Pick<Store, "runs">,
  steps: readonly PlannedStep[],
  {
    rooms = [],
    owner = "@me:old.example",
    source = owner,
    purpose = "move",
    isFromFile = false,
  }: { rooms?: readonly RunRoom[] } & Partial<Pick<Run, "owner" | "source" | "purpose" | "isFromFile">> = {},
): Promise<Run> {
  const address = {
    roomId: "!chat:new.example",
    eventId: "$start",
    threadRoot: null,
    roomKind: "direct",
    sender: owner,
    isEncrypted: false,
  } as const;
  const target = owner.replace("old", "new");
  const run = {
    owner,
    platform: "matrix" as const,
    isFromFile,
    planNumber: 1,
    purpose,
    source,
    target,
    address,
    request: {},
    startedAt: Date.now(),
  } as const;
  const created = await runs.create(run, { rooms, steps, isInPlace: true });
  if (created === null) throw new Error("another one is under way");
  return created;
}

/** Lets everything happen that needs no time, and then everything within `ms` of the fake clock. */
export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

export async function statesOf({ steps }: Pick<Store, "steps">, run: Run): Promise<Record<string, string>> {
  return Object.fromEntries((await steps.all(run.id)).map(({ key, state }) => [key, state]));
}

/** A step that takes time. */
export function taking(
  ms: number,
  outcome: StepOutcome = DONE,
): (signal: AbortSignal) => Promise<StepOutcome> {
  return () =>
    new Promise((resolve) => {
      setTimeout(() => resolve(outcome), ms);
    });
}

/** A step whose server never answers. It ends only with the process. */
export async function hanging(signal: AbortSignal): Promise<StepOutcome> {
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve);
  });
  return SERVER_AWAY;
}
