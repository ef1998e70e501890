import type { RawBuilder, Selectable, Transaction } from "kysely";
import { sql } from "kysely";
import { z } from "zod";
import { sides } from "../model/account.ts";
import { laneOf } from "../model/lanes.ts";
import { PLATFORM_NAMES } from "../model/platform-name.ts";
import type { StoredStep } from "../model/run.ts";
import { STEP_STATES } from "../model/run.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import type { PlannedStep } from "../model/step.ts";
import { LIMITS, STEP_KINDS } from "../model/step.ts";
import { storedFormat } from "../model/stored.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/**
 * No step waits longer than this: rate limits and delays before retries end sooner. A later time
 * shows that the clock was set back.
 */
const MAX_STEP_WAIT_MS = 2 * 3_600_000;

/** Adds steps to a run, within the caller's transaction. */
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
      platform: step.platform,
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
      waits_for_side: null,
      finished_at: null,
    };
    await transaction
      .insertInto("step")
      .values({ run_id: runId, key: step.key, ...planned, outcome: null })
      .onConflict((conflict) =>
        conflict
          .columns(["run_id", "key"])
          // The count of tries continues, because the step may have reached a server. The count of
          // failures starts again.
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
    // A space that only the target has joined is not a room of the run, so nothing would ever
    // unblock a step that waits for it. Such a step is tried: the server decides.
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

/** Unblocks the steps that wait for a room, after the target has joined it. */
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

/** Unblocks the steps that wait for a step, after it is done. */
export function unblockAfter(transaction: Transaction<Tables>, runId: number, key: string): Promise<unknown> {
  return ofAfter(transaction, runId, key).set({ is_blocked: 0 }).execute();
}

/** Drops the steps that wait for a step, after it has finally failed. */
export function dropAfter(transaction: Transaction<Tables>, runId: number, key: string): Promise<unknown> {
  return ofAfter(transaction, runId, key).set({ state: "dropped" }).execute();
}

/** Drops steps whose condition can no longer come true. */
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

/** The schema of a step's state. */
export const stateSchema = z.enum(STEP_STATES);
const rowSchema = z.object({
  platform: z.enum(PLATFORM_NAMES),
  kind: z.enum(STEP_KINDS),
  side: z.enum(sides),
  stage: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
});
const storedRowSchema = z.object({
  state: stateSchema,
  waiting_for: z.enum(["limit", "server", "room", "daily_limit"]).nullable(),
});
const limitsSchema = z.array(z.enum(LIMITS));
const outcomeFormat = storedFormat<StepOutcome>({
  version: 1,
  schema: z.custom<StepOutcome>((value) => typeof value === "object" && value !== null && "status" in value),
});

/** @returns `null` for a row that no version of the bot wrote */
export function stepFromRow(row: Selectable<Tables["step"]>): PlannedStep | null {
  const { data } = rowSchema.safeParse(row);
  const limits = limitsSchema.safeParse(parseColumn(row.limits)).data;
  const payload = parseColumn(row.payload);
  if (data === undefined || limits === undefined || payload === undefined) return null;
  return {
    key: row.key,
    ...data,
    limits,
    needsRoom: row.needs_room,
    after: row.after_key,
    roomId: row.room_id,
    payload,
  };
}

/** The undo record that a step saved before it wrote. */
export function readSavedUndo({ intended }: Selectable<Tables["step"]>): unknown {
  return intended === null ? null : (parseColumn(intended) ?? null);
}

/** The readable steps. Every unreadable one is reported. */
export function stepsFromRows(
  rows: readonly Selectable<Tables["step"]>[],
  report: ReportUnreadable,
): StoredStep[] {
  return rows.flatMap((row) => {
    const step = stepFromRow(row);
    const { data } = storedRowSchema.safeParse(row);
    if (step === null || data === undefined) {
      report({ table: "step", key: row.id });
      return [];
    }
    return [
      {
        ...step,
        state: data.state,
        attempts: row.attempts,
        notBefore: row.not_before,
        waitingFor: data.waiting_for,
        outcome: row.outcome === null ? null : outcomeFormat.fromStored(parseColumn(row.outcome)),
        finishedAt: row.finished_at,
        savedUndo: readSavedUndo(row),
      },
    ];
  });
}

/** The time until which a step waits. A time beyond the longest wait counts as past. */
export function dueAt(now: number): RawBuilder<number> {
  return sql<number>`CASE WHEN not_before > ${now + MAX_STEP_WAIT_MS} THEN 0 ELSE not_before END`;
}

/** The steps of a run that are looked for. */
interface DueSteps {
  runId: number;
  epoch: number;
  lane: string;
  stage: number;
  now: number;
}

/** An outcome as it is stored. */
export function outcomeColumn(outcome: StepOutcome): string {
  return JSON.stringify(outcomeFormat.toStored(outcome));
}

/** Takes the first step of a lane that is due. */
export async function takeRow(
  transaction: Transaction<Tables>,
  { runId, epoch, lane, stage, now }: DueSteps,
): Promise<Selectable<Tables["step"]> | undefined> {
  const next = await transaction
    .selectFrom("step")
    .select("id")
    .where("run_id", "=", runId)
    .where("lane", "=", lane)
    .where("state", "=", sql.lit("pending"))
    .where("is_blocked", "=", sql.lit(0))
    .where("stage", "<=", stage)
    .where(dueAt(now), "<=", now)
    .orderBy("stage")
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (next === undefined) return undefined;
  return transaction
    .updateTable("step")
    .set((expression) => ({
      state: "taken",
      taken_epoch: epoch,
      attempts: expression("attempts", "+", 1),
    }))
    .where("id", "=", next.id)
    .where("state", "=", "pending")
    .returningAll()
    .executeTakeFirst();
}

/** Marks an unreadable step as failed, and drops the steps that wait for it. */
export async function failUnreadable(
  transaction: Transaction<Tables>,
  { id, run_id, key }: Selectable<Tables["step"]>,
  now: number,
): Promise<void> {
  const outcome = outcomeColumn({ status: "failed", problem: { code: "unreadable", serverText: null } });
  await transaction
    .updateTable("step")
    .set({ state: "failed", outcome, finished_at: now, waiting_for: null })
    .where("id", "=", id)
    .execute();
  await dropAfter(transaction, run_id, key);
}
