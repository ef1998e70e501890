import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../../../src/model/step-outcome.ts";
import { pushRulesPlan } from "../../../../../../src/platforms/matrix/categories/push-rules/plan.ts";
import { pushRulesStep } from "../../../../../../src/platforms/matrix/categories/push-rules/step.ts";
import { scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { seededRandom } from "../../../../../support/seeded-random.ts";
import { newAccount, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";
import type { RawRule } from "./push-rule-server.ts";
import { PushRuleServer, rule, preset } from "./push-rule-server.ts";

type Rules = Record<string, RawRule[]>;

function planned(source: Rules, target: Rules): unknown {
  const comparison = pushRulesPlan.compare(
    oldAccount({ pushRules: source }),
    newAccount({ pushRules: target }),
    roomIdOnTarget,
  );
  return pushRulesPlan.steps(comparison, newAccount())[0]?.payload;
}

function run(
  server: PushRuleServer,
  payload: unknown,
  options: { canSkipCheck?: boolean; isJoined?: (roomId: string) => boolean; savedUndo?: unknown } = {},
) {
  const script = scriptedContext((asked) => server.answer(asked), options);
  return { ...script, outcome: pushRulesStep.run(payload, script.context) };
}

function undoOf(outcome: StepOutcome): unknown {
  return "undo" in outcome ? outcome.undo : undefined;
}

const words = (...names: string[]): RawRule[] => names.map((name) => rule(name, { pattern: name }));

describe("push rules", () => {
  it.each<{ name: string; source: string[]; target: string[]; expected: string[] }>([
    { name: "begin on top", source: ["a", "b"], target: ["own"], expected: ["a", "b", "own"] },
    {
      name: "follow what is there",
      source: ["a", "b", "c"],
      target: ["own", "a", "more"],
      expected: ["own", "a", "b", "c", "more"],
    },
    {
      name: "come before what is there",
      source: ["a", "b", "c"],
      target: ["own", "c"],
      expected: ["own", "a", "b", "c"],
    },
    {
      name: "move where they stand in the wrong order",
      source: ["a", "b", "c", "d"],
      target: ["d", "own", "a", "b", "c"],
      expected: ["own", "a", "b", "c", "d"],
    },
  ])("$name", async ({ source, target, expected }) => {
    const server = new PushRuleServer({ content: words(...target) });
    const payload = planned({ content: words(...source) }, server.global);
    expect((await run(server, payload).outcome).status).toBe("done");
    expect(server.idsOf("content")).toEqual(expected);
  });

  it("are all in place after one step and as before after its undo, whatever the target has", async () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = seededRandom(seed);
      const names = ["a", "b", "c", "d", "e", "f", "g"];
      const some = (isWord: boolean) =>
        names
          .map((name) => ({ name, at: random() }))
          .filter(({ at }) => at < 0.7)
          .toSorted((left, right) => left.at - right.at)
          .map(({ name }) =>
            rule(name, {
              ...(isWord ? { pattern: name } : {}),
              enabled: random() < 0.8,
              actions: random() < 0.8 ? ["notify"] : [],
            }),
          );
      const source = { content: some(true), sender: some(false) };
      const target = { content: [...words("own"), ...some(true)], sender: some(false) };
      const server = new PushRuleServer(structuredClone(target));
      const payload = planned(source, target);
      if (payload === undefined) continue;
      const outcome = await run(server, payload).outcome;
      expect(outcome.status, `seed ${seed}`).toBe("done");
      expect(planned(source, server.global), `seed ${seed}`).toBeUndefined();
      expect((await run(server, payload, { canSkipCheck: false }).outcome).status, `seed ${seed}`).toBe(
        "already_done",
      );
      const { context } = scriptedContext((asked) => server.answer(asked));
      expect((await pushRulesStep.undo(undoOf(outcome), context)).status, `seed ${seed}`).toBe("done");
      expect(server.global, `seed ${seed}`).toEqual({ ...server.empty(), ...target });
    }
  });

  it("go on where a try ended, whenever that was", async () => {
    const source = {
      content: [...words("a"), rule("b", { pattern: "b", enabled: false }), ...words("c")],
      override: [
        preset(".m.rule.master", { enabled: true, actions: ["notify"] }),
        preset(".m.rule.tombstone"),
      ],
    };
    const target = {
      content: words("own", "c"),
      override: [
        preset(".m.rule.master", { enabled: false, actions: [] }),
        preset(".m.rule.tombstone", { actions: ["notify", HIGHLIGHT] }),
      ],
    };
    const payload = planned(source, target);
    for (let requests = 0; ; requests += 1) {
      const server = new PushRuleServer(structuredClone(target));
      server.endsAfter(requests);
      const { outcome, savedUndos } = run(server, payload);
      if ((await outcome).status === "done") break;
      server.endsAfter(Infinity);
      const again = await run(server, payload, { canSkipCheck: false, savedUndo: savedUndos.at(-1) }).outcome;
      expect(planned(source, server.global), `after ${requests}`).toBeUndefined();
      const { context } = scriptedContext((asked) => server.answer(asked));
      await pushRulesStep.undo(undoOf(again), context);
      expect(server.global, `after ${requests}`).toEqual({ ...server.empty(), ...target });
    }
  });

  it("that a try moved or made, and whose last answer was lost, are undone like all others", async () => {
    const target = { content: words("b", "a") };
    const payload = planned({ content: words("a", "b", "c") }, target);
    const server = new PushRuleServer(structuredClone(target));
    const { outcome, savedUndos } = run(server, payload);
    await outcome;
    const again = await run(server, payload, { canSkipCheck: false, savedUndo: savedUndos.at(-1) }).outcome;
    expect(again).toEqual(await outcome);
    const { context } = scriptedContext((asked) => server.answer(asked));
    await pushRulesStep.undo(undoOf(again), context);
    expect(server.idsOf("content")).toEqual(["b", "a"]);
  });

  it("about rooms that the target is not in wait for another run", async () => {
    const mute = rule("mute", { conditions: [{ kind: "event_match", key: "room_id", pattern: "!out" }] });
    const source = { room: [rule("!in"), rule("!out")], override: [rule("!out", { conditions: [] }), mute] };
    const server = new PushRuleServer({});
    await run(server, planned(source, {}), { isJoined: (roomId) => roomId === "!in" }).outcome;
    expect([server.idsOf("room"), server.idsOf("override")]).toEqual([["!in"], []]);
  });

  it("that the server refuses are reported, and do not keep the others out", async () => {
    const source = {
      content: [...words("a"), rule("odd", { pattern: "odd", actions: ["org.odd"] }), ...words("c")],
    };
    const server = new PushRuleServer({});
    const outcome = await run(server, planned(source, {})).outcome;
    expect(outcome).toMatchObject({
      status: "failed",
      problem: { code: "refused", serverText: "Unrecognised action org.odd" },
    });
    expect(server.idsOf("content")).toEqual(["a", "c"]);
    const { context } = scriptedContext((asked) => server.answer(asked));
    await pushRulesStep.undo(undoOf(outcome), context);
    expect(server.idsOf("content")).toEqual([]);
  });

  it("that the target changed or took away since the plan stay so", async () => {
    const source = { content: words("a", "b", "c") };
    const payload = planned(source, { content: words("c", "b") });
    const server = new PushRuleServer({ content: [rule("a", { pattern: "mine" }), ...words("b")] });
    expect(await run(server, payload).outcome).toEqual({ status: "already_done" });
    expect(server.global["content"]).toEqual([rule("a", { pattern: "mine" }), ...words("b")]);
  });

  it("that the server creates disabled again are enabled", async () => {
    const server = new PushRuleServer({});
    server.switchedOff.add("b");
    const source = { content: words("a", "b", "c") };
    const outcome = await run(server, planned(source, {})).outcome;
    expect(planned(source, server.global)).toBeUndefined();
    const { context } = scriptedContext((asked) => server.answer(asked));
    await pushRulesStep.undo(undoOf(outcome), context);
    expect(server.idsOf("content")).toEqual([]);
  });

  describe("in great number", () => {
    const names = Array.from({ length: 60 }, (_, index) => `w${index}`);
    const source = { content: words(...names) };

    it("are not written over where somebody makes one meanwhile", async () => {
      const server = new PushRuleServer({});
      const own = rule("w59", { pattern: "mine" });
      let requests = 0;
      const script = scriptedContext((asked) => {
        requests += 1;
        if (requests === 10) server.global["content"]?.unshift(own);
        return server.answer(asked);
      });
      expect((await pushRulesStep.run(planned(source, {}), script.context)).status).toBe("done");
      expect(server.global["content"]).toContainEqual(own);
      expect(script.writes()).toHaveLength(59);
      expect(script.requests.length - 59).toBeLessThanOrEqual(5);
    });

    it("are undone only where they are still as they were written", async () => {
      const server = new PushRuleServer({});
      const outcome = await run(server, planned(source, {})).outcome;
      let requests = 0;
      const script = scriptedContext((asked) => {
        requests += 1;
        const [rules = []] = [server.global["content"]];
        if (requests === 10) rules.splice(rules.length - 1, 1, rule("w59", { pattern: "mine" }));
        return server.answer(asked);
      });
      expect((await pushRulesStep.undo(undoOf(outcome), script.context)).status).toBe("done");
      expect(server.global["content"]).toEqual([rule("w59", { pattern: "mine" })]);
    });

    it("stop with the request under way when the run is paused, and what was written can be undone", async () => {
      for (const maxRequests of [0, 1, 2, 15, 30, 61]) {
        const server = new PushRuleServer({});
        const payload = planned(source, {});
        const script = scriptedContext((asked) => server.answer(asked), { maxRequests });
        expect(await pushRulesStep.run(payload, script.context)).toEqual({ status: "interrupted" });
        expect(script.requests).toHaveLength(maxRequests);
        const savedUndo = script.savedUndos.at(-1) ?? null;
        const undo = scriptedContext((asked) => server.answer(asked));
        if (savedUndo !== null) await pushRulesStep.undo(savedUndo, undo.context);
        expect(server.idsOf("content"), `${maxRequests}`).toEqual([]);
      }
    });
  });

  it("are not touched by an undo once they are others", async () => {
    const server = new PushRuleServer({});
    const outcome = await run(server, planned({ content: words("a", "b") }, {})).outcome;
    server.global["content"] = [rule("a", { pattern: "mine" }), ...words("b")];
    const { context } = scriptedContext((asked) => server.answer(asked));
    await pushRulesStep.undo(undoOf(outcome), context);
    expect(server.idsOf("content")).toEqual(["a"]);
  });
});

const HIGHLIGHT = { set_tweak: "highlight" };
