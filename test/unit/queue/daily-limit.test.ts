import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import { DONE, newRun, pass, scripted, statesOf, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const HOUR = 3_600_000;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

function full(waitMs: number): StepOutcome {
  return { status: "wait", waitingFor: "daily_limit", waitMs, problem: null };
}

const CHAT = { side: "source", limits: ["room_creation", "messages"] } as const;

it("a step that waits for the daily limit looks again each hour, and counts no failure", async () => {
  const { store } = await temporaryStore();
  const looks = Array.from({ length: 20 }, (_, index) => full((20 - index) * HOUR));
  const { runner, work } = scripted(store, { chat: [...looks, DONE] });
  const run = await newRun(store, [step("chat", CHAT)], { purpose: "ask" });
  await runner.begin(run);
  await pass(19 * HOUR);
  expect([work.tried.length, await statesOf(store, run)]).toEqual([20, { chat: "pending" }]);
  expect((await store.steps.all(run.id))[0]).toMatchObject({ waitingFor: "daily_limit" });
  await pass(HOUR);
  expect([work.tried.length, await statesOf(store, run)]).toEqual([21, { chat: "done" }]);
  await runner.stop();
});

it("steps that wait for the daily limit use up no request of the limit on new rooms", async () => {
  const { store } = await temporaryStore();
  const keys = Array.from({ length: 12 }, (_, index) => `chat ${index}`);
  const script = Object.fromEntries(keys.map((key) => [key, [full(HOUR), DONE]]));
  const { runner, work } = scripted(store, script);
  const run = await newRun(
    store,
    keys.map((key) => step(key, CHAT)),
    { purpose: "ask" },
  );
  await runner.begin(run);
  await pass();
  // Ten pass at once.
  expect(work.tried).toHaveLength(12);
  await runner.stop();
});
