import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { Housekeeping } from "../../../src/operations/housekeeping.ts";
import { stopLayers } from "../../../src/operations/stop-layers.ts";

describe("a stop", () => {
  it("stops the parts of a layer at once, and the next layer after them", async () => {
    const happened: string[] = [];
    const other = Promise.withResolvers<undefined>();
    await stopLayers([
      [
        async () => {
          await other.promise;
          happened.push("the first part");
        },
        async () => {
          happened.push("the other part");
          other.resolve(undefined);
        },
      ],
      [async () => void happened.push("what they use")],
    ]);
    expect(happened).toEqual(["the other part", "the first part", "what they use"]);
  });

  it("goes on when a part fails, and then says why it failed", async () => {
    const happened: string[] = [];
    const stopped = stopLayers([
      [() => Promise.reject(new Error("no")), async () => void happened.push("the other part")],
      [async () => void happened.push("what they use")],
    ]);
    await expect(stopped).rejects.toThrow("no");
    expect(happened).toEqual(["the other part", "what they use"]);
  });

  it("ends a tidying that is under way, without an error in the log", async () => {
    const lines: string[] = [];
    const housekeeping = new Housekeeping({
      tidy: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
      log: pino({ level: "error" }, { write: (line: string) => void lines.push(line) }),
    });
    housekeeping.start();
    await Promise.resolve();
    await housekeeping.stop();
    expect(lines).toEqual([]);
  });
});
