import type { Transaction } from "kysely";
import { laneOf } from "../model/lanes.ts";
import type { StepRecord, TakenStep } from "../model/run.ts";
import { outcomeColumn } from "./step-rows.ts";
import type { Tables } from "./tables.ts";

/**
 * The time to record. If the clock was set back, a step must not look older than the rooms that
 * were joined before it.
 */
export async function noEarlier(
  transaction: Transaction<Tables>,
  runId: number,
  now: number,
): Promise<number> {
  const row = await transaction
    .selectFrom("run_room")
    .select(({ fn }) => fn.max("joined_at").as("at"))
    .where("run_id", "=", runId)
    .executeTakeFirst();
  return Math.max(now, row?.at ?? 0);
}

/** The columns of a tried step. */
export function recordedValues(step: TakenStep, record: StepRecord, finishedAt: number) {
  const outcome = outcomeColumn(record.outcome);
  // The outcome of a done step has its undo record. A failed step may have written a part.
  const known = record.state === "done" ? { intended: null } : {};
  if (record.state !== "pending")
    return {
      state: record.state,
      outcome,
      finished_at: finishedAt,
      waiting_for: null,
      waits_for_side: null,
      ...known,
    };
  const { limits } = record;
  return {
    state: record.state,
    ...(limits !== undefined && { limits: JSON.stringify(limits), lane: laneOf({ ...step, limits }) }),
    outcome,
    failures: step.failures + (record.isCounted ? 1 : 0),
    not_before: record.notBefore,
    waiting_for: record.waitingFor,
    waits_for_side: "side" in record.outcome ? (record.outcome.side ?? null) : null,
  };
}
