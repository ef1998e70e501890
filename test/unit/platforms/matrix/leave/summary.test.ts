import { describe, expect, it } from "vitest";
import type { StoredStep } from "../../../../../src/model/run.ts";
import type { StepOutcome } from "../../../../../src/model/step-outcome.ts";
import { leavingSummary } from "../../../../../src/platforms/matrix/leave/summary.ts";
import { failuresOf } from "../../../../../src/platforms/matrix/runs/summary-of-run.ts";

const failed = (code: "less_power" | "server_trouble"): StepOutcome => ({
  status: "failed",
  problem: { code, serverText: null },
});

function step(
  name: string,
  state: StoredStep["state"],
  outcome: StepOutcome | null,
  {
    kind = "leave_room" as const,
    after = null,
  }: { kind?: "leave_room" | "drop_power"; after?: string | null } = {},
): StoredStep {
  const payload = {
    ...{ roomId: `!${name}`, name, alias: null, movedTo: `!${name}`, creation: null },
    ...{ isEncrypted: false, unusable: null, reason: "", accepted: [] },
  };
  return {
    ...{ key: `${kind}:${name}`, platform: "matrix", kind, side: "source", stage: 1, limits: ["messages"] },
    ...{ needsRoom: null, after, roomId: `!${name}`, payload, state, attempts: 1, notBefore: 0 },
    ...{ waitingFor: null, outcome, finishedAt: null, savedUndo: null },
  };
}

const steps = [
  step("left", "done", { status: "done" }),
  step("left before", "done", { status: "already_done" }),
  step("kept", "failed", failed("less_power")),
  step("with power", "failed", failed("server_trouble"), { kind: "drop_power" }),
  step("with power", "dropped", null, { after: "drop_power:with power" }),
  step("not tried", "pending", null),
  step("cancelled", "dropped", null),
];

describe("the summary of leaving", () => {
  it("counts rooms that were left, and says why others were not", () => {
    expect(leavingSummary(steps)).toEqual({
      left: 2,
      stayed: [
        {
          room: { roomId: "!kept", name: "kept", alias: null },
          problem: { code: "less_power", serverText: null },
        },
        {
          room: { roomId: "!with power", name: "with power", alias: null },
          problem: { code: "server_trouble", serverText: null },
        },
      ],
    });
  });

  it("has its rooms, so that no list of failures repeats them", () => {
    expect(failuresOf(steps, false)).toEqual([]);
  });
});
