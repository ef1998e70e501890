import type { Database } from "better-sqlite3";
import type { Kysely, Transaction } from "kysely";
import { WORKED_ON_STATES } from "../model/run-states.ts";
import type { Run } from "../model/run.ts";
import { applyToRun, runsFromRows } from "./run-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The right of one process to work on a run. */
export interface RunLease {
  runId: number;
  /** Counts the leases of the run. Every write of its steps names it. */
  epoch: number;
}

/**
 * Which process works on which run. A run is taken for a limited time, which is extended during the
 * work. The next holder gets a higher epoch, so that writes of an earlier holder no longer apply.
 */
export class RunLeases {
  readonly #database: Kysely<Tables>;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, report: ReportUnreadable) {
    this.#database = database;
    this.#report = report;
  }

  /**
   * Takes a run that has work. Steps that an earlier holder had taken are tried again. If that
   * holder did not give the run back, the run counts as interrupted.
   * @param holder a name that no other process has
   * @returns the run under its new lease; `null` if it is not worked on, or somebody else holds it
   */
  async take(
    runId: number,
    { holder, now, until }: { holder: string; now: number; until: number },
  ): Promise<Run | null> {
    return this.#database.transaction().execute(async (transaction) => {
      const before = await transaction
        .selectFrom("run")
        .selectAll()
        .where("id", "=", runId)
        .where("state", "in", WORKED_ON_STATES)
        .executeTakeFirst();
      const isFree = before !== undefined && (before.lease_until <= now || before.lease_owner === holder);
      if (!isFree || runsFromRows([before], this.#report).length === 0) return null;
      await transaction
        .updateTable("run")
        .set({ lease_owner: holder, lease_epoch: before.lease_epoch + 1, lease_until: until })
        .where("id", "=", runId)
        .execute();
      await transaction
        .updateTable("step")
        .set({ state: "pending" })
        .where("run_id", "=", runId)
        .where("state", "=", "taken")
        .execute();
      if (before.lease_owner !== null && before.lease_owner !== holder)
        await applyToRun(transaction, runId, { event: "interrupted", change: { wasInterrupted: true } });
      const row = await transaction
        .selectFrom("run")
        .selectAll()
        .where("id", "=", runId)
        .executeTakeFirstOrThrow();
      return runsFromRows([row], this.#report)[0] ?? null;
    });
  }

  /**
   * Extends leases.
   * @returns the runs that somebody else has taken meanwhile, or whose owner was forgotten
   */
  async extend(leases: readonly RunLease[], until: number): Promise<number[]> {
    return this.#database.transaction().execute(async (transaction) => {
      const lost: number[] = [];
      for (const { runId, epoch } of leases) {
        const { numUpdatedRows } = await transaction
          .updateTable("run")
          .set({ lease_until: until })
          .where("id", "=", runId)
          .where("lease_epoch", "=", epoch)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) lost.push(runId);
      }
      return lost;
    });
  }

  /** Gives a run back. It does not count as interrupted when it is taken again. */
  async release({ runId, epoch }: RunLease): Promise<void> {
    await this.#database
      .updateTable("run")
      .set({ lease_owner: null, lease_until: 0 })
      .where("id", "=", runId)
      .where("lease_epoch", "=", epoch)
      .execute();
  }

  /** The runs that have work and that nobody else holds. */
  async free({ holder, now }: { holder: string; now: number }): Promise<number[]> {
    const rows = await this.#database
      .selectFrom("run")
      .select("id")
      .where("state", "in", WORKED_ON_STATES)
      .where((expression) =>
        expression.or([expression("lease_until", "<=", now), expression("lease_owner", "=", holder)]),
      )
      .orderBy("id")
      .execute();
    return rows.map(({ id }) => id);
  }
}

/**
 * Another process works on the run by now, or it was erased. What this process knows of its steps
 * no longer counts.
 */
export class LeaseLostError extends Error {
  constructor({ runId, epoch }: RunLease) {
    super(`the lease ${epoch} of run ${runId} has ended`);
    this.name = "LeaseLostError";
  }
}

/**
 * Runs within the caller's transaction.
 * @throws LeaseLostError
 */
export async function assertLease(transaction: Transaction<Tables>, lease: RunLease): Promise<void> {
  const row = await transaction
    .selectFrom("run")
    .select("lease_epoch")
    .where("id", "=", lease.runId)
    .executeTakeFirst();
  if (row?.lease_epoch !== lease.epoch) throw new LeaseLostError(lease);
}

/**
 * The same for a run that was read without a transaction. Long work, for example the reading of
 * both accounts, may outlast the lease.
 * @param read the run as it is stored now; `null` if it was erased
 * @throws LeaseLostError
 */
export function assertSameLease({ id, epoch }: Pick<Run, "id" | "epoch">, read: Run | null): void {
  if (read !== null && read.epoch !== epoch) throw new LeaseLostError({ runId: id, epoch });
}

/** Ends all leases. Their holders did not give the runs back, so the runs count as interrupted. */
export function endLeases(sqlite: Database): void {
  sqlite.prepare("UPDATE run SET lease_until = 0 WHERE lease_until <> 0").run();
}
