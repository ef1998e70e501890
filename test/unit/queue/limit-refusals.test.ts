import { expect, it } from "vitest";
import { LimitRefusals } from "../../../src/queue/limit-refusals.ts";

it("remembers nothing of a limit once every step that it refused is over", () => {
  const refusals = new LimitRefusals();
  for (let account = 0; account < 100; account += 1) {
    const limit = `joins @person${account}:x`;
    refusals.passed(limit);
    refusals.refused(limit, "1 one", 5_000);
    refusals.refused(limit, "1 two", 5_000);
    refusals.passed(limit);
    refusals.ended(limit, "1 one");
    refusals.ended(limit, "1 two");
    refusals.passed(limit);
  }
  expect(refusals.size).toBe(0);
});
