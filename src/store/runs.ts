import type { Kysely } from "kysely";
import { addressFormat } from "../model/conversation-address.ts";
import type { RunRoom } from "../model/run-room.ts";
import { plannedFormat } from "../model/run-room.ts";
import type { RunEvent, RunState } from "../model/run-states.ts";
import { FIRST_RUN_STATE, UNFINISHED_RUN_STATES } from "../model/run-states.ts";
import type { RunTrack } from "../model/run-tracks.ts";
import { maySeveralBeActive, trackOf } from "../model/run-tracks.ts";
import type { Run } from "../model/run.ts";
import type { PlannedStep } from "../model/step.ts";
import type { CopiesOfRun } from "./image-copies.ts";
import { imageCopiesOf } from "./image-copies.ts";
import { keptRequestBegins } from "./kept-requests.ts";
import { closeQuestionsOf } from "./questions.ts";
import { assertLease } from "./run-leases.ts";
import { activeRun, runsEndedBefore } from "./run-queries.ts";
import { replacedRoomsOf, roomCountsOf, watchedRoomsOf } from "./run-room-queries.ts";
import type { RunChange } from "./run-rows.ts";
import { applyToRun, changeRun, insertRoom, roomsFromRows, runsFromRows } from "./run-rows.ts";
import { insertSteps } from "./step-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** A new run. */
export type NewRun = Pick<
  Run,
  | "owner"
  | "platform"
  | "planNumber"
  | "purpose"
  | "source"
  | "target"
  | "isFromFile"
  | "address"
  | "request"
  | "startedAt"
>;

/** Runs of plans and their rooms. */
export class Runs {
  readonly #database: Kysely<Tables>;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, report: ReportUnreadable) {
    this.#database = database;
    this.#report = report;
  }

  /**
   * Stores a run with all its rooms and steps, before any step is tried.
   * @param isInPlace whether it replaces the owner's earlier runs, which only watch
   * @returns `null` if the owner already has an active run of its track, for example one that a
   * late arrival has just resumed, and may not have another one
   */
  async create(
    run: NewRun,
    {
      rooms,
      steps,
      isInPlace,
    }: { rooms: readonly RunRoom[]; steps: readonly PlannedStep[]; isInPlace: boolean },
  ): Promise<Run | null> {
    return this.#database.transaction().execute(async (transaction) => {
      const track = trackOf(run);
      const isAlone = !maySeveralBeActive(track);
      if (isAlone && (await activeRun(transaction, { owner: run.owner, track }, this.#report)) !== null)
        return null;
      if (isInPlace) {
        const earlier = await transaction
          .selectFrom("run")
          .select("id")
          .where("owner", "=", run.owner)
          .execute();
        for (const { id } of earlier) await applyToRun(transaction, id, { event: "replaced" });
      }
      const row = await transaction
        .insertInto("run")
        .values({
          owner: run.owner,
          platform: run.platform,
          plan_number: run.planNumber,
          purpose: run.purpose,
          track,
          state: FIRST_RUN_STATE,
          stage: 0,
          source: run.source,
          target: run.target,
          from_file: run.isFromFile ? 1 : 0,
          address: JSON.stringify(addressFormat.toStored(run.address)),
          request: JSON.stringify(run.request),
          started_at: run.startedAt,
          ended_at: null,
          problem: null,
          lease_owner: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await closeQuestionsOf(transaction, run.owner, run.startedAt);
      await keptRequestBegins(transaction, run.owner, run.address.eventId);
      for (const [position, room] of rooms.entries()) await insertRoom(transaction, row.id, room, position);
      await insertSteps(transaction, row.id, steps);
      return runsFromRows([row], this.#report)[0] ?? null;
    });
  }

  async get(id: number): Promise<Run | null> {
    const row = await this.#database.selectFrom("run").selectAll().where("id", "=", id).executeTakeFirst();
    return row ? (runsFromRows([row], this.#report)[0] ?? null) : null;
  }

  /** The owner's last readable run, in any state. */
  async last(owner: string): Promise<Run | null> {
    return (await this.#newestFirst(owner))[0] ?? null;
  }

  /** The run that a message of its owner has begun. */
  async begunBy(owner: string, eventId: string): Promise<Run | null> {
    const runs = await this.#newestFirst(owner);
    return runs.find(({ address }) => address.eventId === eventId) ?? null;
  }

  async #newestFirst(owner: string): Promise<Run[]> {
    const rows = await this.#database
      .selectFrom("run")
      .selectAll()
      .where("owner", "=", owner)
      .orderBy("id", "desc")
      .execute();
    return runsFromRows(rows, this.#report);
  }

  /** The owner's newest active run of a track. */
  async active(owner: string, track: RunTrack): Promise<Run | null> {
    return activeRun(this.#database, { owner, track }, this.#report);
  }

  /** The owner's runs that are not over. */
  async unfinished(owner: string): Promise<Run[]> {
    const rows = await this.#database
      .selectFrom("run")
      .selectAll()
      .where("owner", "=", owner)
      .where("state", "in", UNFINISHED_RUN_STATES)
      .orderBy("id")
      .execute();
    return runsFromRows(rows, this.#report);
  }

  /** All runs of an owner between these two accounts, oldest first. */
  async between(owner: string, source: string, target: string): Promise<Run[]> {
    const rows = await this.#database
      .selectFrom("run")
      .selectAll()
      .where("owner", "=", owner)
      .where("source", "=", source)
      .where("target", "=", target)
      .orderBy("id")
      .execute();
    return runsFromRows(rows, this.#report);
  }

  /** Runs in one of these states, oldest first. */
  async inState(...states: readonly RunState[]): Promise<Run[]> {
    const rows = await this.#database
      .selectFrom("run")
      .selectAll()
      .where("state", "in", states)
      .orderBy("id")
      .execute();
    return runsFromRows(rows, this.#report);
  }

  /**
   * Runs that ended before a time, if nothing has happened in them since, and their owner has
   * neither started another one nor an older one that still watches.
   */
  async endedBefore(time: number): Promise<Run[]> {
    return runsEndedBefore(this.#database, time, this.#report);
  }

  /** The rooms of a run that are watched. Others are not read: a move may have thousands. */
  async watchedRooms(id: number): Promise<RunRoom[]> {
    return watchedRoomsOf(this.#database, id, this.#report);
  }

  /**
   * Replaces what is planned about rooms that a run watches. Its other rooms stay as they are.
   * @returns the IDs of those among the rooms that the run still looks after
   */
  async replaceWatchedRooms(id: number, rooms: readonly RunRoom[]): Promise<ReadonlySet<string>> {
    return this.#database.transaction().execute(async (transaction) => {
      const kept = new Set<string>();
      const watched = await watchedRoomsOf(transaction, id, this.#report);
      const watchedIds = new Set(watched.map(({ roomId }) => roomId));
      for (const room of rooms) {
        const stored = await transaction
          .selectFrom("run_room")
          .select(["status", "is_inside"])
          .where("run_id", "=", id)
          .where("room_id", "=", room.roomId)
          .executeTakeFirst();
        const isWatched = watchedIds.has(room.roomId);
        if (stored?.is_inside !== 0 || (!isWatched && stored.status !== "planned")) continue;
        kept.add(room.roomId);
        if (!isWatched) continue;
        const { route, status } = room;
        await transaction
          .updateTable("run_room")
          .set({ route, status, planned: JSON.stringify(plannedFormat.toStored(room.planned)) })
          .where("run_id", "=", id)
          .where("room_id", "=", room.roomId)
          .execute();
      }
      return kept;
    });
  }

  /**
   * Changes anything but the state.
   * @param epoch the lease of the process that works on the run; none for other changes
   * @throws LeaseLostError
   */
  async change(id: number, change: RunChange, epoch?: number): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      if (epoch !== undefined) await assertLease(transaction, { runId: id, epoch });
      await changeRun(transaction, id, change);
    });
  }

  /**
   * Moves a run to the state that follows from an event, in one transaction.
   * @param epoch the lease of the process that has produced the event; none for a command
   * @returns the run as it is now; `null` if the event does not apply, and then nothing is changed
   */
  async apply(id: number, event: RunEvent, change: RunChange = {}, epoch?: number): Promise<Run | null> {
    const transition = { event, change, ...(epoch !== undefined && { epoch }) };
    return this.#database.transaction().execute(async (transaction) => {
      if (!(await applyToRun(transaction, id, transition))) return null;
      const row = await transaction
        .selectFrom("run")
        .selectAll()
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      return runsFromRows([row], this.#report)[0] ?? null;
    });
  }

  async rooms(runId: number): Promise<RunRoom[]> {
    const rows = await this.#database
      .selectFrom("run_room")
      .selectAll()
      .where("run_id", "=", runId)
      .orderBy("position")
      .execute();
    return roomsFromRows(rows, this.#report);
  }

  async room(runId: number, roomId: string): Promise<RunRoom | null> {
    const row = await this.#database
      .selectFrom("run_room")
      .selectAll()
      .where("run_id", "=", runId)
      .where("room_id", "=", roomId)
      .executeTakeFirst();
    return row ? (roomsFromRows([row], this.#report)[0] ?? null) : null;
  }

  /** Rooms that the target is in. */
  async joinedRooms(runId: number): Promise<ReadonlySet<string>> {
    const rows = await this.#database
      .selectFrom("run_room")
      .select("room_id")
      .where("run_id", "=", runId)
      .where("is_inside", "=", 1)
      .execute();
    return new Set(rows.map(({ room_id }) => room_id));
  }

  /** Rooms that were upgraded: they have the status of their replacements. */
  replacedRooms(runId: number): Promise<RunRoom[]> {
    return replacedRoomsOf(this.#database, runId, this.#report);
  }

  /** Rooms of a run by status. */
  roomCounts(runId: number): Promise<ReadonlyMap<string, number>> {
    return roomCountsOf(this.#database, runId);
  }

  imageCopies(runId: number): CopiesOfRun {
    return imageCopiesOf(this.#database, runId);
  }
}
