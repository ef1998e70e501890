import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StepKind } from "../../../src/model/step.ts";
import { stages } from "../../../src/model/step.ts";
import type { Script } from "../../support/fakes/scripted-runner.ts";
import {
  DONE,
  RETRY,
  ROOM_AWAY,
  SERVER_AWAY,
  limited,
  newRun,
  pass,
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

describe("a server that is away", () => {
  it("gets no other request until it is tried again, at growing intervals, while the other one continues", async () => {
    const { store } = await temporaryStore();
    const times: number[] = [];
    const start = Date.now();
    let isAway = true;
    const ask = async () => {
      times.push((Date.now() - start) / SECOND);
      return isAway ? SERVER_AWAY : DONE;
    };
    const { runner, work } = scripted(store, { first: ask, second: ask });
    const run = await newRun(store, [step("first"), step("other", { side: "source" })]);
    await runner.begin(run);
    await pass();
    expect([runner.awayUntil("new.example"), runner.awayUntil("old.example")]).toEqual([
      start + SECOND,
      null,
    ]);
    await pass(500);
    expect(work.tried).toEqual(["other", "first"]);
    await pass(MINUTE);
    expect(times).toEqual([0, 1, 3, 7, 15, 31]);
    await pass(60 * MINUTE);
    // The pause is at most two minutes, and the tries never end.
    expect(times.slice(-2).reduce((early, late) => late - early)).toBe(120);
    isAway = false;
    await pass(2 * MINUTE);
    expect(runner.awayUntil("new.example")).toBeNull();
    expect(await statesOf(store, run)).toEqual({ first: "done", other: "done" });
  });

  it("is not away while it answers other requests, and the step that gets no answer is given up", async () => {
    const { store } = await temporaryStore();
    const answered = Array.from({ length: 600 }, (_, index) => `answered${index}`);
    const script: Script = {
      silent: taking(30 * SECOND, SERVER_AWAY),
      ...Object.fromEntries(answered.map((key) => [key, taking(10 * SECOND)])),
    };
    const { runner } = scripted(store, script);
    const run = await newRun(
      store,
      ["silent", ...answered].map((key) => step(key)),
    );
    await runner.begin(run);
    for (let seconds = 0; seconds < 300; seconds += 5) {
      await pass(5 * SECOND);
      expect(runner.awayUntil("new.example")).toBeNull();
    }
    const silentStep = (await store.steps.all(run.id)).find(({ key }) => key === "silent");
    expect(silentStep?.waitingFor).toBe("server");
  });

  it("is away for one pause, however many requests under way fail", async () => {
    const { store } = await temporaryStore();
    const script: Script = Object.fromEntries(["a", "b", "c"].map((key) => [key, [SERVER_AWAY, DONE]]));
    const { runner } = scripted(store, script);
    const run = await newRun(store, [step("a"), step("b"), step("c")]);
    await runner.begin(run);
    await pass(SECOND);
    expect(await statesOf(store, run)).toEqual({ a: "done", b: "done", c: "done" });
  });
});

describe("a step that fails in passing", () => {
  async function pausesOf(
    outcome: typeof RETRY,
    { hasFallback = false, kind = "tags" }: { hasFallback?: boolean; kind?: StepKind } = {},
  ): Promise<{ pauses: number[]; state: string | undefined }> {
    const { store } = await temporaryStore();
    const times: number[] = [];
    const { runner, work } = scripted(store, {
      it: async () => {
        times.push(Date.now());
        return outcome;
      },
    });
    work.hasFallback = hasFallback;
    const run = await newRun(store, [step("it", { kind })]);
    await runner.begin(run);
    await pass(24 * 60 * MINUTE);
    const pauses = times.slice(1).map((at, index) => (at - (times[index] ?? 0)) / SECOND);
    return { pauses, state: (await statesOf(store, run))["it"] };
  }

  it("is tried six times in thirteen minutes if the server answers with errors", async () => {
    expect(await pausesOf(RETRY)).toEqual({ pauses: [1, 5, 30, 120, 600], state: "failed" });
  });

  it("is tried for an hour and a half where none of a room's servers answers", async () => {
    expect(await pausesOf(ROOM_AWAY, { kind: "join" })).toEqual({
      pauses: [10, 60, 300, 1_200, 3_600],
      state: "failed",
    });
  });

  it("is tried for some minutes where it only adds to such a room", async () => {
    expect(await pausesOf(ROOM_AWAY, { kind: "read_marker" })).toEqual({
      pauses: [10, 60, 300],
      state: "failed",
    });
  });

  it("holds up no later stage where it only adds to a room whose servers do not answer", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, { marker: [ROOM_AWAY], join: [ROOM_AWAY, ROOM_AWAY, DONE] });
    const run = await newRun(store, [
      step("marker", { kind: "read_marker" }),
      step("direct chats", { stage: stages.settings }),
      step("ignored", { stage: stages.last }),
    ]);
    await runner.begin(run);
    await pass(SECOND);
    expect(work.tried).toEqual(["marker", "direct chats", "ignored"]);
    await pass(10 * MINUTE);
    expect(await statesOf(store, run)).toEqual({ marker: "failed", "direct chats": "done", ignored: "done" });
    expect((await store.runs.get(run.id))?.state).toBe("over");

    // A room that cannot be entered yet does: its entry decides what the settings contain.
    const entering = await newRun(store, [
      step("join", { kind: "join" }),
      step("lists", { stage: stages.settings }),
    ]);
    await runner.begin(entering);
    await pass(SECOND);
    expect(work.tried).not.toContain("lists");
    await pass(10 * MINUTE);
    expect(work.tried).toContain("lists");
  });

  it("is tried for most of an hour where its server answers other requests, and no other route is taken before", async () => {
    const unanswered = { ...SERVER_AWAY, isServerAnswering: true } as const;
    expect(await pausesOf(unanswered, { kind: "join", hasFallback: true })).toEqual({
      pauses: [1, 5, 15, 30, 60, 120, 300, 600, 1_800],
      state: "failed",
    });
  });

  it("is tried once more where there is another way", async () => {
    expect(await pausesOf(ROOM_AWAY, { hasFallback: true })).toEqual({ pauses: [2], state: "failed" });
  });

  it("is never given up for limits", async () => {
    const { store } = await temporaryStore();
    const { runner } = scripted(store, { it: [...Array.from({ length: 30 }, () => limited(SECOND)), DONE] });
    const run = await newRun(store, [step("it")]);
    await runner.begin(run);
    await pass(10 * MINUTE);
    expect(await statesOf(store, run)).toEqual({ it: "done" });
  });

  it("is tried again after an exception, with a reference for the log", async () => {
    const { store } = await temporaryStore();
    let tries = 0;
    const { runner } = scripted(store, {
      it: async () => {
        tries += 1;
        if (tries === 1) throw new TypeError("a bug");
        return DONE;
      },
    });
    const run = await newRun(store, [step("it"), step("other")]);
    await runner.begin(run);
    await pass();
    const [broken] = await store.steps.all(run.id);
    expect(broken).toMatchObject({ state: "pending", waitingFor: "server" });
    expect(JSON.stringify(broken?.outcome)).toMatch(/unexpected error [0-9a-f]{8}/u);
    await pass(SECOND);
    expect(await statesOf(store, run)).toEqual({ it: "done", other: "done" });
  });
});
