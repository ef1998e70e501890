import type { Kysely } from "kysely";
import { WATCHED_STATUSES } from "../model/room-routes.ts";
import type { RunRoom } from "../model/run-room.ts";
import { roomsFromRows } from "./run-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** Rooms of a run that were upgraded. */
export async function replacedRoomsOf(
  database: Kysely<Tables>,
  runId: number,
  report: ReportUnreadable,
): Promise<RunRoom[]> {
  // Few rooms are upgraded. Their IDs are in an index, so that no other room is read.
  const ids = await database
    .selectFrom("run_room")
    .select("room_id")
    .where("run_id", "=", runId)
    .where("route", "=", "successor")
    .execute();
  if (ids.length === 0) return [];
  const rows = await database
    .selectFrom("run_room")
    .selectAll()
    .where("run_id", "=", runId)
    .where(
      "room_id",
      "in",
      ids.map(({ room_id }) => room_id),
    )
    .execute();
  return roomsFromRows(rows, report);
}

/** The number of rooms of a run by status. */
export async function roomCountsOf(
  database: Kysely<Tables>,
  runId: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = await database
    .selectFrom("run_room")
    .select(["status", ({ fn }) => fn.countAll<number>().as("count")])
    .where("run_id", "=", runId)
    .where("is_replacement", "=", 0)
    .groupBy("status")
    .execute();
  return new Map(rows.map(({ status, count }) => [status, count]));
}

/** The rooms of a run that are watched (`watchedIn`), in the order of its plan. */
export async function watchedRoomsOf(
  database: Kysely<Tables>,
  runId: number,
  report: ReportUnreadable,
): Promise<RunRoom[]> {
  const run = database.selectFrom("run").select("id").where("id", "=", runId);
  const rows = await database
    .selectFrom("run_room")
    .selectAll()
    .where("run_id", "=", runId)
    .where("is_inside", "=", 0)
    .where((where) =>
      where.or([
        where("status", "in", WATCHED_STATUSES),
        where.and([where("route", "=", "impossible"), where.exists(run.where("from_file", "=", 1))]),
      ]),
    )
    .orderBy("position")
    .execute();
  return roomsFromRows(rows, report);
}
