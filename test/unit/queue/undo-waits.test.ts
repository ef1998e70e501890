import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newRun, pass, scripted, step, taking } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

describe("an undo", () => {
  it("begins once nothing of an earlier run of its target is under way, and holds up nobody else", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { slow: taking(2 * MINUTE) });
    const move = await newRun(store, [step("slow")]);
    await runner.begin(move);
    await pass();
    await store.runs.apply(move.id, "cancelled");
    const ended = runner.end(move.id, 20 * SECOND);
    await pass(20 * SECOND);
    expect(await ended).toBe(false);
    await store.steps.dropPending(move.id);
    await runner.begin(await newRun(store, [step("undo")], { purpose: "undo" }));
    await runner.begin(await newRun(store, [step("other")], { purpose: "undo", owner: "@bo:old.example" }));
    await pass(MINUTE);
    expect(work.tried).toEqual(["slow", "other"]);
    await pass(MINUTE);
    expect(work.tried).toEqual(["slow", "other", "undo"]);
  });
});
