import type { Run } from "../../model/run.ts";
import type { ShownPlan } from "../plan/planning.ts";
import type { RoomLetIn } from "./results.ts";
import type { RunSummaryReader } from "./summary.ts";
import type { RunStatuses } from "./status.ts";

/** Learns what happens to runs, so that their owners can be told. Runs know nothing of messages. */
export interface RunListener {
  /** Something changed that its owner may see. */
  changed(run: Run): void;
  /**
   * A run is about to end. It is stored as ended once this resolves, so a crash in between repeats
   * the call.
   * @param run as it is going to be stored
   * @param made the plan as it is now; `null` for a part of a move
   */
  ended(run: Run, made: Pick<ShownPlan, "report" | "moreHelpers" | "notMoved"> | null): Promise<void>;
  /**
   * Rooms let the new account in after the run had ended. Earlier ones are named again, each with
   * the same room ID.
   * @param run as it is going to be stored
   */
  roomsLetIn(run: Run, rooms: readonly RoomLetIn[]): Promise<void>;
  /** The process is about to end; resolves when nothing more is said. */
  stop(): Promise<void>;
}

/** What a listener can look up about a run. */
export interface RunFacts {
  statuses: Pick<RunStatuses, "of">;
  summary: Pick<RunSummaryReader, "of">;
}
