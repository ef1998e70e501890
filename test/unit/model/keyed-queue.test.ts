import { describe, expect, it } from "vitest";
import { KeyedQueue } from "../../../src/model/keyed-queue.ts";

/** Tasks that the test ends, and a log of their starts and ends. */
function setUp() {
  const happened: string[] = [];
  const queue = new KeyedQueue();
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const run = (key: string, name: string): Promise<string> => {
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return queue.run(key, async () => {
      happened.push(`${name} begins`);
      const result = await end.promise;
      happened.push(`${name} ends`);
      return result;
    });
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { run, ends, happened, settle };
}

describe("KeyedQueue", () => {
  it("runs the tasks of one key in order", async () => {
    const { run, ends, happened, settle } = setUp();
    const both = [run("a", "1"), run("a", "2")];
    await settle();
    expect(happened).toEqual(["1 begins"]);
    ends.get("1")?.resolve("x");
    ends.get("2")?.resolve("y");
    expect(await Promise.all(both)).toEqual(["x", "y"]);
    expect(happened).toEqual(["1 begins", "1 ends", "2 begins", "2 ends"]);
  });

  it("runs those of different keys side by side", async () => {
    const { run, ends, happened, settle } = setUp();
    const both = [run("a", "1"), run("b", "2")];
    await settle();
    expect(happened).toEqual(["1 begins", "2 begins"]);
    for (const end of ends.values()) end.resolve("x");
    await Promise.all(both);
  });

  it("continues after a task that failed, and its caller gets the error", async () => {
    const { run, ends } = setUp();
    const [first, second] = [run("a", "1"), run("a", "2")];
    ends.get("1")?.reject(new Error("broken"));
    ends.get("2")?.resolve("y");
    await expect(first).rejects.toThrow("broken");
    expect(await second).toBe("y");
    const third = run("a", "3");
    ends.get("3")?.resolve("z");
    expect(await third).toBe("z");
  });
});
