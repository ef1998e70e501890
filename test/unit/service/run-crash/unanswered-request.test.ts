import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import { nth, partOf, parts, prepareInterruptedMoves } from "../../../support/faults/interrupted-moves.ts";

describe("a move whose process is killed and started again", () => {
  const moves = prepareInterruptedMoves();

  it("has a whole one to be held against", () => {
    const { whole, writes, sent } = moves;
    const of = (name: string): string[] => whole.filter((line) => line.startsWith(`${name}: `));
    expect(of("run")).toEqual(['run: "over"', "run: false"]);
    expect(new Set(of("seen")).size).toBe(of("seen").length);
    expect(of("said")).toEqual([
      'said: "run 1 end"',
      'said: "run 1 late !closed:old.example"',
      'said: "run 1 late !knock:old.example"',
    ]);
    const failed = ['step: "join:!stubborn:old.example failed, failed"'];
    expect(of("step").filter((line) => !/ done, (?:done|needs_moderator)"$/u.test(line))).toEqual(failed);
    expect(of("undo").length).toBeGreaterThan(15);
    expect([writes, sent].every((number) => number > 25)).toBe(true);
  });

  // A kill during a request that only reads leaves what a kill between two commits leaves.
  it.each(parts)(
    "reaches the same end, with nothing done twice, killed before any request that writes is answered (part %i)",
    async (part) => {
      for (const n of partOf(moves.sent, part)) {
        const isNow = nth(n, true, false);
        const { processes, differences } = await moves.move({
          onRequest: ({ method }, crash) => method !== "GET" && isNow() && crash(),
        });
        expect({ n, processes, differences }).toEqual({
          n,
          processes: 2,
          differences: [],
        });
      }
    },
  );

  it.each(parts)(
    "reaches the same end, with nothing done twice, when the answer to any request that writes is lost (part %i)",
    async (part) => {
      for (const n of partOf(moves.sent, part)) {
        const isNow = nth(n, true, false);
        const { processes, differences } = await moves.move({
          onRequest: ({ method }) => {
            if (method !== "GET" && isNow()) throw new UnreachableError("reset", "old.example");
          },
        });
        expect({ n, processes, differences }).toEqual({
          n,
          processes: 1,
          differences: [],
        });
      }
    },
  );
});
