import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { RunnerWork } from "../../../src/queue/runner-work.ts";
import type { Steps } from "../../../src/store/steps.ts";
import { StorageError } from "../../../src/store/storage-error.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Script, Scripted } from "../../support/fakes/scripted-runner.ts";
import { DONE, newRun, pass, room, scripted, statesOf, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

function full(): StorageError {
  return new StorageError(
    "full",
    Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" }),
  );
}

/** The store until `isBroken` says otherwise. */
function breaking(store: Store, method: "record" | "takeNext" | "saveUndo", isBroken: () => boolean): Store {
  const steps = new Proxy(store.steps, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== method) return value.bind(target) as unknown;
      return (...args: readonly unknown[]): unknown => {
        if (isBroken()) return Promise.reject(full());
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { ...store, steps: steps satisfies Steps };
}

describe("an outcome that cannot be stored", () => {
  it.each(["record", "takeNext"] as const)("is stored when there is room again (%s)", async (method) => {
    const { store } = await temporaryStore();
    let isFull = true;
    const { runner, work } = scripted(breaking(store, method, () => isFull));
    const run = await newRun(store, [step("join", { roomId: "!a", limits: ["joins"] }), step("tags")], {
      rooms: [room("!a")],
    });
    await runner.begin(run);
    await pass(10 * MINUTE);
    expect((await store.runs.get(run.id))?.state).toBe("running");
    isFull = false;
    await pass(MINUTE);
    expect(await statesOf(store, run)).toEqual({ join: "done", tags: "done" });
    expect((await store.runs.get(run.id))?.state).toBe("over");
    expect((await store.runs.room(run.id, "!a"))?.isJoined).toBe(true);
    expect(work.tried).toEqual(["join", "tags"]);
  });

  it("does not count as a failure of the step", async () => {
    const { store } = await temporaryStore();
    let isFull = true;
    const broken = breaking(store, "saveUndo", () => isFull);
    const { runner, work } = scripted(broken);
    const execute = work.execute.bind(work);
    work.execute = async (run, taken, control) => {
      await broken.steps.saveUndo(taken, { before: 1 });
      return execute(run, taken, control);
    };
    const run = await newRun(store, [step("a")]);
    await runner.begin(run);
    await pass(60 * MINUTE);
    isFull = false;
    await pass(MINUTE);
    expect((await store.steps.all(run.id))[0]).toMatchObject({ state: "done", attempts: 1 });
  });

  it("is left to the next process by a stop, which does not wait for room", async () => {
    const { store, reopen } = await temporaryStore();
    const { runner } = scripted(breaking(store, "record", () => true));
    const run = await newRun(store, [step("a")]);
    await runner.begin(run);
    await pass(5 * SECOND);
    await runner.stop();
    const next = await reopen();
    const { runner: again, work } = scripted(next);
    await again.start();
    await pass();
    expect(work.tried).toEqual(["a"]);
    expect((await next.steps.all(run.id))[0]).toMatchObject({ state: "done", attempts: 2 });
    await again.stop();
  });

  it("returns its turn at a limit at once, so that other steps know the limit", async () => {
    const { store } = await temporaryStore();
    let isFull = true;
    const broken = breaking(store, "record", () => isFull);
    const { runner, work } = scripted(broken);
    const invite = { side: "source", limits: ["invitations", "messages"] } as const;
    const keys = Array.from({ length: 12 }, (_, index) => `invite ${index}`);
    const run = await newRun(
      store,
      keys.map((key) => step(key, invite)),
    );
    await runner.begin(run);
    await pass(MINUTE);
    isFull = false;
    await pass(60 * MINUTE);
    expect(new Set(work.tried).size).toBe(keys.length);
    expect((await store.runs.get(run.id))?.state).toBe("over");
  });
});

describe("a bug in the consequences of an outcome", () => {
  function withBug(store: Store, script: Script, consequencesOf: RunnerWork["consequencesOf"]): Scripted {
    const made = scripted(store, script);
    const real = made.work.consequencesOf.bind(made.work);
    made.work.consequencesOf = async (run, taken, outcome, isFinal) =>
      taken.key === "a" ? consequencesOf(run, taken, outcome, isFinal) : real(run, taken, outcome, isFinal);
    return made;
  }

  it("is a failure of the step, which is tried again", async () => {
    const { store } = await temporaryStore();
    const nothing = { rooms: [], steps: [], dropped: [], run: null };
    let calls = 0;
    const { runner, work } = withBug(store, {}, async () => {
      calls += 1;
      if (calls === 1) throw new TypeError("a bug");
      return nothing;
    });
    const run = await newRun(store, [step("a"), step("b")]);
    await runner.begin(run);
    await pass();
    expect((await store.steps.all(run.id))[0]).toMatchObject({
      state: "pending",
      outcome: { status: "retry" },
    });
    await pass(SECOND);
    expect(await statesOf(store, run)).toEqual({ a: "done", b: "done" });
    expect(work.tried).toEqual(["a", "b", "a"]);
  });

  it("costs that step alone if it stays, and the run ends", async () => {
    const { store } = await temporaryStore();
    const { runner } = withBug(store, {}, () => Promise.reject(new TypeError("a bug")));
    const run = await newRun(store, [step("a"), step("b")]);
    await runner.begin(run);
    await pass(60 * MINUTE);
    expect(await statesOf(store, run)).toEqual({ a: "failed", b: "done" });
    expect(JSON.stringify(await store.steps.all(run.id))).toMatch(/unexpected error [0-9a-f]{8}/u);
    expect((await store.runs.get(run.id))?.state).toBe("over");
  });
});

describe("a run that is to be worked on", () => {
  it("is worked on once, whatever begins it and however often the runner starts", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, {
      a: () => new Promise((resolve) => setTimeout(() => resolve(DONE), SECOND)),
    });
    const run = await newRun(store, [step("a")]);
    await Promise.all([runner.begin(run), runner.begin(run), runner.start()]);
    await runner.begin(run);
    const second = scripted(store);
    await second.runner.start();
    await second.runner.begin(run);
    await pass(SECOND);
    expect([work.tried, second.work.tried]).toEqual([["a"], []]);
    expect((await store.steps.all(run.id))[0]).toMatchObject({ state: "done", attempts: 1 });
    await runner.stop();
    await second.runner.stop();
  });

  it("is taken up when its beginning has failed", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store);
    await runner.start();
    // As a command leaves it that was cut off between the two.
    const run = await newRun(store, [step("a")]);
    await pass(30 * SECOND);
    expect(work.tried).toEqual(["a"]);
    expect((await store.runs.get(run.id))?.state).toBe("over");
    await runner.stop();
  });

  it("stays with the process that works on it for hours", async () => {
    const { store } = await temporaryStore();
    const { runner } = scripted(store, { a: () => new Promise(() => {}) });
    await runner.start();
    const run = await newRun(store, [step("a")]);
    await runner.begin(run);
    for (let hour = 0; hour < 3; hour += 1) {
      await pass(60 * MINUTE);
      expect(await store.runLeases.free({ holder: "another", now: Date.now() })).toEqual([]);
    }
  });

  it("is no longer worked on by a process that has lost its lease", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, {
      a: () => new Promise((resolve) => setTimeout(() => resolve(DONE), SECOND)),
    });
    const run = await newRun(store, [step("a"), step("b", { after: "a" })]);
    await runner.begin(run);
    await pass();
    const now = Date.now() + 10 * MINUTE;
    await store.runLeases.take(run.id, { holder: "another", now, until: now + MINUTE });
    await pass(10 * SECOND);
    expect(work.tried).toEqual(["a"]);
    expect(await statesOf(store, run)).toEqual({ a: "pending", b: "pending" });
    await runner.stop();
  });

  it("tries a step at once that waits because the clock was a day ahead", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, [step("a")]);
    const taken = await store.steps.takeNext(
      { runId: run.id, epoch: 0 },
      { lane: "target:free", stage: 3, now: Date.now(), limiters: [] },
    );
    if (taken === null) throw new Error("nothing to take");
    const record = {
      state: "pending",
      notBefore: Date.now() + 24 * 60 * MINUTE,
      waitingFor: "limit",
      outcome: DONE,
      isCounted: false,
    } as const;
    const nothing = { rooms: [], steps: [], dropped: [], run: null, limiters: [] };
    await store.steps.record(taken, record, nothing, 1);
    const { runner, work } = scripted(store);
    await runner.begin(run);
    await pass();
    expect(work.tried).toEqual(["a"]);
  });
});

describe("joins whose rooms do not answer", () => {
  const hang = (): Promise<never> => new Promise(() => {});
  const joins = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) =>
      step(`${name} join ${index}`, { kind: "join", limits: ["joins", "messages"] }),
    );

  it("hold up neither the other steps of their run nor anybody else's", async () => {
    const { store } = await temporaryStore();
    const script = Object.fromEntries(joins("ada", 20).map(({ key }) => [key, hang]));
    const { runner, work } = scripted(store, script);
    await runner.begin(
      await newRun(store, [...joins("ada", 20), step("ada tags")], { owner: "@ada:old.example" }),
    );
    await runner.begin(
      await newRun(store, [...joins("bob", 2), step("bob tags")], { owner: "@bob:old.example" }),
    );
    await pass(SECOND);
    expect(work.tried).toEqual(expect.arrayContaining(["ada tags", "bob tags", "bob join 0", "bob join 1"]));
  });

  it("let the other joins of their run go on", async () => {
    const { store } = await temporaryStore();
    const script = Object.fromEntries(joins("dead", 4).map(({ key }) => [key, hang]));
    const { runner, work } = scripted(store, script);
    await runner.begin(await newRun(store, [...joins("dead", 4), ...joins("good", 2)]));
    await pass(MINUTE);
    expect(work.tried).toEqual(expect.arrayContaining(["good join 0", "good join 1"]));
  });

  it("hold up nothing either where they are knocks", async () => {
    const { store } = await temporaryStore();
    const knocks = Array.from({ length: 8 }, (_, index) =>
      step(`knock ${index}`, { kind: "knock", limits: ["messages"] }),
    );
    const { runner, work } = scripted(store, Object.fromEntries(knocks.map(({ key }) => [key, hang])));
    await runner.begin(await newRun(store, [...knocks, step("power", { limits: ["messages"] })]));
    await pass(SECOND);
    expect(work.tried).toContain("power");
  });
});

it("a run whose steps cannot be taken does not keep its turn for a slot", async () => {
  const { store } = await temporaryStore();
  const slow = (): Promise<StepOutcome> => new Promise((resolve) => setTimeout(() => resolve(DONE), SECOND));
  const keys = Array.from({ length: 9 }, (_, index) => `full ${index}`);
  let isBroken = false;
  const { runner, work } = scripted(
    breaking(store, "takeNext", () => isBroken),
    Object.fromEntries(keys.map((key) => [key, slow])),
  );
  await runner.begin(
    await newRun(
      store,
      keys.map((key) => step(key)),
      { owner: "@first:old.example" },
    ),
  );
  await pass();
  await runner.begin(await newRun(store, [step("second")], { owner: "@second:old.example" }));
  await runner.begin(await newRun(store, [step("third")], { owner: "@third:old.example" }));
  await pass(SECOND - 1);
  isBroken = true;
  await pass(1);
  isBroken = false;
  await pass(5 * SECOND);
  expect(work.tried.slice(8).sort()).toEqual(["full 8", "second", "third"]);
});
