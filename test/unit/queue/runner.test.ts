import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import { stages } from "../../../src/model/step.ts";
import type { RunnerWork } from "../../../src/queue/runner-work.ts";
import {
  DONE,
  FAILED,
  RETRY,
  SESSION_ENDED,
  hanging,
  limited,
  newRun,
  pass,
  room,
  scripted,
  statesOf,
  step,
  taking,
} from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

describe("the order of a run", () => {
  it("is by stages: nothing of one begins while something of an earlier one can run", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { profile: [RETRY, DONE] });
    const run = await newRun(store, [
      step("ignored", { stage: stages.last }),
      step("direct chats", { stage: stages.settings }),
      step("tags"),
      step("profile", { stage: stages.profile }),
    ]);
    await runner.begin(run);
    await pass(10 * MINUTE);
    expect(work.tried).toEqual(["profile", "profile", "tags", "direct chats", "ignored"]);
    expect((await store.runs.get(run.id))?.state).toBe("over");
  });

  it("is as planned within a queue", async () => {
    const { store } = await temporaryStore();
    const keys = ["c", "a", "b"];
    const { runner, work } = scripted(store);
    await runner.begin(
      await newRun(
        store,
        keys.map((key) => step(key)),
      ),
    );
    await pass();
    expect(work.tried).toEqual(keys);
  });

  it("holds up nothing in other queues for one that waits", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { invite: [limited(5 * MINUTE), DONE] });
    const run = await newRun(store, [
      step("invite", { side: "source", limits: ["invitations", "messages"] }),
      step("join", { limits: ["joins", "messages"] }),
      step("power", { side: "source", limits: ["messages"] }),
      step("tags"),
    ]);
    await runner.begin(run);
    await pass(SECOND);
    expect(await statesOf(store, run)).toEqual({
      invite: "pending",
      join: "done",
      power: "done",
      tags: "done",
    });
    await pass(5 * MINUTE);
    expect(await statesOf(store, run)).toMatchObject({ invite: "pending" });
    await pass(5 * SECOND);
    expect(await statesOf(store, run)).toMatchObject({ invite: "done" });
    expect(work.tried.filter((key) => key === "invite")).toHaveLength(2);
  });
});

describe("steps that wait for others", () => {
  it("run once the account is in their room", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store);
    const steps = [
      step("tags", { needsRoom: "!a" }),
      step("join", { roomId: "!a", limits: ["joins", "messages"] }),
    ];
    await runner.begin(await newRun(store, steps, { rooms: [room("!a")] }));
    await pass();
    expect(work.tried).toEqual(["join", "tags"]);
  });

  it("run at once where the account is in already", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store);
    await runner.begin(
      await newRun(store, [step("tags", { needsRoom: "!a" })], { rooms: [room("!a", true)] }),
    );
    await pass();
    expect(work.tried).toEqual(["tags"]);
  });

  it("run after the step they come after, and are dropped when that fails", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { "invite b": [FAILED] });
    const run = await newRun(store, [
      step("join a", { after: "invite a" }),
      step("join b", { after: "invite b" }),
      step("invite a"),
      step("invite b"),
    ]);
    await runner.begin(run);
    await pass();
    expect(work.tried).toEqual(["invite a", "invite b", "join a"]);
    expect(await statesOf(store, run)).toMatchObject({
      "join a": "done",
      "join b": "dropped",
      "invite b": "failed",
    });
  });

  it("do not keep a run from settling while their room does not come", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store);
    const run = await newRun(store, [step("tags", { needsRoom: "!a" })], { rooms: [room("!a")] });
    await runner.begin(run);
    await pass();
    expect(work.log).toEqual(["running", "settled", "over"]);
    expect(await statesOf(store, run)).toEqual({ tags: "pending" });
  });
});

describe("a run that needs its owner", () => {
  it("stops, records the steps under way, and continues when it is started again", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { a: [SESSION_ENDED, DONE], b: taking(SECOND) });
    const run = await newRun(store, [step("a"), step("b"), step("c", { stage: stages.settings })]);
    await runner.begin(run);
    await pass(MINUTE);
    expect(await statesOf(store, run)).toEqual({ a: "pending", b: "done", c: "pending" });
    expect(await store.runs.get(run.id)).toMatchObject({ state: "needs_you", problem: { side: "target" } });
    expect(work.log.at(-1)).toBe("needs_you");
    await store.runs.apply(run.id, "resumed", { problem: null });
    await runner.begin(run);
    await pass();
    expect(await statesOf(store, run)).toEqual({ a: "done", b: "done", c: "done" });
  });

  it("is not stopped again by what was tried with the session before", async () => {
    const { store } = await temporaryStore();
    const tries = [taking(MINUTE, SESSION_ENDED), taking(0)];
    const { runner } = scripted(store, {
      a: [SESSION_ENDED, DONE],
      b: async (signal) => (await tries.shift()?.(signal)) ?? DONE,
    });
    const run = await newRun(store, [step("a"), step("b")]);
    await runner.begin(run);
    await pass();
    await store.runs.apply(run.id, "resumed", { problem: null });
    await runner.begin(run);
    await pass(2 * MINUTE);
    expect(await statesOf(store, run)).toEqual({ a: "done", b: "done" });
    expect(await store.runs.get(run.id)).toMatchObject({ state: "over", problem: null });
  });

  it("stays paused or over where it was put so meanwhile", async () => {
    const { store } = await temporaryStore();
    const { runner } = scripted(store, { a: taking(SECOND, SESSION_ENDED) });
    const run = await newRun(store, [step("a")]);
    await runner.begin(run);
    await pass();
    await store.runs.apply(run.id, "paused");
    await pass(SECOND);
    expect((await store.runs.get(run.id))?.state).toBe("paused");
  });
});

describe("a pause", () => {
  it("takes nothing more, and waits until what is under way is recorded", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { a: taking(SECOND), b: taking(SECOND) });
    const run = await newRun(store, [step("a"), step("b", { after: "a" })]);
    await runner.begin(run);
    await pass(500);
    let isEnded = false;
    const ending = runner.end(run.id, 5 * SECOND).finally(() => (isEnded = true));
    await pass(400);
    expect(isEnded).toBe(false);
    await pass(100);
    expect(await ending).toBe(true);
    await pass(MINUTE);
    expect(work.tried).toEqual(["a"]);
    expect(await statesOf(store, run)).toEqual({ a: "done", b: "pending" });
  });

  it("stops a step of many requests, which continues with the run", async () => {
    const { store } = await temporaryStore();
    let requests = 0;
    const long = async (_signal: AbortSignal, mayGoOn: () => boolean): Promise<StepOutcome> => {
      while (requests < 60) {
        if (!mayGoOn()) return { status: "interrupted" };
        requests += 1;
        await new Promise((resolve) => setTimeout(resolve, SECOND));
      }
      return DONE;
    };
    const { runner } = scripted(store, { long });
    const run = await newRun(store, [step("long")]);
    await runner.begin(run);
    await pass(10 * SECOND);
    const ended = runner.end(run.id, 5 * SECOND);
    await pass(SECOND);
    expect(await ended).toBe(true);
    await pass(MINUTE);
    expect(requests).toBe(11);
    const [paused] = await store.steps.all(run.id);
    expect(paused).toMatchObject({ state: "pending", waitingFor: null });
    await runner.begin(run);
    await pass(MINUTE);
    expect(await statesOf(store, run)).toEqual({ long: "done" });
  });

  it("ends in time while a step hangs, which a later resume waits for", async () => {
    const { store } = await temporaryStore();
    const { runner } = scripted(store, { slow: taking(MINUTE) });
    const run = await newRun(store, [step("slow"), step("then", { stage: stages.settings })]);
    await runner.begin(run);
    await pass();
    const ended = runner.end(run.id, 5 * SECOND);
    await pass(5 * SECOND);
    expect(await ended).toBe(false);
    await runner.begin(run);
    await pass(30 * SECOND);
    expect(await statesOf(store, run)).toEqual({ slow: "taken", then: "pending" });
    await pass(MINUTE);
    expect(await statesOf(store, run)).toEqual({ slow: "done", then: "done" });
    expect((await store.runs.get(run.id))?.state).toBe("over");
  });
});

describe("a stop", () => {
  it("cuts off what hangs, and the next process tries it again", async () => {
    const { store, reopen } = await temporaryStore();
    const { runner } = scripted(store, { it: hanging });
    const run = await newRun(store, [step("it"), step("then", { after: "it" })]);
    await runner.begin(run);
    await pass();
    await runner.stop();
    expect(await statesOf(store, run)).toEqual({ it: "pending", then: "pending" });
    const after = await reopen();
    const next = scripted(after);
    await next.runner.start();
    await pass(MINUTE);
    expect(next.work.tried).toEqual(["it", "then"]);
    expect((await after.runs.get(run.id))?.wasInterrupted).toBe(true);
  });

  it("cuts off the look at both accounts at the end of a run", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store);
    work.onSettled = async (_run, signal) => {
      await hanging(signal);
      throw new Error("cut off");
    };
    const run = await newRun(store, [step("it")]);
    await runner.begin(run);
    await pass();
    await runner.stop();
    await pass(10 * MINUTE);
    expect(work.log.filter((line) => line === "settled")).toHaveLength(1);
    expect((await store.runs.get(run.id))?.state).toBe("running");
  });

  it("leaves what a kill left to the next process", async () => {
    const { store, reopen } = await temporaryStore();
    const { runner } = scripted(store, { it: () => new Promise(() => {}) });
    const run = await newRun(store, [step("it")]);
    await runner.begin(run);
    await pass();
    expect(await statesOf(store, run)).toEqual({ it: "taken" });
    const after = await reopen();
    const next = scripted(after);
    await next.runner.start();
    await pass();
    const [taken] = await after.steps.all(run.id);
    expect(taken).toMatchObject({ state: "done", attempts: 2 });
  });
});

describe("the end of a run", () => {
  async function endsInVain(onSettled: RunnerWork["settled"], until = 3) {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store);
    const original = work.onSettled;
    let tries = 0;
    work.onSettled = async (run, signal) => {
      tries += 1;
      return tries < until ? onSettled(run, signal) : original(run, signal);
    };
    const run = await newRun(store, [step("it")]);
    await runner.begin(run);
    await pass();
    return {
      run,
      runner,
      work,
      tries: () => tries,
      state: async () => (await store.runs.get(run.id))?.state,
    };
  }

  it("waits where an account cannot be read, and says until when", async () => {
    const start = Date.now();
    const away = { side: "source", waitingFor: "server", waitMs: null } as const;
    const { run, runner, work, tries, state } = await endsInVain(async () => away);
    expect([tries(), await state(), runner.waitOf(run.id).endWait]).toEqual([
      1,
      "running",
      { side: "source", waitingFor: "server", until: start + MINUTE },
    ]);
    // Listeners to the run are notified.
    expect(work.log).toEqual(["running", "running", "settled", "running"]);
    await pass(MINUTE - 1);
    expect(tries()).toBe(1);
    await pass(MINUTE + 1);
    expect(tries()).toBe(2);
    await pass(2 * MINUTE);
    expect([tries(), await state(), runner.waitOf(run.id).endWait]).toEqual([3, "over", null]);
  });

  it("reads less and less often while an account cannot be read, but at least each half hour", async () => {
    const away = { side: "source", waitingFor: "server", waitMs: null } as const;
    const { tries } = await endsInVain(async () => away, Number.POSITIVE_INFINITY);
    const byHour: number[] = [];
    for (let hour = 0; hour < 3; hour += 1) {
      const before = tries();
      await pass(60 * MINUTE);
      byHour.push(tries() - before);
    }
    expect(byHour).toEqual([5, 2, 2]);
  });

  it("waits as long as a server asks, and not at all once its owner has it go on", async () => {
    const { run, runner, tries } = await endsInVain(async () => ({
      side: "target",
      waitingFor: "limit",
      waitMs: 10 * MINUTE,
    }));
    await pass(10 * MINUTE - 1);
    expect(tries()).toBe(1);
    await runner.begin(run);
    await pass();
    expect(tries()).toBe(2);
  });

  it("is tried again later where it fails unexpectedly", async () => {
    const { tries, state } = await endsInVain(() => Promise.reject(new Error("a bug")));
    expect([tries(), await state()]).toEqual([1, "running"]);
    await pass(2 * MINUTE);
    expect([tries(), await state()]).toEqual([3, "over"]);
  });

  it("does not come while it adds steps", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store);
    const { onSettled } = work;
    let times = 0;
    work.onSettled = async (run, signal) => {
      times += 1;
      if (times > 1) return onSettled(run, signal);
      const steps = [step("late", { stage: stages.profile })];
      await store.steps.revise(run, {
        rooms: [],
        steps,
        again: [],
        run: { event: "revised", change: { stage: stages.profile } },
      });
      return null;
    };
    await runner.begin(await newRun(store, [step("it")]));
    await pass();
    expect([work.tried, times]).toEqual([["it", "late"], 2]);
  });
});
