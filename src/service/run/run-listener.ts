import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { ReportRoom } from "../../model/report.ts";
import type { Run } from "../../model/run.ts";
import type { ShownPlan } from "../plan/results.ts";
import type { LeftChat, RoomLetIn } from "./results.ts";
import type { RunStatuses } from "./status.ts";
import type { RunSummaryReader } from "./summary.ts";

/**
 * Receives the events of runs, so that their owners can be informed. Runs do not send messages
 * themselves.
 */
export interface RunListener {
  /** A property changed that its owner may see. */
  changed(run: Run): void;
  /**
   * A run is about to end. It is stored as ended once this resolves, so a crash in between repeats
   * the call.
   * @param run as it will be stored
   * @param made the plan as it is now; `null` for a part of a move
   */
  ended(run: Run, made: EndedPlan | null): Promise<void>;
  /**
   * The new account joined rooms after the run had ended. Earlier ones are included again, each
   * with the same room ID.
   * @param run as it will be stored
   */
  roomsLetIn(run: Run, rooms: readonly RoomLetIn[]): Promise<void>;
  /**
   * People declined a knock or removed the new account after the run had ended. The reasons of the
   * rooms name them. Rooms of earlier calls are included again.
   * @param run as it will be stored
   */
  refusedByPeople(run: Run, rooms: readonly RefusedRoom[]): Promise<void>;
  /**
   * A person declined a chat that the run had opened, or left it. Called again for the same chat
   * only after a crash.
   */
  chatLeft(run: Run, chat: LeftChat): Promise<void>;
  /**
   * A run that watches cannot use one of its accounts. It goes on with the other.
   * @param run with the problem
   */
  watchHindered(run: Run): Promise<void>;
  /** A run of this owner cannot go on, because its row cannot be read. It is ended after this. */
  lost(runId: number, address: ConversationAddress): Promise<void>;
  /** The process is about to end. Resolves when no more messages are sent. */
  stop(): Promise<void>;
}

/** A room from which somebody keeps the new account out. */
export interface RefusedRoom {
  room: ReportRoom;
  /** The later run that knocked there on demand, so that the refusal is an answer to its knock. */
  knock: number | null;
}

/** The plan as it is at the end of a run. */
export type EndedPlan = Pick<ShownPlan, "report" | "moreHelpers" | "notMoved" | "unseen">;

/** The services with which a listener reads a run. */
export interface RunFacts {
  statuses: Pick<RunStatuses, "of" | "withOldServer">;
  summary: Pick<RunSummaryReader, "of">;
}
