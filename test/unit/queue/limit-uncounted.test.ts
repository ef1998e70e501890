import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import {
  DONE,
  limited,
  newRun,
  pass,
  scripted,
  statesOf,
  step,
} from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

const byOther: StepOutcome = { ...limited(5 * SECOND), side: "source" } as StepOutcome;

describe("a limit on a request that no limiter counts", () => {
  it.each<{ name: string; refusal: StepOutcome; limits: readonly ["messages"] | readonly [] }>([
    { name: "of a few seconds", refusal: limited(5 * SECOND), limits: [] },
    { name: "without a delay", refusal: limited(null), limits: [] },
    { name: "of an hour", refusal: limited(HOUR), limits: [] },
    { name: "of the other account's server", refusal: byOther, limits: ["messages"] },
  ])("$name that never ends fails the step after hours, with few requests", async ({ refusal, limits }) => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { data: [refusal] });
    const run = await newRun(store, [step("data", { limits }), step("tags")]);
    await runner.begin(run);
    await pass(2 * HOUR);
    expect(await statesOf(store, run)).toEqual({ data: "pending", tags: "done" });
    await pass(20 * HOUR);
    expect(await statesOf(store, run)).toEqual({ data: "failed", tags: "done" });
    expect((await store.runs.get(run.id))?.state).toBe("over");
    expect(work.tried.length).toBeLessThan(100);
  });

  it("is waited for by many requests that pass one a second", async () => {
    const { store } = await temporaryStore();
    let nextAt = Date.now();
    const ask = async (): Promise<StepOutcome> => {
      if (Date.now() < nextAt) return limited(nextAt - Date.now());
      nextAt = Date.now() + SECOND;
      return DONE;
    };
    const keys = Array.from({ length: 20 }, (_, index) => `tags ${index}`);
    const { runner } = scripted(store, Object.fromEntries(keys.map((key) => [key, ask])));
    const run = await newRun(
      store,
      keys.map((key) => step(key)),
    );
    await runner.begin(run);
    await pass(2 * MINUTE);
    expect(new Set(Object.values(await statesOf(store, run)))).toEqual(new Set(["done"]));
  });
});
