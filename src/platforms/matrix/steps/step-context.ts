import type { Side } from "../../../model/account.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";

/** What a step function works with. */
export interface StepContext {
  /** The session of one of the two accounts. */
  readonly client: Readonly<Record<Side, HomeserverClient>>;
  readonly userId: Readonly<Record<Side, string>>;
  /**
   * True when nothing of this step can have reached a server yet and both accounts were read just
   * before: then it acts at once. Otherwise it looks first whether the thing is done already, so
   * that nothing others can see is done twice.
   */
  readonly canSkipCheck: boolean;
  /**
   * What an earlier try of the step gave to `saveUndo` last: what of it stands is the step's own
   * doing. `null`: no try wrote anything.
   */
  readonly savedUndo: unknown;
  /**
   * Stores what it takes to take back what the step is about to write, and what it wrote before, as
   * JSON; to be awaited before the write. So a write whose answer is lost, or that a crash follows,
   * is known as the step's own. `null`: nothing of it stands.
   */
  readonly saveUndo: (undo: unknown) => Promise<void>;
  /** Whether the target is in a room now, by what the run knows. */
  readonly isInside: (roomId: string) => boolean;
  /**
   * The run brought the target's server into the room of the step, so that it has no history of it
   * yet.
   */
  readonly isServerNew?: boolean;
  /**
   * That history, which the target may read, may still be on its way: other servers were not asked
   * for it before.
   */
  readonly mayHistoryCome?: boolean;
  /** The words that the people of a room read with a knock; absent: a knock has none. */
  readonly knockReason?: string;
  /** Aborts at a stop, never at a pause: a request under way is finished. */
  readonly signal: AbortSignal;
}

/**
 * Does one thing for one account. It reads its payload with a schema of its own, checks before it
 * acts, changes only what is its own, and turns every error of a server into an outcome
 * (`toOutcome` of `step-errors.ts`).
 * @throws only what is a bug
 */
export type StepFunction = (payload: unknown, context: StepContext) => Promise<StepOutcome>;

/**
 * Withdraws what a step did, from what its outcome kept (`undo`). It changes only what still stands
 * as the step wrote it; anything else is somebody's choice by now and stays (`already_done`).
 * @throws only what is a bug
 */
export type UndoFunction = (undo: unknown, context: StepContext) => Promise<StepOutcome>;
