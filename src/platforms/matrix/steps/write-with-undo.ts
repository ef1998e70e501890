import type { StepOutcome } from "../../../model/step-outcome.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { StepContext } from "./step-context.ts";
import { toOutcome } from "./step-errors.ts";

/**
 * Makes one request that writes, with what it takes to take it back stored before. Of a request
 * that the server refuses nothing stands.
 * @param earlier what earlier tries wrote and, by what was just read, still stands; it is part of
 * `undo`
 * @param forRetry what stays stored in place of `earlier` when the server refused the request only
 * for now: the next try reads it as `savedUndo`
 */
export async function writeWithUndo<Answer>(
  { saveUndo }: Pick<StepContext, "saveUndo">,
  { undo, earlier = null, forRetry = earlier }: { undo: unknown; earlier?: unknown; forRetry?: unknown },
  write: () => Promise<Answer>,
): Promise<Answer> {
  await saveUndo(undo);
  try {
    return await write();
  } catch (error) {
    if (error instanceof HomeserverError && error.status < 500)
      await saveUndo(toOutcome(error).status === "failed" ? earlier : forRetry);
    throw error;
  }
}

interface Refused {
  error: unknown;
  /** What the refusal means for the step. */
  outcome: StepOutcome;
  /** The refusal may mean that somebody else was faster. */
  isLookedAt?: boolean;
  /** What the step comes to if it stands after all; `null` where it does not. */
  look: () => Promise<StepOutcome | null>;
}

/**
 * What is left to take back once a write of a room's membership was answered with an error, and was
 * no success. An error of the server's own says nothing of what it did before, so it is looked.
 * What an earlier try may still have on its way is known until the step has failed: then what
 * nobody sees standing is not the step's any more, and whoever gets in later does so by other
 * means.
 */
export async function resolveRefused(
  { error, outcome, isLookedAt = false, look }: Refused,
  { savedUndo, saveUndo }: Pick<StepContext, "savedUndo" | "saveUndo">,
): Promise<StepOutcome> {
  const isOver = outcome.status === "failed";
  const isUnclear = error instanceof HomeserverError && error.isJson && error.status >= 500;
  if (!isUnclear && !(isOver && (isLookedAt || savedUndo !== null))) return outcome;
  const standing = await look();
  if (standing === null) await saveUndo(isOver ? null : savedUndo);
  return standing ?? outcome;
}

/**
 * Where a step finds everything as it would have it: its own doing, if an earlier try may have
 * written it; else somebody's who was faster.
 */
export function alreadyDone({ savedUndo }: Pick<StepContext, "savedUndo">): StepOutcome {
  return savedUndo === null ? { status: "already_done" } : { status: "done", undo: savedUndo };
}
