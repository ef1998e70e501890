import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_REQUESTS_PER_SERVER } from "../../../src/queue/server-slots.ts";
import type { Script } from "../../support/fakes/scripted-runner.ts";
import { newRun, pass, scripted, step, taking } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

describe("many people's runs at one server", () => {
  const keys = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${name}${index}`);
  const script: Script = Object.fromEntries(
    [...keys("large", 60), ...keys("small", 6)].map((key) => [key, taking(100)]),
  );

  it("share one maximum of concurrent requests", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, script);
    await runner.begin(
      await newRun(
        store,
        keys("large", 60).map((key) => step(key)),
      ),
    );
    await runner.begin(
      await newRun(
        store,
        keys("small", 6).map((key) => step(key)),
        { owner: "@other:old.example" },
      ),
    );
    await pass(350);
    expect(work.mostUnderWay).toBe(MAX_REQUESTS_PER_SERVER);
    expect(work.tried).toHaveLength(4 * MAX_REQUESTS_PER_SERVER);
  });

  it("take turns, so that a small one is not kept waiting by a large one", async () => {
    const { store } = await temporaryStore();
    const { runner, work } = scripted(store, script);
    await runner.begin(
      await newRun(
        store,
        keys("large", 60).map((key) => step(key)),
      ),
    );
    await pass();
    const small = await newRun(
      store,
      keys("small", 6).map((key) => step(key)),
      { owner: "@other:old.example" },
    );
    await runner.begin(small);
    // In one round the large run has all slots. In two further rounds the runs share them.
    await pass(350);
    expect((await store.runs.get(small.id))?.state).toBe("over");
    await pass(10 * SECOND);
    expect(work.tried).toHaveLength(66);
  });

  it("leave their slots to others when they are paused", async () => {
    const { store } = await temporaryStore();
    const { runner } = scripted(store, script);
    const large = await newRun(
      store,
      keys("large", 60).map((key) => step(key)),
    );
    await runner.begin(large);
    await pass();
    const small = await newRun(
      store,
      keys("small", 6).map((key) => step(key)),
      { owner: "@other:old.example" },
    );
    await runner.begin(small);
    await pass();
    const ended = runner.end(large.id, SECOND);
    await pass(250);
    await ended;
    expect((await store.runs.get(small.id))?.state).toBe("over");
  });
});
