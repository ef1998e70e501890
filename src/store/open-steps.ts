import type { Kysely } from "kysely";
import { routeOfStep } from "../model/room-routes.ts";
import { STEP_KINDS } from "../model/step.ts";
import type { Tables } from "./tables.ts";

const ENTRY_KINDS = STEP_KINDS.filter((kind) => routeOfStep(kind) !== null);

/** Steps that are left out. */
export interface ExceptSteps {
  readonly exceptLanes?: readonly string[];
  /** Steps that only add to a room, while they wait for the servers of that room. */
  readonly exceptRoomContent?: boolean;
}

/**
 * Whether a step can still run, up to a stage. Steps that must first get into a room, or after
 * another step, do not count.
 */
export async function hasOpenStep(
  database: Kysely<Tables>,
  {
    runId,
    stage,
    exceptLanes = [],
    exceptRoomContent = false,
  }: ExceptSteps & { readonly runId: number; readonly stage: number },
): Promise<boolean> {
  let ofRun = database.selectFrom("step").select("id").where("run_id", "=", runId);
  if (exceptLanes.length > 0) ofRun = ofRun.where("lane", "not in", exceptLanes);
  if (exceptRoomContent)
    ofRun = ofRun.where((builder) =>
      builder.or([
        builder("waiting_for", "is", null),
        builder("waiting_for", "!=", "room"),
        builder("kind", "in", ENTRY_KINDS),
      ]),
    );
  for (const state of ["taken", "pending"] as const) {
    const open = ofRun.where("state", "=", state).where("is_blocked", "=", 0).where("stage", "<=", stage);
    if ((await open.limit(1).executeTakeFirst()) !== undefined) return true;
  }
  return false;
}
