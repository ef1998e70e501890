import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
import { stages } from "../../../src/model/step.ts";
import {
  DONE,
  hanging,
  newRun,
  pass,
  scripted,
  statesOf,
  step,
} from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const MINUTE = 60_000;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

const NO_MORE = {
  status: "held",
  problem: { code: "account_limit", serverText: "Ten rooms are free.", page: "https://new.example/limits" },
} as const satisfies StepOutcome;

function join(key: string): PlannedStep {
  return step(key, { kind: "join", limits: ["joins", "remote_joins"] });
}

function knock(key: string): PlannedStep {
  return step(key, { kind: "knock", limits: ["messages"] });
}

function chat(key: string): PlannedStep {
  return step(key, { kind: "open_chat", side: "source", limits: ["room_creation", "messages"] });
}

function invite(key: string): PlannedStep {
  return step(key, { kind: "invite", side: "source", limits: ["invitations", "messages"] });
}

const REST = [
  step("profile", { stage: stages.profile }),
  step("tags"),
  step("direct chats", { stage: stages.settings }),
  step("ignored", { stage: stages.last }),
];

describe("an account that may join or invite no more", () => {
  it.each([
    {
      name: "joins",
      limited: "join 1",
      held: ["join 2", "join 3", "invite 1", "invite 2", "knock 1"],
      steps: [
        ...[join("join 1"), join("join 2"), join("join 3")],
        ...[invite("invite 1"), invite("invite 2"), knock("knock 1")],
      ],
    },
    {
      name: "invitations",
      limited: "invite 1",
      held: ["invite 2", "invite 3"],
      steps: [invite("invite 1"), invite("invite 2"), invite("invite 3"), join("join 1"), knock("knock 1")],
    },
    {
      name: "knocks",
      limited: "knock 1",
      held: ["join 1", "invite 1", "knock 2"],
      steps: [knock("knock 1"), knock("knock 2"), join("join 1"), invite("invite 1")],
    },
    {
      name: "new chats",
      limited: "chat 1",
      held: ["chat 2", "invite 1"],
      steps: [chat("chat 1"), chat("chat 2"), invite("invite 1"), join("join 1")],
    },
  ])(
    "sends no more $name after the first refusal, does all the rest, and then needs its owner",
    async ({ limited, held, steps }) => {
      const { store } = await temporaryStore();
      const { runner, work } = scripted(store, { [limited]: [NO_MORE, DONE] });
      // Only one request of a lane is under way at a time.
      const [first, ...others] = steps;
      if (first === undefined) throw new Error("a step is missing");
      const waiting = others.map((each) => ({ ...each, stage: stages.settings }));
      const run = await newRun(store, [first, ...waiting, ...REST]);
      await runner.begin(run);
      await pass(MINUTE);
      expect(work.tried.filter((key) => held.includes(key))).toEqual([]);
      expect(work.tried).toEqual(expect.arrayContaining(REST.map(({ key }) => key)));
      expect(work.log).not.toContain("settled");
      const stopped = await store.runs.get(run.id);
      expect(stopped).toMatchObject({
        state: "needs_you",
        problem: { side: first.side, problem: NO_MORE.problem },
      });

      // The owner has it go on.
      const resumed = await store.runs.apply(run.id, "resumed", { problem: null });
      if (resumed === null) throw new Error("it cannot be resumed");
      await runner.begin(resumed);
      await pass(60 * MINUTE);
      const states = await statesOf(store, run);
      expect(new Set(Object.values(states))).toEqual(new Set(["done"]));
      expect((await store.runs.get(run.id))?.state).toBe("over");
    },
  );

  it("is still held after a restart", async () => {
    const { store } = await temporaryStore();
    const first = scripted(store, { "join 1": [NO_MORE], slow: hanging });
    const run = await newRun(store, [
      join("join 1"),
      { ...join("join 2"), stage: stages.settings },
      step("slow", { stage: stages.settings }),
    ]);
    await first.runner.begin(run);
    await pass();
    await first.runner.stop();
    const second = scripted(store);
    await second.runner.start();
    await pass(MINUTE);
    expect(second.work.tried).not.toContain("join 2");
    expect((await store.runs.get(run.id))?.state).toBe("needs_you");
  });
});
