import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { stages } from "../../../src/model/step.ts";
import { hanging, newRun, pass, scripted, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const LEASE_AND_MORE = 100_000;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

it("takes no step of a run that another process has taken while this one settled it", async () => {
  const { store } = await temporaryStore();
  const slow = scripted(store);
  const other = scripted(store, { late: hanging });
  const read = Promise.withResolvers<null>();
  slow.work.onSettled = () => read.promise;
  const run = await newRun(store, [step("first")]);
  const event = { event: "revised", change: { stage: stages.profile } } as const;
  other.work.onSettled = async (taken) => {
    await store.steps.revise(taken, { rooms: [], steps: [step("late")], again: [], run: event });
    return null;
  };
  await slow.runner.begin(run);
  await pass();
  await pass(LEASE_AND_MORE);
  await other.runner.start();
  await pass();
  expect(other.work.tried).toEqual(["late"]);
  const taken = await store.runs.get(run.id);
  await store.steps.revise(taken ?? run, { rooms: [], steps: [step("more")], again: [], run: event });
  read.resolve(null);
  await pass(1_000);
  expect(slow.work.tried).toEqual(["first"]);
  await slow.runner.stop();
  await other.runner.stop();
});
