import type { Kysely } from "kysely";
import { ACTIVE_RUN_STATES } from "../model/run-states.ts";
import type { RunTrack } from "../model/run-tracks.ts";
import type { Run } from "../model/run.ts";
import { runsFromRows } from "./run-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The newest active run of a track of a person. */
export async function activeRun(
  database: Kysely<Tables>,
  { owner, track }: { owner: string; track: RunTrack },
  report: ReportUnreadable,
): Promise<Run | null> {
  const rows = await database
    .selectFrom("run")
    .selectAll()
    .where("owner", "=", owner)
    .where("track", "=", track)
    .where("state", "in", ACTIVE_RUN_STATES)
    .orderBy("id", "desc")
    .execute();
  return runsFromRows(rows, report)[0] ?? null;
}

/** As `Runs.endedBefore`. */
export async function runsEndedBefore(
  database: Kysely<Tables>,
  time: number,
  report: ReportUnreadable,
): Promise<Run[]> {
  const rows = await database
    .selectFrom("run")
    .selectAll()
    .where("state", "=", "over")
    .where("ended_at", "<", time)
    .where((expression) =>
      expression(
        "id",
        "in",
        expression
          .selectFrom("run as last")
          .select(({ fn }) => fn.max("last.id").as("id"))
          .groupBy("last.owner"),
      ),
    )
    .where((expression) =>
      expression.not(
        expression.exists(
          expression
            .selectFrom("run as open")
            .select("open.id")
            .whereRef("open.owner", "=", "run.owner")
            .where("open.state", "!=", "over"),
        ),
      ),
    )
    .where((expression) =>
      expression.not(
        expression.exists(
          expression
            .selectFrom("run_room")
            .select("run_room.room_id")
            .whereRef("run_room.run_id", "=", "run.id")
            .where("run_room.joined_at", ">=", time),
        ),
      ),
    )
    .execute();
  return runsFromRows(rows, report);
}
