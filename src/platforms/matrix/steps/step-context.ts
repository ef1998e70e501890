import type { Side } from "../../../model/account.ts";
import type { AskRecord } from "../../../model/contact.ts";
import type { KeyedQueue } from "../../../model/keyed-queue.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { ImageCopies, StepFacts } from "../../runs.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import type { KeyWorker } from "../keys/worker/key-worker.ts";

/** What a run gives to a step. */
export interface StepContext {
  /**
   * The client of each account's session; `null` for a source that is known from files. A request
   * as that source ends the step as failed (`not_signed_in`).
   */
  readonly client: Readonly<Record<Side, HomeserverClient | null>>;
  readonly userId: Readonly<Record<Side, string>>;
  /** The side that acts. */
  readonly side: Side;
  /**
   * Of this step only, and the same for every try. It is a transaction ID, and marks what the step
   * creates.
   */
  readonly stepId: string;
  /**
   * True if no request of this step can have reached a server and both accounts were read just
   * before. Then the step acts at once. Otherwise it first looks whether its work is done, so that
   * nothing others can see happens twice.
   */
  readonly canSkipCheck: boolean;
  /** The images that steps of this run have copied. */
  readonly imageCopies: ImageCopies;
  /**
   * Steps of any run that copy the same image, or write the same list, do it one after the other.
   */
  readonly inTurn: KeyedQueue;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The number of tries that failed because of the step itself. */
  readonly failures: number;
  /**
   * The last undo record that an earlier try of the step saved. What it names and still exists was
   * written by the step. `null`: no try wrote anything.
   */
  readonly savedUndo: unknown;
  /**
   * Stores the step's undo record as JSON: what the step is about to write and what earlier tries
   * wrote. The step awaits it before the write. So after a lost answer or a crash the write is
   * still known to be the step's. `null`: nothing that the step wrote exists.
   */
  readonly saveUndo: (undo: unknown) => Promise<void>;
  /** Whether the target has joined a room, as far as the run knows. */
  readonly isJoined: (roomId: string) => boolean;
  /**
   * The run brought the target's server into the room of the step, so that server has no history of
   * the room yet.
   */
  readonly isServerNew?: boolean;
  /**
   * The run has just brought the target into the room of the step, and this is the first try. So
   * the target has no tags and settings for the room yet.
   */
  readonly isJustJoined?: boolean;
  /**
   * The history of the room may still arrive: the target may read it, and no other servers were
   * asked for it before.
   */
  readonly mayHistoryCome?: boolean;
  /** Counts a new chat for the daily limit (`StepFacts`). */
  readonly reserveChat: StepFacts["reserveChat"];
  /** The reason that the people of a room read with a knock; absent for a knock without one. */
  readonly knockReason?: string;
  /** For steps that leave a room. */
  readonly leaving?: LeavingFacts;
  /** Aborts at a stop, never at a pause: a request under way is finished. */
  readonly signal: AbortSignal;
  /**
   * False once the run was paused or ended. Then the step sends no further request (`defineStep`).
   */
  readonly mayGoOn: () => boolean;
  /** The run has ended, and a new chat of it is left or listed (`StepFacts`). */
  readonly isEnding?: StepFacts["isEnding"];
}

/** What a step that leaves a room knows besides what the two servers show. */
export interface LeavingFacts {
  /** The questions of the source to people in rooms. */
  readonly asked: readonly AskRecord[];
  /** Compares the keys of a room. */
  readonly keyWorker: Pick<KeyWorker, "job">;
}

/**
 * Does one thing for one account. It reads its payload with its own schema, checks before it acts,
 * and changes only what is its own. It turns every error of a server into an outcome.
 * @throws only for bugs
 */
export type StepFunction = (payload: unknown, context: StepContext) => Promise<StepOutcome>;

/**
 * Undoes a step by the undo record of its outcome. It changes only what is still as the step wrote
 * it. What somebody has changed since stays (`already_done`).
 * @throws only for bugs
 */
export type UndoFunction = (undo: unknown, context: StepContext) => Promise<StepOutcome>;
