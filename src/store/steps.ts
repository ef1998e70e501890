import type { Kysely, Transaction } from "kysely";
import { sql } from "kysely";
import type { Side } from "../model/account.ts";
import type { RunRoom } from "../model/run-room.ts";
import type { StoredStep, StepRecord, StepState, TakenStep } from "../model/run.ts";
import type { PlannedStep } from "../model/step.ts";
import type { LimiterRow } from "./limiters.ts";
import { writeLimiters } from "./limiters.ts";
import type { RunTransition } from "./run-rows.ts";
import { applyToRun, putRoom, updateRoom } from "./run-rows.ts";
import {
  dropAfter,
  dropSteps,
  failUnreadable,
  outcomeColumn,
  takeRow,
  stepsFromRows,
  insertSteps,
  readSavedUndo,
  stateSchema,
  stepFromRow,
  unblockAfter,
  unblockRoom,
} from "./step-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The consequences of the outcome of a step. They are stored in the same transaction. */
export interface Consequences {
  /** The changed rooms. Steps that waited until the target joined one of them are unblocked. */
  rooms: readonly RunRoom[];
  /**
   * New steps. An existing step is tried again if it was dropped or failed; otherwise it is not
   * changed.
   */
  steps: readonly PlannedStep[];
  /** The keys of steps that are no longer needed. */
  dropped: readonly string[];
  /** The event of the run. A run that was paused or cancelled meanwhile is not changed. */
  run: RunTransition | null;
  limiters: readonly LimiterRow[];
}

/** The changes that follow from re-reading both accounts. */
export interface Revision extends Pick<Consequences, "rooms" | "steps"> {
  /** The event of the run. If it does not apply, nothing is changed. */
  run: RunTransition;
  /** Like `steps`, but finished steps are also done again. */
  again: readonly PlannedStep[];
}

/** The number of steps with the same lane, state and cause of waiting. */
export interface StepCount {
  lane: string;
  kind: string;
  state: StepState;
  isBlocked: boolean;
  waitingFor: string | null;
  /**
   * The side whose server the steps wait for, if the last outcome names one; `null`: the side of
   * the lane.
   */
  waitsForSide: Side | null;
  /** The earliest time at which one of them may be tried. */
  notBefore: number;
  count: number;
}

const sideOfOutcome = sql<Side | null>`CASE WHEN json_valid(outcome) THEN json_extract(outcome, '$.side') END`;

/**
 * The steps of runs. They are taken one by one. Each outcome is recorded with its consequences in
 * one transaction. After a crash a step is still taken, and the next process tries it again.
 */
export class Steps {
  readonly #database: Kysely<Tables>;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, report: ReportUnreadable) {
    this.#database = database;
    this.#report = report;
  }

  /**
   * Takes the next due step of a lane, and stores the limiters that count its request.
   */
  async takeNext(
    runId: number,
    {
      lane,
      stage,
      now,
      limiters,
    }: { lane: string; stage: number; now: number; limiters: readonly LimiterRow[] },
  ): Promise<TakenStep | null> {
    return this.#database.transaction().execute(async (transaction) => {
      for (;;) {
        const row = await takeRow(transaction, { runId, lane, stage, now });
        if (row === undefined) return null;
        const step = stepFromRow(row);
        if (step === null) {
          this.#report({ table: "step", key: row.id });
          await failUnreadable(transaction, row, now);
          continue;
        }
        await writeLimiters(transaction, limiters);
        const { id, attempts, failures } = row;
        return { ...step, id, runId, attempts, failures, savedUndo: readSavedUndo(row) };
      }
    });
  }

  /** When the next step of each lane may be taken. Lanes without a waiting step are left out. */
  async dueTimes(runId: number, stage: number): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database
      .selectFrom("step")
      .select(["lane", ({ fn }) => fn.min("not_before").as("at")])
      .where("run_id", "=", runId)
      .where("state", "=", "pending")
      .where("is_blocked", "=", 0)
      .where("stage", "<=", stage)
      .groupBy("lane")
      .execute();
    return new Map(rows.map(({ lane, at }) => [lane, at]));
  }

  /**
   * Stores the undo record of the next write; `null` if nothing that the step wrote exists any
   * more.
   */
  async saveUndo(id: number, undo: unknown): Promise<void> {
    const intended = undo === null ? null : JSON.stringify(undo);
    await this.#database.updateTable("step").set({ intended }).where("id", "=", id).execute();
  }

  async record(
    step: TakenStep,
    record: StepRecord,
    { rooms, steps, dropped, run, limiters }: Consequences,
    now: number,
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const values = recordedValues(step, record, await noEarlier(transaction, step.runId, now));
      const update = transaction.updateTable("step").set(values).where("id", "=", step.id);
      // A step that was dropped while it was under way is not tried again.
      await (record.state === "pending" ? update.where("state", "=", "taken") : update).execute();
      if (record.state === "done") await unblockAfter(transaction, step.runId, step.key);
      if (record.state === "failed") await dropAfter(transaction, step.runId, step.key);
      for (const room of rooms) {
        await updateRoom(transaction, step.runId, room);
        if (room.isJoined) await unblockRoom(transaction, step.runId, room.roomId);
      }
      await dropSteps(transaction, step.runId, dropped);
      await insertSteps(transaction, step.runId, steps);
      if (run !== null) await applyToRun(transaction, step.runId, run);
      await writeLimiters(transaction, limiters);
    });
  }

  /**
   * Stores the result of re-reading both accounts, in one transaction: changed rooms, new rooms and
   * new steps. Existing steps are tried again if they failed or were dropped. Finished steps are
   * done again only if they are in `again`.
   * @returns false if the event does not apply to the run; then nothing is changed
   */
  async revise(runId: number, { rooms, steps, again, run }: Revision): Promise<boolean> {
    return this.#database.transaction().execute(async (transaction) => {
      if (!(await applyToRun(transaction, runId, run))) return false;
      for (const room of rooms) {
        await putRoom(transaction, runId, room);
        if (room.isJoined) await unblockRoom(transaction, runId, room.roomId);
      }
      await insertSteps(transaction, runId, steps);
      await insertSteps(transaction, runId, again, true);
      return true;
    });
  }

  /**
   * Whether a step can still run, up to a stage. Steps that wait for a room or another step do not
   * count.
   */
  async hasOpen(runId: number, stage: number): Promise<boolean> {
    const row = await this.#database
      .selectFrom("step")
      .select("id")
      .where("run_id", "=", runId)
      .where("state", "in", ["pending", "taken"])
      .where("stage", "<=", stage)
      .where("is_blocked", "=", 0)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Pending steps that need this room. */
  async waitingForRoom(runId: number, roomId: string): Promise<StoredStep[]> {
    const rows = await this.#database
      .selectFrom("step")
      .selectAll()
      .where("run_id", "=", runId)
      .where("needs_room", "=", roomId)
      .where("state", "=", "pending")
      .execute();
    return stepsFromRows(rows, this.#report);
  }

  async counts(runId: number): Promise<StepCount[]> {
    const rows = await this.#database
      .selectFrom("step")
      .select(["lane", "kind", "state", "is_blocked", "waiting_for", sideOfOutcome.as("side")])
      .select(({ fn }) => [fn.countAll<number>().as("count"), fn.min("not_before").as("not_before")])
      .where("run_id", "=", runId)
      .groupBy(["lane", "kind", "state", "is_blocked", "waiting_for", sideOfOutcome])
      .execute();
    return rows.map((row) => ({
      lane: row.lane,
      kind: row.kind,
      state: stateSchema.parse(row.state),
      isBlocked: row.is_blocked === 1,
      waitingFor: row.waiting_for,
      waitsForSide: row.side,
      notBefore: row.not_before,
      count: row.count,
    }));
  }

  /** All steps of a run in the order in which they were planned. */
  async all(runId: number): Promise<StoredStep[]> {
    const rows = await this.#database
      .selectFrom("step")
      .selectAll()
      .where("run_id", "=", runId)
      .orderBy("id")
      .execute();
    return stepsFromRows(rows, this.#report);
  }

  /** Drops every step that is not finished. */
  async dropPending(runId: number): Promise<void> {
    await this.#database
      .updateTable("step")
      .set({ state: "dropped" })
      .where("run_id", "=", runId)
      .where("state", "in", ["pending", "taken"])
      .execute();
  }

  /** Makes steps that wait for a time due at once. */
  async clearRetryDelays(runId: number): Promise<void> {
    await this.#database
      .updateTable("step")
      .set({ not_before: 0, waiting_for: null })
      .where("run_id", "=", runId)
      .where("state", "=", "pending")
      .execute();
  }
}

/**
 * The time to record. If the clock was set back, a step must not look older than the rooms that
 * were joined before it.
 */
async function noEarlier(transaction: Transaction<Tables>, runId: number, now: number): Promise<number> {
  const row = await transaction
    .selectFrom("run_room")
    .select(({ fn }) => fn.max("joined_at").as("at"))
    .where("run_id", "=", runId)
    .executeTakeFirst();
  return Math.max(now, row?.at ?? 0);
}

function recordedValues(step: TakenStep, record: StepRecord, finishedAt: number) {
  const outcome = outcomeColumn(record.outcome);
  // The outcome of a done step has its undo record. A failed step may have written a part.
  const known = record.state === "done" ? { intended: null } : {};
  if (record.state !== "pending")
    return { state: record.state, outcome, finished_at: finishedAt, waiting_for: null, ...known };
  return {
    state: record.state,
    outcome,
    failures: step.failures + (record.isCounted ? 1 : 0),
    not_before: record.notBefore,
    waiting_for: record.waitingFor,
  };
}
