import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import { DONE, newRun, pass, scripted, statesOf, step, taking } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

/** The outcome of a step of the new account that waits for the old account's server. */
function waitForSource(waitingFor: "server" | "limit", waitMs: number | null): StepOutcome {
  return { status: "wait", waitingFor, waitMs, problem: null, side: "source" };
}

describe("a step for which the other account's server is asked too", () => {
  it("closes the gate of the server that is away, and no other", async () => {
    const { store } = await temporaryStore();
    const start = Date.now();
    const { runner, work } = scripted(store, { avatar: [waitForSource("server", null), DONE] });
    const run = await newRun(store, [
      step("avatar"),
      step("tags"),
      step("power", { side: "source", after: "tags" }),
    ]);
    await runner.begin(run);
    await pass();
    expect([runner.awayUntil("old.example"), runner.awayUntil("new.example")]).toEqual([
      start + SECOND,
      null,
    ]);
    expect(work.tried).toEqual(["avatar", "tags"]);
    await pass(MINUTE);
    expect(await statesOf(store, run)).toEqual({ avatar: "done", tags: "done", power: "done" });
  });

  it("is no refusal by its own server where the other one limits it", async () => {
    const { store } = await temporaryStore();
    const limits = ["messages"] as const;
    const script = { avatar: [waitForSource("limit", 10 * SECOND), DONE], first: taking(SECOND) };
    const { runner, work } = scripted(store, script);
    const run = await newRun(store, [
      step("avatar", { limits }),
      step("first"),
      step("name", { limits, after: "first" }),
    ]);
    await runner.begin(run);
    await pass(2 * SECOND);
    expect(work.tried.toSorted()).toEqual(["avatar", "first", "name"]);
    await pass(10 * SECOND);
    expect(await statesOf(store, run)).toEqual({ avatar: "done", first: "done", name: "done" });
  });

  it("opens no gate of its own server, which was not asked, where the other one wants a sign-in", async () => {
    const { store } = await temporaryStore();
    const away: StepOutcome = { status: "wait", waitingFor: "server", waitMs: MINUTE, problem: null };
    const ended: StepOutcome = {
      status: "needs_user",
      problem: { code: "session_ended", serverText: null },
      side: "source",
    };
    const { runner } = scripted(store, {
      tags: [away],
      knock: () => taking(SECOND, ended)(new AbortController().signal),
    });
    await runner.begin(await newRun(store, [step("knock"), step("tags")]));
    await pass();
    const until = runner.awayUntil("new.example");
    expect(until).not.toBeNull();
    await pass(SECOND);
    expect(runner.awayUntil("new.example")).toBe(until);
  });
});
