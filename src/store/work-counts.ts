import type { Kysely } from "kysely";
import type { RunState } from "../model/run-states.ts";
import { RUN_STATES, UNFINISHED_RUN_STATES } from "../model/run-states.ts";
import type { StepState } from "../model/run.ts";
import { STEP_STATES } from "../model/run.ts";
import type { Tables } from "./tables.ts";

/** Counts of runs and steps for the metrics, and a check of the store for the health endpoint. */
export class WorkCounts {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** The number of runs in each state. */
  async runs(): Promise<Map<RunState, number>> {
    const rows = await this.#database
      .selectFrom("run")
      .select(["state", ({ fn }) => fn.countAll<number>().as("count")])
      .groupBy("state")
      .execute();
    const counts = new Map(rows.map(({ state, count }) => [state, count]));
    return new Map(RUN_STATES.map((state) => [state, counts.get(state) ?? 0]));
  }

  /** The number of steps in each state, of runs that are not over. */
  async steps(): Promise<Map<StepState, number>> {
    const rows = await this.#database
      .selectFrom("run")
      .innerJoin("step", "step.run_id", "run.id")
      .select(["step.state", ({ fn }) => fn.countAll<number>().as("count")])
      .where("run.state", "in", [...UNFINISHED_RUN_STATES])
      .groupBy("step.state")
      .execute();
    const counts = new Map(rows.map(({ state, count }) => [state, count]));
    return new Map(STEP_STATES.map((state) => [state, counts.get(state) ?? 0]));
  }

  /** Whether the store takes a write. Makes one. */
  async isWritable(now: number): Promise<boolean> {
    const value = String(now);
    const write = this.#database
      .insertInto("bot_state")
      .values({ key: "health.writtenAt", value })
      .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }));
    return write.execute().then(
      () => true,
      () => false,
    );
  }
}
