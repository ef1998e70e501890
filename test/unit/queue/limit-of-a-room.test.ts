import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
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

function joins(...keys: string[]): PlannedStep[] {
  return keys.map((key) =>
    step(key, { kind: "join", roomId: `!${key}:x`, limits: ["joins", "remote_joins"] }),
  );
}

const keys = Array.from({ length: 8 }, (_, index) => `join ${index}`);

describe("a limit that a server of one room names", () => {
  it.each<{ name: string; refusal: StepOutcome }>([
    { name: "with a long wait", refusal: limited(HOUR) },
    { name: "with a short wait", refusal: limited(20 * SECOND) },
  ])("holds up no other room $name, and that room is given up in the end", async ({ refusal }) => {
    const { store } = await temporaryStore();
    const { runner } = scripted(store, { hostile: [refusal] });
    const run = await newRun(store, joins("hostile", ...keys));
    await runner.begin(run);
    await pass(30 * MINUTE);
    const states = await statesOf(store, run);
    expect(keys.filter((key) => states[key] !== "done")).toEqual([]);
    await pass(12 * HOUR);
    expect((await store.runs.get(run.id))?.state).toBe("over");
  });

  it("does not delay others either if two rooms do it", async () => {
    const { store } = await temporaryStore();
    const { runner } = scripted(store, { one: [limited(HOUR)], two: [limited(HOUR)] });
    const run = await newRun(store, joins("one", "two", ...keys));
    await runner.begin(run);
    await pass(12 * HOUR);
    const states = await statesOf(store, run);
    expect(keys.filter((key) => states[key] !== "done")).toEqual([]);
  });
});

describe("a long limit of the account", () => {
  it("is believed and waited for once a second room is refused as well", async () => {
    const { store } = await temporaryStore();
    const end = Date.now() + HOUR;
    const sent: number[] = [];
    const ask = async (): Promise<StepOutcome> => {
      sent.push(Date.now());
      return Date.now() < end ? limited(end - Date.now()) : DONE;
    };
    const { runner } = scripted(store, Object.fromEntries(keys.map((key) => [key, ask])));
    const run = await newRun(store, joins(...keys));
    await runner.begin(run);
    await pass(HOUR - SECOND);
    // Those that were under way together, and one more.
    expect(sent.length).toBeLessThanOrEqual(keys.length + 1);
    await pass(48 * HOUR);
    expect(new Set(Object.values(await statesOf(store, run)))).toEqual(new Set(["done"]));
  });
});
