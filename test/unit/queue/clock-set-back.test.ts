import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import { ServerBackoff } from "../../../src/queue/server-backoff.ts";
import { DONE, newRun, pass, scripted, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

// The time of day can be set. The faked `performance` only goes on.
beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => vi.useRealTimers());

const monotonicNow = (): number => performance.now();
const AWAY: StepOutcome = { status: "wait", waitingFor: "server", waitMs: null, problem: null };

function setBack(ms: number): void {
  vi.setSystemTime(Date.now() - ms);
}

it("a run that cannot end yet tries again after a minute, although the clock was set back by a day", async () => {
  const { store } = await temporaryStore();
  const { runner, work } = scripted(store, {}, monotonicNow);
  const settle = work.onSettled.bind(work);
  let isAway = true;
  work.onSettled = async (run, signal) =>
    isAway ? { side: "source", waitingFor: "server", waitMs: null } : settle(run, signal);
  const run = await newRun(store, [step("a")]);
  await runner.begin(run);
  await pass(SECOND);
  isAway = false;
  setBack(DAY);
  expect(runner.waitOf(run.id).endWait?.until).toBeLessThanOrEqual(Date.now() + MINUTE);
  await pass(2 * MINUTE);
  expect((await store.runs.get(run.id))?.state).toBe("over");
  await runner.stop();
});

it("a server that was away is asked again, although the clock was set back by a day", async () => {
  const { store } = await temporaryStore();
  const { runner, work } = scripted(store, { a: [AWAY, DONE] }, monotonicNow);
  const run = await newRun(store, [step("a"), step("b")]);
  await runner.begin(run);
  await pass();
  setBack(DAY);
  await pass(3 * MINUTE);
  expect(work.tried.filter((key) => key === "a")).toHaveLength(2);
  expect((await store.runs.get(run.id))?.state).toBe("over");
  await runner.stop();
});

it("a server that answered before the clock was set back is not taken for one that answers now", () => {
  const backoff = new ServerBackoff(monotonicNow);
  backoff.answered("old.example");
  setBack(DAY);
  vi.advanceTimersByTime(SECOND);
  expect(backoff.hasAnsweredSince("old.example", monotonicNow())).toBe(false);
});

it("servers that are asked no more are forgotten after a day", () => {
  const backoff = new ServerBackoff(monotonicNow);
  for (let count = 0; count < 1_000; count += 1) {
    backoff.failed(`${count}.example`, null);
    backoff.answered(`${count}.example`);
  }
  vi.advanceTimersByTime(2 * DAY);
  expect(backoff.failed("away.example", null)).toBe(SECOND);
  expect(backoff.size).toBe(1);
  expect(backoff.remainingMs("away.example")).toBe(SECOND);
});
