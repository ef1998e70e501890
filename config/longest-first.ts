import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, which cannot be seen from their size. If one of them started last,
 * it would run alone at the end, beside an idle worker.
 */
const LONGEST: readonly string[] = [
  "move-refusals.test.ts",
  "move-frozen-server.test.ts",
  "encryption-device.test.ts",
  "move-by-link.test.ts",
  "move.test.ts",
  "move-crash.test.ts",
  "late-arrivals.test.ts",
  "chat-crash.test.ts",
  "move-commands.test.ts",
  "keys-copy.test.ts",
  "move-faults.test.ts",
  "sign-in-link.test.ts",
  "content-steps.test.ts",
  "room-steps.test.ts",
  "outcomes.test.ts",
  "after-write.test.ts",
  "before-write.test.ts",
  "unanswered-request.test.ts",
  "heap.test.ts",
];

/** Runs the longest files first, and all others as vitest would: the largest first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONGEST.indexOf(basename(moduleId));
  return rank === -1 ? LONGEST.length : rank;
}
