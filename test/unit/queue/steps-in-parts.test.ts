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

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

const CONTINUES: StepOutcome = { status: "continues", limits: ["messages"] };

/** Gives one outcome after the other, as at these times since the start. */
function parts(outcomes: readonly StepOutcome[], times: number[]): () => Promise<StepOutcome> {
  const startedAt = Date.now();
  const rest = [...outcomes];
  return async () => {
    times.push((Date.now() - startedAt) / SECOND);
    return rest.shift() ?? DONE;
  };
}

describe("a step of several requests", () => {
  it("keeps to the limits of each request, and counts no failures", async () => {
    const { store } = await temporaryStore();
    const times: number[] = [];
    const { runner } = scripted(store, { chat: parts([CONTINUES, CONTINUES], times) });
    const run = await newRun(store, [step("chat", { limits: ["remote_joins"] })]);
    await runner.begin(run);
    await pass(SECOND);
    expect([times, await statesOf(store, run)]).toEqual([[0, 0, 0], { chat: "done" }]);
    const [chat] = await store.steps.all(run.id);
    expect(chat).toMatchObject({ attempts: 3, limits: ["messages"] });
  });

  it("does not wait for the scarce limit of its first request again", async () => {
    const { store } = await temporaryStore();
    const times: number[] = [];
    const chats = Array.from({ length: 10 }, (_, index) =>
      step(`chat ${index}`, { limits: ["remote_joins"] }),
    );
    const script = Object.fromEntries(chats.map(({ key }) => [key, parts([CONTINUES], times)]));
    const { runner } = scripted(store, script);
    const run = await newRun(store, chats);
    await runner.begin(run);
    await pass(10 * SECOND);
    expect(Object.values(await statesOf(store, run))).toEqual(chats.map(() => "done"));
  });

  it("waits in the place of the request that was refused", async () => {
    const { store } = await temporaryStore();
    const times: number[] = [];
    const { runner } = scripted(store, { chat: parts([CONTINUES, limited(5 * SECOND)], times) });
    const run = await newRun(store, [step("chat", { limits: ["remote_joins"] })]);
    await runner.begin(run);
    await pass(MINUTE);
    expect(times.length).toBe(3);
    expect(await statesOf(store, run)).toEqual({ chat: "done" });
  });
});
