import { describe, expect, it } from "vitest";
import type { LimitedResource } from "../../../src/model/slots.ts";
import { Slots } from "../../../src/model/slots.ts";

/** Work that ends when it is told to. */
function running(slots: Slots) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    begin: (name: string, resources: readonly LimitedResource[] = [], signal?: AbortSignal) =>
      slots.run(
        resources,
        () => {
          begun.push(name);
          return new Promise<void>((resolve) => ends.set(name, resolve));
        },
        signal,
      ),
    end: async (name: string) => {
      ends.get(name)?.();
      await settled();
    },
  };
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
}

describe("work with a limit", () => {
  it("begins in the order in which it came, as slots become free", async () => {
    const { begin, begun, end } = running(new Slots(2));
    void begin("a");
    void begin("b");
    void begin("c");
    await settled();
    expect(begun).toEqual(["a", "b"]);
    await end("b");
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("does not wait for a resource that it does not need", async () => {
    const { begin, begun, end } = running(new Slots(9));
    const slow = [{ key: "slow.example", max: 1 }];
    void begin("a", slow);
    void begin("b", slow);
    void begin("c", [{ key: "quick.example", max: 1 }]);
    await settled();
    expect(begun).toEqual(["a", "c"]);
    await end("a");
    expect(begun).toEqual(["a", "c", "b"]);
  });

  it("begins at once when it is aborted, and takes no slot", async () => {
    const { begin, begun, end } = running(new Slots(1));
    const aborting = new AbortController();
    void begin("a");
    void begin("b", [], aborting.signal);
    void begin("c");
    aborting.abort();
    await settled();
    expect(begun).toEqual(["a", "b"]);
    await end("b");
    expect(begun).toEqual(["a", "b"]);
    await end("a");
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("frees its slot when it fails", async () => {
    const slots = new Slots(1);
    await expect(slots.run([], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await slots.run([], () => Promise.resolve("next"))).toBe("next");
  });
});
