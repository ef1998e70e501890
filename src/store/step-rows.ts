import type { Selectable, Transaction } from "kysely";
import { z } from "zod";
import { sides } from "../model/account.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import type { StoredStep } from "../model/run.ts";
import { STEP_STATES } from "../model/run.ts";
import { laneOf } from "../model/lanes.ts";
import type { PlannedStep } from "../model/step.ts";
import { LIMITS, STEP_KINDS } from "../model/step.ts";
import type { Tables } from "./tables.ts";

/** Within a transaction of others. */
export async function insertSteps(
  transaction: Transaction<Tables>,
  runId: number,
  steps: readonly PlannedStep[],
  isAgain = false,
): Promise<void> {
  for (const step of steps) {
    const isBlocked = await isStepBlocked(transaction, runId, step);
    const again = ["failed", "dropped", ...(isAgain ? ["done"] : [])];
    const planned = {
      kind: step.kind,
      side: step.side,
      lane: laneOf(step),
      stage: step.stage,
      limits: JSON.stringify(step.limits),
      room_id: step.roomId,
      needs_room: step.needsRoom,
      after_key: step.after,
      payload: JSON.stringify(step.payload),
      is_blocked: isBlocked ? 1 : 0,
      waiting_for: null,
      finished_at: null,
    };
    await transaction
      .insertInto("step")
      .values({ run_id: runId, key: step.key, ...planned, outcome: null })
      .onConflict((conflict) =>
        conflict
          .columns(["run_id", "key"])
          // Tries are counted on, for it may have reached a server; failures anew.
          .doUpdateSet({ ...planned, state: "pending", not_before: 0, failures: 0 })
          .where("step.state", "in", again),
      )
      .execute();
  }
}

async function isStepBlocked(
  transaction: Transaction<Tables>,
  runId: number,
  step: PlannedStep,
): Promise<boolean> {
  if (step.needsRoom !== null) {
    const room = await transaction
      .selectFrom("run_room")
      .select("is_inside")
      .where("run_id", "=", runId)
      .where("room_id", "=", step.needsRoom)
      .executeTakeFirst();
    // A space that only the target is in is no room of the run, so that nothing in it would ever
    // free who goes through it; the server has the last word.
    const isElsewhere = room === undefined && step.kind === "join_restricted";
    if (!isElsewhere && room?.is_inside !== 1) return true;
  }
  if (step.after === null) return false;
  const before = await transaction
    .selectFrom("step")
    .select("state")
    .where("run_id", "=", runId)
    .where("key", "=", step.after)
    .executeTakeFirst();
  return before?.state !== "done";
}

/** The target is in the room now. */
export function unblockRoom(
  transaction: Transaction<Tables>,
  runId: number,
  roomId: string,
): Promise<unknown> {
  return transaction
    .updateTable("step")
    .set({ is_blocked: 0 })
    .where("run_id", "=", runId)
    .where("needs_room", "=", roomId)
    .where("state", "=", "pending")
    .execute();
}

/** The step is done. */
export function unblockAfter(transaction: Transaction<Tables>, runId: number, key: string): Promise<unknown> {
  return ofAfter(transaction, runId, key).set({ is_blocked: 0 }).execute();
}

/** The step failed for good. */
export function dropAfter(transaction: Transaction<Tables>, runId: number, key: string): Promise<unknown> {
  return ofAfter(transaction, runId, key).set({ state: "dropped" }).execute();
}

/** Steps that wait for something which will not come. */
export async function dropSteps(
  transaction: Transaction<Tables>,
  runId: number,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  await transaction
    .updateTable("step")
    .set({ state: "dropped" })
    .where("run_id", "=", runId)
    .where("key", "in", keys)
    .where("state", "=", "pending")
    .execute();
}

function ofAfter(transaction: Transaction<Tables>, runId: number, key: string) {
  return transaction
    .updateTable("step")
    .where("run_id", "=", runId)
    .where("after_key", "=", key)
    .where("state", "=", "pending");
}

export const stateSchema = z.enum(STEP_STATES);
const rowSchema = z.object({
  kind: z.enum(STEP_KINDS),
  side: z.enum(sides),
  stage: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
});
const waitingForSchema = z.enum(["limit", "server", "room"]).nullable();
const limitsSchema = z.array(z.enum(LIMITS));
const outcomeSchema = z.custom<StepOutcome>(
  (value) => typeof value === "object" && value !== null && "status" in value,
);

/** @throws ZodError for a row that no version of the bot wrote */
export function stepFromRow(row: Selectable<Tables["step"]>): PlannedStep {
  return {
    key: row.key,
    ...rowSchema.parse(row),
    limits: limitsSchema.parse(JSON.parse(row.limits)),
    needsRoom: row.needs_room,
    after: row.after_key,
    roomId: row.room_id,
    payload: JSON.parse(row.payload),
  };
}

/** What a step wrote down before it wrote. */
export function readSavedUndo({ intended }: Selectable<Tables["step"]>): unknown {
  return intended === null ? null : JSON.parse(intended);
}

export function storedFromRow(row: Selectable<Tables["step"]>): StoredStep {
  return {
    ...stepFromRow(row),
    state: stateSchema.parse(row.state),
    attempts: row.attempts,
    notBefore: row.not_before,
    waitingFor: waitingForSchema.parse(row.waiting_for),
    outcome: row.outcome === null ? null : outcomeSchema.parse(JSON.parse(row.outcome)),
    finishedAt: row.finished_at,
    savedUndo: readSavedUndo(row),
  };
}
