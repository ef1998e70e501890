import { describe, expect, it } from "vitest";
import { concurrently } from "../../../lab/population/concurrently.ts";

describe("doing things concurrently", () => {
  it("keeps to the limit and to the order of the results", async () => {
    let running = 0;
    let most = 0;
    const tasks = Array.from({ length: 20 }, (_, index) => async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return index;
    });
    expect(await concurrently(3, tasks)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(most).toBe(3);
  });

  it("begins nothing after a failure and waits for what has begun", async () => {
    const done: number[] = [];
    const tasks = Array.from({ length: 6 }, (_, index) => async () => {
      await Promise.resolve();
      if (index === 1) throw new Error("refused");
      await Promise.resolve();
      done.push(index);
    });
    await expect(concurrently(2, tasks)).rejects.toThrow("refused");
    expect(done.length).toBeLessThan(5);
    const before = done.length;
    await Promise.resolve();
    expect(done).toHaveLength(before);
  });
});
