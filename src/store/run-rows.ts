import type { Kysely, Selectable, Transaction } from "kysely";
import type { Run, RunState } from "../model/run.ts";
import type { Tables } from "./tables.ts";

/** One room of a run; what stands in `planned` is for whoever made it. */
export interface StoredRunRoom {
  roomId: string;
  planned: unknown;
  /** The way that is tried, or the last one. */
  route: string;
  status: string;
  /** The target is in. */
  isInside: boolean;
  /** Ways that were refused, as JSON. */
  refusals: unknown;
  joinedAt: number | null;
  /** It has no row of its own in reports: its outcome stands in that of the room it replaces. */
  isReplacement: boolean;
}

export type RunChange = Partial<
  Pick<Run, "state" | "stage" | "endedAt" | "isCancelled" | "wasInterrupted" | "problem" | "progressCount">
>;

/**
 * @param only changes nothing when the run is in another state;
 * @returns whether it changed something. Within a transaction of others, or alone.
 */
export async function changeRun(
  database: Kysely<Tables> | Transaction<Tables>,
  id: number,
  change: RunChange,
  only: RunState | null = null,
): Promise<boolean> {
  const { isCancelled, wasInterrupted, problem } = change;
  const values = {
    ...(change.state !== undefined && { state: change.state }),
    ...(change.stage !== undefined && { stage: change.stage }),
    ...(change.endedAt !== undefined && { ended_at: change.endedAt }),
    ...(change.progressCount !== undefined && { progress_count: change.progressCount }),
    ...(isCancelled !== undefined && { is_cancelled: isCancelled ? 1 : 0 }),
    ...(wasInterrupted !== undefined && { was_interrupted: wasInterrupted ? 1 : 0 }),
    ...(problem !== undefined && { problem: problem === null ? null : JSON.stringify(problem) }),
  };
  if (Object.keys(values).length === 0) return false;
  const update = database.updateTable("run").set(values).where("id", "=", id);
  const { numUpdatedRows } = await (
    only === null ? update : update.where("state", "=", only)
  ).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Within a transaction of others. */
export async function updateRoom(
  transaction: Transaction<Tables>,
  runId: number,
  room: StoredRunRoom,
): Promise<void> {
  await transaction
    .updateTable("run_room")
    .set({
      planned: JSON.stringify(room.planned),
      route: room.route,
      status: room.status,
      is_inside: room.isInside ? 1 : 0,
      refusals: JSON.stringify(room.refusals),
      joined_at: room.joinedAt,
    })
    .where("run_id", "=", runId)
    .where("room_id", "=", room.roomId)
    .execute();
}

/** Within a transaction of others. */
export async function insertRoom(
  transaction: Transaction<Tables>,
  runId: number,
  room: StoredRunRoom,
  position: number,
): Promise<void> {
  await transaction
    .insertInto("run_room")
    .values({
      run_id: runId,
      room_id: room.roomId,
      position,
      planned: JSON.stringify(room.planned),
      route: room.route,
      status: room.status,
      is_inside: room.isInside ? 1 : 0,
      refusals: JSON.stringify(room.refusals),
      joined_at: room.joinedAt,
      is_replacement: room.isReplacement ? 1 : 0,
    })
    .execute();
}

/**
 * In place of what was known of the room, or behind the others if nothing was. Within a transaction
 * of others.
 */
export async function putRoom(
  transaction: Transaction<Tables>,
  runId: number,
  room: StoredRunRoom,
): Promise<void> {
  const last = await transaction
    .selectFrom("run_room")
    .select(({ fn }) => fn.max("position").as("position"))
    .where("run_id", "=", runId)
    .executeTakeFirst();
  const known = await transaction
    .selectFrom("run_room")
    .select("room_id")
    .where("run_id", "=", runId)
    .where("room_id", "=", room.roomId)
    .executeTakeFirst();
  if (known) await updateRoom(transaction, runId, room);
  else await insertRoom(transaction, runId, room, (last?.position ?? -1) + 1);
}

export function roomFromRow(row: Selectable<Tables["run_room"]>): StoredRunRoom {
  return {
    roomId: row.room_id,
    planned: JSON.parse(row.planned),
    route: row.route,
    status: row.status,
    isInside: row.is_inside === 1,
    refusals: JSON.parse(row.refusals),
    joinedAt: row.joined_at,
    isReplacement: row.is_replacement === 1,
  };
}
