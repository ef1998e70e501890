import type { StepOutcome } from "../../../model/step-outcome.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { StepScope } from "./define-step.ts";
import { StepInterruptedError } from "./step-errors.ts";

type UndoStore<Undo> = Pick<StepScope<Undo>, "savedUndo" | "saveUndo">;

/**
 * Saves an undo record, then makes one request that writes. If the server refuses the request, or
 * the run is paused before it is sent, the record is set back to `earlier`.
 * @param earlier what earlier tries wrote and the last read still showed; part of `undo`
 */
export async function writeWithUndo<Undo, Answer>(
  { saveUndo }: Pick<UndoStore<Undo>, "saveUndo">,
  { undo, earlier = null }: { undo: Undo; earlier?: Undo | null },
  write: () => Promise<Answer>,
): Promise<Answer> {
  await saveUndo(undo);
  try {
    return await write();
  } catch (error) {
    const isUnwritten =
      error instanceof StepInterruptedError || (error instanceof HomeserverError && error.status < 500);
    if (isUnwritten) await saveUndo(earlier);
    throw error;
  }
}

interface Refused {
  error: unknown;
  /** What the refusal means for the step. */
  outcome: StepOutcome;
  /** The refusal may mean that somebody else was faster. */
  isLookedAt?: boolean;
  /** The outcome of the step if its write took effect after all; `null` if it did not. */
  look: () => Promise<StepOutcome | null>;
}

/**
 * The outcome of a failed write of a room's membership.
 * - A server error does not show whether the write took effect, so the step checks.
 * - A write of an earlier try may still be under way, so its undo record is kept until the step has
 *   failed.
 * - Once the step has failed and the membership does not exist, the undo record is erased. If the
 *   target gets in later, this step did not do it.
 */
export async function resolveRefused<Undo>(
  { error, outcome, isLookedAt = false, look }: Refused,
  { savedUndo, saveUndo }: UndoStore<Undo>,
): Promise<StepOutcome> {
  const isOver = outcome.status === "failed";
  const isUnclear = error instanceof HomeserverError && error.status >= 500;
  if (!isUnclear && !(isOver && (isLookedAt || savedUndo !== null))) return outcome;
  const found = await look();
  if (found === null) await saveUndo(isOver ? null : savedUndo);
  return found ?? outcome;
}

/**
 * The outcome of a step whose work is already done: by an earlier try if there is an undo record,
 * else by somebody else.
 */
export function alreadyDone({ savedUndo }: Pick<UndoStore<unknown>, "savedUndo">): StepOutcome {
  return savedUndo === null ? { status: "already_done" } : { status: "done", undo: savedUndo };
}
