import { describe, expect, it } from "vitest";
import type { CrashTime } from "../../../support/faults/crashing-store.ts";
import { nth, partOf, parts, prepareInterruptedMoves } from "../../../support/faults/interrupted-moves.ts";

describe("a move whose process is killed and started again", () => {
  const moves = prepareInterruptedMoves();

  it.each(parts)(
    "reaches the same end, with nothing done twice, killed just after any write (part %i)",
    async (part) => {
      for (const n of partOf(moves.writes, part)) {
        const { processes, differences } = await moves.move({
          crashTimeOf: nth<CrashTime>(n, "after", "none"),
        });
        expect({ n, processes, differences }).toEqual({
          n,
          processes: 2,
          differences: [],
        });
      }
    },
  );
});
