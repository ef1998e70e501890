import { describe, expect, it } from "vitest";
import { concurrently } from "../../../../../src/platforms/matrix/reading/concurrently.ts";

describe("bounded concurrency", () => {
  it("keeps to the limit and to the order of the results", async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 20 }, (_, index) => index);
    const answers = await concurrently(items, 3, async (index) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return index;
    });
    expect(answers).toEqual(items);
    expect(most).toBe(3);
  });

  it("begins nothing after a failure and waits for what has begun", async () => {
    const done: number[] = [];
    const working = concurrently([0, 1, 2, 3, 4, 5], 2, async (index) => {
      await Promise.resolve();
      if (index === 1) throw new Error("refused");
      await Promise.resolve();
      done.push(index);
    });
    await expect(working).rejects.toThrow("refused");
    expect(done.length).toBeLessThan(5);
    const before = done.length;
    await Promise.resolve();
    expect(done).toHaveLength(before);
  });
});
