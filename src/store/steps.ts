import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Side } from "../model/account.ts";
import { sides } from "../model/account.ts";
import type { ContactChange } from "../model/contact.ts";
import type { RunRoom } from "../model/run-room.ts";
import type { Run, StepOfRun, StoredStep, StepRecord, StepState, TakenStep } from "../model/run.ts";
import type { PlannedStep } from "../model/step.ts";
import { recordContact } from "./contact-rows.ts";
import type { LimiterRow } from "./limiters.ts";
import { writeLimiters } from "./limiters.ts";
import type { ExceptSteps } from "./open-steps.ts";
import { hasOpenStep } from "./open-steps.ts";
import { noEarlier, recordedValues } from "./recorded-step.ts";
import type { RunLease } from "./run-leases.ts";
import { LeaseLostError, assertLease } from "./run-leases.ts";
import type { RunTransition } from "./run-rows.ts";
import { applyToRun, putRoom, updateRoom } from "./run-rows.ts";
import {
  dropAfter,
  dropSteps,
  failUnreadable,
  dueAt,
  takeRow,
  stepsFromRows,
  insertSteps,
  readSavedUndo,
  stateSchema,
  stepFromRow,
  unblockAfter,
  unblockRoom,
} from "./step-rows.ts";
import type { StepsOfKinds } from "./steps-of-kinds.ts";
import { stepsOfKinds } from "./steps-of-kinds.ts";
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
  /** What changes in the records of contact; absent for nothing. */
  contact?: readonly ContactChange[];
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

/** The states of a step that is being tried. It may have been dropped meanwhile. */
const TRIED_STATES: readonly StepState[] = ["taken", "dropped"];

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
   * @throws LeaseLostError
   */
  async takeNext(
    { runId, epoch }: RunLease,
    {
      lane,
      stage,
      now,
      limiters,
    }: { lane: string; stage: number; now: number; limiters: readonly LimiterRow[] },
  ): Promise<TakenStep | null> {
    return this.#database.transaction().execute(async (transaction) => {
      await assertLease(transaction, { runId, epoch });
      for (;;) {
        const row = await takeRow(transaction, { runId, epoch, lane, stage, now });
        if (row === undefined) return null;
        const step = stepFromRow(row);
        if (step === null) {
          this.#report({ table: "step", key: row.id });
          await failUnreadable(transaction, row, now);
          continue;
        }
        await writeLimiters(transaction, limiters);
        const { id, attempts, failures } = row;
        return { ...step, id, runId, epoch, attempts, failures, savedUndo: readSavedUndo(row) };
      }
    });
  }

  /** When the next step of each lane may be taken. Lanes without a waiting step are left out. */
  async dueTimes(runId: number, stage: number, now: number): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database
      .selectFrom("step")
      .select(["lane", ({ fn }) => fn.min(dueAt(now)).as("at")])
      .where("run_id", "=", runId)
      .where("state", "=", sql.lit("pending"))
      .where("is_blocked", "=", sql.lit(0))
      .where("stage", "<=", stage)
      .groupBy("lane")
      .execute();
    return new Map(rows.map(({ lane, at }) => [lane, at]));
  }

  /**
   * Stores the undo record of the next write; `null` if nothing that the step wrote exists any
   * more.
   * @throws LeaseLostError, so that the step does not write
   */
  async saveUndo(step: Pick<TakenStep, "id" | "runId" | "epoch">, undo: unknown): Promise<void> {
    const intended = undo === null ? null : JSON.stringify(undo);
    const { numUpdatedRows } = await this.#database
      .updateTable("step")
      .set({ intended })
      .where("id", "=", step.id)
      .where("taken_epoch", "=", step.epoch)
      .where("state", "in", TRIED_STATES)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw new LeaseLostError(step);
  }

  /**
   * Records a try of a step and what follows from it.
   * @returns false if another process has taken the step meanwhile, or it was erased; then nothing
   * is changed
   */
  async record(
    step: TakenStep,
    record: StepRecord,
    { rooms, steps, dropped, contact = [], run, limiters }: Consequences,
    now: number,
  ): Promise<boolean> {
    return this.#database.transaction().execute(async (transaction) => {
      const tried = await transaction
        .selectFrom("step")
        .select("state")
        .where("id", "=", step.id)
        .where("taken_epoch", "=", step.epoch)
        .where("attempts", "=", step.attempts)
        .where("state", "in", TRIED_STATES)
        .executeTakeFirst();
      if (tried === undefined) return false;
      // A step that was dropped while it was under way is not tried again.
      if (tried.state === "taken" || record.state !== "pending")
        await transaction
          .updateTable("step")
          .set(recordedValues(step, record, await noEarlier(transaction, step.runId, now)))
          .where("id", "=", step.id)
          .execute();
      if (record.state === "done") await unblockAfter(transaction, step.runId, step.key);
      if (record.state === "failed") await dropAfter(transaction, step.runId, step.key);
      for (const room of rooms) {
        await updateRoom(transaction, step.runId, room);
        if (room.isJoined) await unblockRoom(transaction, step.runId, room.roomId);
      }
      await dropSteps(transaction, step.runId, dropped);
      await insertSteps(transaction, step.runId, steps);
      await recordContact(transaction, step, contact, now);
      if (run !== null) await applyToRun(transaction, step.runId, run);
      await writeLimiters(transaction, limiters);
      return true;
    });
  }

  /**
   * Stores the result of re-reading both accounts, in one transaction: changed rooms, new rooms and
   * new steps. Existing steps are tried again if they failed or were dropped. Finished steps are
   * done again only if they are in `again`.
   * @param epoch the lease under which the run was when the accounts were read
   * @returns false if the event does not apply to the run; then nothing is changed
   */
  async revise(
    { id: runId, epoch }: Pick<Run, "id" | "epoch">,
    { rooms, steps, again, run }: Revision,
  ): Promise<boolean> {
    return this.#database.transaction().execute(async (transaction) => {
      if (!(await applyToRun(transaction, runId, { ...run, epoch }))) return false;
      for (const room of rooms) {
        await putRoom(transaction, runId, room);
        if (room.isJoined) await unblockRoom(transaction, runId, room.roomId);
      }
      await insertSteps(transaction, runId, steps);
      await insertSteps(transaction, runId, again, true);
      return true;
    });
  }

  /** As `hasOpenStep`, for a run. */
  hasOpen(runId: number, stage: number, except?: ExceptSteps): Promise<boolean> {
    return hasOpenStep(this.#database, { runId, stage, ...except });
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
      .select(["lane", "kind", "state", "is_blocked", "waiting_for", "waits_for_side"])
      .select(({ fn }) => [fn.countAll<number>().as("count"), fn.min("not_before").as("not_before")])
      .where("run_id", "=", runId)
      .groupBy(["state", "is_blocked", "lane", "kind", "waiting_for", "waits_for_side"])
      .execute();
    return rows.map((row) => ({
      lane: row.lane,
      kind: row.kind,
      state: stateSchema.parse(row.state),
      isBlocked: row.is_blocked === 1,
      waitingFor: row.waiting_for,
      waitsForSide: sides.find((side) => side === row.waits_for_side) ?? null,
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

  /** Oldest first. */
  ofKinds(of: StepsOfKinds): Promise<StepOfRun[]> {
    return stepsOfKinds(this.#database, of, this.#report);
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
      .set({ not_before: 0, waiting_for: null, waits_for_side: null })
      .where("run_id", "=", runId)
      .where("state", "=", "pending")
      .execute();
  }
}
