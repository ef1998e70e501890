import type { Kysely } from "kysely";
import type { ConversationAddress } from "../model/conversation-address.ts";
import { addressFormat } from "../model/conversation-address.ts";
import { runsFromRows } from "./run-rows.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** A run that was not over, and that no version of the bot can continue. */
export interface LostRun {
  id: number;
  owner: string;
  /** Where its owner was notified; `null` if that cannot be read either. */
  address: ConversationAddress | null;
}

/** Runs whose rows cannot be read. */
export class LostRuns {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** The unreadable runs that are not over yet. */
  async all(): Promise<LostRun[]> {
    const rows = await this.#database.selectFrom("run").selectAll().where("state", "<>", "over").execute();
    return rows
      .filter((row) => runsFromRows([row], () => undefined).length === 0)
      .map(({ id, owner, address }) => ({
        id,
        owner,
        address: addressFormat.fromStored(parseColumn(address)),
      }));
  }

  /** Ends a run, so that its owner is notified once. Its rows stay until `!forget`. */
  async end(id: number, now: number): Promise<void> {
    await this.#database
      .updateTable("run")
      .set({ state: "over", ended_at: now })
      .where("id", "=", id)
      .where("state", "<>", "over")
      .execute();
  }
}
