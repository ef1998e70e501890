import type { Outcome } from "../../migration/outcome.ts";
import { HomeserverError } from "./homeserver-error.ts";
import type { StepContext } from "./step-context.ts";

/**
 * Makes one request that writes, with what it takes to take it back stored before. Of a request that the server refuses nothing stands.
 * @param earlier what earlier tries wrote and, by what was just read, still stands; it is part of `undo`
 */
export async function writeOnce<Answer>(
  { intend }: Pick<StepContext, "intend">,
  { undo, earlier = null }: { undo: unknown; earlier?: unknown },
  write: () => Promise<Answer>,
): Promise<Answer> {
  await intend(undo);
  try {
    return await write();
  } catch (error) {
    if (error instanceof HomeserverError && error.status < 500) await intend(earlier);
    throw error;
  }
}

/** Where a step finds everything as it would have it: its own doing, if an earlier try may have written it; else somebody's who was faster. */
export function foundDone({ intended }: Pick<StepContext, "intended">): Outcome {
  return intended === null ? { status: "already_done" } : { status: "done", undo: intended };
}
