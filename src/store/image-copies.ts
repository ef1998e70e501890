import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** The addresses of the images that steps of a run have copied to the target's server. */
export interface CopiesOfRun {
  /** @returns `null` for an image that was not copied */
  get(url: string): Promise<string | null>;
  /** Nothing is stored if the run was erased. */
  put(url: string, copy: string): Promise<void>;
}

/** The images that a run has copied. They are deleted with the run. */
export function imageCopiesOf(database: Kysely<Tables>, runId: number): CopiesOfRun {
  return {
    get: async (url) => {
      const row = await database
        .selectFrom("image_copy")
        .select("copy")
        .where("run_id", "=", runId)
        .where("url", "=", url)
        .executeTakeFirst();
      return row?.copy ?? null;
    },
    put: async (url, copy) => {
      await database
        .insertInto("image_copy")
        .columns(["run_id", "url", "copy"])
        .expression((expression) =>
          expression
            .selectFrom("run")
            .select((run) => ["id", run.val(url).as("url"), run.val(copy).as("copy")])
            .where("id", "=", runId),
        )
        .onConflict((conflict) => conflict.columns(["run_id", "url"]).doUpdateSet({ copy }))
        .execute();
    },
  };
}
