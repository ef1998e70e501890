import type { Kysely, Selectable } from "kysely";
import type { ContactChange } from "../model/contact.ts";
import { ACTIVE_RUN_STATES } from "../model/run-states.ts";
import type { TakenStep } from "../model/run.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import { recordContact } from "./contact-rows.ts";
import { outcomeColumn, readSavedUndo, stepFromRow } from "./step-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** Steps that were opening a chat when their run ended. An empty room may be left of them. */
export class BegunChats {
  readonly #database: Kysely<Tables>;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, report: ReportUnreadable) {
    this.#database = database;
    this.#report = report;
  }

  /** @param since when the chats were begun, in milliseconds since the epoch */
  async since(since: number): Promise<TakenStep[]> {
    const rows = await this.#database
      .selectFrom("opened_chat")
      .innerJoin("run", "run.id", "opened_chat.run_id")
      .innerJoin("step", (join) =>
        join.onRef("step.run_id", "=", "opened_chat.run_id").onRef("step.key", "=", "opened_chat.step_key"),
      )
      .selectAll("step")
      .where("opened_chat.at", ">", since)
      .where("run.state", "not in", ACTIVE_RUN_STATES)
      .where("step.intended", "is not", null)
      .where("step.state", "!=", "done")
      .orderBy("step.id")
      .execute();
    return rows.flatMap((row) => this.#stepsOf(row));
  }

  /**
   * Records what became of the chat: `done` for one that is open. Otherwise nothing is left of it.
   */
  async record(
    step: TakenStep,
    outcome: StepOutcome,
    contact: readonly ContactChange[],
    now: number,
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const opened = { state: "done", outcome: outcomeColumn(outcome), finished_at: now, waiting_for: null };
      await transaction
        .updateTable("step")
        .set({ intended: null, ...(outcome.status === "done" && opened) })
        .where("id", "=", step.id)
        .execute();
      await recordContact(transaction, step, contact, now);
    });
  }

  #stepsOf(row: Selectable<Tables["step"]>): TakenStep[] {
    const step = stepFromRow(row);
    if (step === null) {
      this.#report({ table: "step", key: row.id });
      return [];
    }
    const { id, run_id: runId, attempts, failures } = row;
    return [
      { ...step, id, runId, epoch: row.taken_epoch, attempts, failures, savedUndo: readSavedUndo(row) },
    ];
  }
}
