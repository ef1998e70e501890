import type { Kysely } from "kysely";
import type { StepOfRun, StepState } from "../model/run.ts";
import { STEP_STATES } from "../model/run.ts";
import type { StepKind } from "../model/step.ts";
import { stepFromRow } from "./step-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** Steps of some kinds in all runs of an owner's old account. */
export interface StepsOfKinds {
  readonly owner: string;
  readonly source: string;
  readonly kinds: readonly StepKind[];
  /** Absent: any. */
  readonly states?: readonly StepState[];
}

/** Reads `Steps.ofKinds`. */
export async function stepsOfKinds(
  database: Kysely<Tables>,
  { owner, source, kinds, states = STEP_STATES }: StepsOfKinds,
  report: ReportUnreadable,
): Promise<StepOfRun[]> {
  const rows = await database
    .selectFrom("run")
    .innerJoin("step", "step.run_id", "run.id")
    .selectAll("step")
    .where("run.owner", "=", owner)
    .where("run.source", "=", source)
    .where("step.kind", "in", kinds)
    .where("step.state", "in", states)
    .orderBy("step.id")
    .execute();
  return rows.flatMap((row) => {
    const step = stepFromRow(row);
    if (step === null) report({ table: "step", key: row.id });
    return step === null ? [] : [{ ...step, runId: row.run_id }];
  });
}
