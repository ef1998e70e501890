import type { Kysely, Selectable, Transaction } from "kysely";
import { z } from "zod";
import { addressFormat } from "../model/conversation-address.ts";
import { PLATFORM_NAMES } from "../model/platform-name.ts";
import type { RunRoom } from "../model/run-room.ts";
import { plannedFormat, runRoomSchema } from "../model/run-room.ts";
import type { RunEvent } from "../model/run-states.ts";
import { ACTIVE_RUN_STATES, RUN_STATES, isActive, nextState } from "../model/run-states.ts";
import { maySeveralBeActive } from "../model/run-tracks.ts";
import type { Run } from "../model/run.ts";
import { RUN_PURPOSES, problemFormat } from "../model/run.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The fields of a run besides its state. */
export type RunChange = Partial<
  Pick<Run, "stage" | "endedAt" | "isCancelled" | "wasInterrupted" | "problem" | "progressCount">
>;

/** An event of a run, and the changes that are written with the state that follows. */
export interface RunTransition {
  event: RunEvent;
  change?: RunChange;
  /** The event applies only under this lease. Commands of the owner apply under any. */
  epoch?: number;
}

/** Runs within the caller's transaction, or alone. */
export async function changeRun(database: Kysely<Tables>, id: number, change: RunChange): Promise<void> {
  const values = changedColumns(change);
  if (Object.keys(values).length === 0) return;
  await database.updateTable("run").set(values).where("id", "=", id).execute();
}

/**
 * Writes the state that follows from an event. The caller's transaction keeps the state from
 * changing between the read and the write. A run that only watches does not become active beside an
 * active run of its owner and track, unless several of the track may be active.
 * @returns false if the event does not apply; then nothing is changed
 */
export async function applyToRun(
  transaction: Transaction<Tables>,
  id: number,
  { event, change = {}, epoch }: RunTransition,
): Promise<boolean> {
  const row = await transaction
    .selectFrom("run")
    .select(["state", "lease_epoch", "owner", "track"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (epoch !== undefined && row?.lease_epoch !== epoch) return false;
  // No event applies to a state that this version does not know.
  const state = stateSchema.safeParse(row?.state).data;
  const next = state === undefined ? null : nextState(state, event);
  if (row === undefined || state === undefined || next === null) return false;
  const begins = isActive({ state: next }) && !isActive({ state });
  if (begins && !maySeveralBeActive(row.track) && (await hasActiveRun(transaction, row))) return false;
  await transaction
    .updateTable("run")
    .set({ state: next, ...changedColumns(change) })
    .where("id", "=", id)
    .execute();
  return true;
}

const stateSchema = z.enum(RUN_STATES);

async function hasActiveRun(
  transaction: Transaction<Tables>,
  { owner, track }: { owner: string; track: string },
): Promise<boolean> {
  const row = await transaction
    .selectFrom("run")
    .select("id")
    .where("owner", "=", owner)
    .where("track", "=", track)
    .where("state", "in", ACTIVE_RUN_STATES)
    .executeTakeFirst();
  return row !== undefined;
}

function changedColumns({ stage, endedAt, progressCount, isCancelled, wasInterrupted, problem }: RunChange) {
  return {
    ...(stage !== undefined && { stage }),
    ...(endedAt !== undefined && { ended_at: endedAt }),
    ...(progressCount !== undefined && { progress_count: progressCount }),
    ...(isCancelled !== undefined && { is_cancelled: isCancelled ? 1 : 0 }),
    ...(wasInterrupted !== undefined && { was_interrupted: wasInterrupted ? 1 : 0 }),
    ...(problem !== undefined && {
      problem: problem === null ? null : JSON.stringify(problemFormat.toStored(problem)),
    }),
  };
}

/** Updates the stored room, within the caller's transaction. */
export async function updateRoom(
  transaction: Transaction<Tables>,
  runId: number,
  room: RunRoom,
): Promise<void> {
  await transaction
    .updateTable("run_room")
    .set({
      planned: JSON.stringify(plannedFormat.toStored(room.planned)),
      route: room.route,
      status: room.status,
      is_inside: room.isJoined ? 1 : 0,
      refusals: JSON.stringify(room.refusals),
      joined_at: room.joinedAt,
    })
    .where("run_id", "=", runId)
    .where("room_id", "=", room.roomId)
    .execute();
}

/** Adds a room to a run, within the caller's transaction. */
export async function insertRoom(
  transaction: Transaction<Tables>,
  runId: number,
  room: RunRoom,
  position: number,
): Promise<void> {
  await transaction
    .insertInto("run_room")
    .values({
      run_id: runId,
      room_id: room.roomId,
      position,
      planned: JSON.stringify(plannedFormat.toStored(room.planned)),
      route: room.route,
      status: room.status,
      is_inside: room.isJoined ? 1 : 0,
      refusals: JSON.stringify(room.refusals),
      joined_at: room.joinedAt,
      is_replacement: room.isReplacement ? 1 : 0,
    })
    .execute();
}

/** Replaces the stored room, or adds it after the others. Runs within the caller's transaction. */
export async function putRoom(transaction: Transaction<Tables>, runId: number, room: RunRoom): Promise<void> {
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

/** The readable rooms. Every unreadable one is reported. */
export function roomsFromRows(
  rows: readonly Selectable<Tables["run_room"]>[],
  report: ReportUnreadable,
): RunRoom[] {
  return rows.flatMap((row) => {
    const { data } = runRoomSchema.safeParse({
      roomId: row.room_id,
      planned: plannedFormat.fromStored(parseColumn(row.planned)),
      route: row.route,
      status: row.status,
      isJoined: row.is_inside === 1,
      refusals: parseColumn(row.refusals),
      joinedAt: row.joined_at,
      isReplacement: row.is_replacement === 1,
    });
    if (data !== undefined) return [data];
    report({ table: "run_room", key: `${row.run_id} ${row.room_id}` });
    return [];
  });
}

const runRowSchema = z.object({
  platform: z.enum(PLATFORM_NAMES),
  purpose: z.enum(RUN_PURPOSES),
  state: z.enum(RUN_STATES),
});

/** The readable runs. Every unreadable one is reported. */
export function runsFromRows(rows: readonly Selectable<Tables["run"]>[], report: ReportUnreadable): Run[] {
  return rows.flatMap((row) => {
    const { data } = runRowSchema.safeParse(row);
    const address = addressFormat.fromStored(parseColumn(row.address));
    const request = parseColumn(row.request);
    if (data !== undefined && address !== null && request !== undefined)
      return [{ ...ownColumns(row), ...data, address, request }];
    report({ table: "run", key: row.id });
    return [];
  });
}

function ownColumns(
  row: Selectable<Tables["run"]>,
): Omit<Run, keyof z.infer<typeof runRowSchema> | "address" | "request"> {
  return {
    id: row.id,
    owner: row.owner,
    planNumber: row.plan_number,
    stage: row.stage,
    source: row.source,
    target: row.target,
    isFromFile: row.from_file === 1,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    isCancelled: row.is_cancelled === 1,
    wasInterrupted: row.was_interrupted === 1,
    problem: row.problem === null ? null : problemFormat.fromStored(parseColumn(row.problem)),
    progressCount: row.progress_count,
    epoch: row.lease_epoch,
  };
}
