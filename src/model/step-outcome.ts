import { ACCOUNT_PROBLEM_CODES } from "./account-problem.ts";
import type { Side } from "./account.ts";

/**
 * Why a step did not do what it should: a code for reports and logs, and the server's own words,
 * already cleaned.
 */
export interface StepProblem {
  code: StepProblemCode;
  /** `null`: the server said nothing of use. */
  serverText: string | null;
}

export const STEP_PROBLEM_CODES = [
  ...ACCOUNT_PROBLEM_CODES,
  /** A server refused for good. */
  "refused",
  /** A server refused since its administrator blocked the room. */
  "blocked_by_server",
  /** No server of the room can be reached. */
  "unreachable_server",
  /** The new account's settings refuse invitations. */
  "invite_blocked",
  /** Somebody with more power must do it. */
  "no_power",
  /** What is there cannot be read, so it is not written over. */
  "unreadable",
  /** Something that was there when the plan was made is gone. */
  "gone",
  /** The server answered with an error of its own, again and again. */
  "server_trouble",
] as const;
export type StepProblemCode = (typeof STEP_PROBLEM_CODES)[number];

/**
 * What is waited for: a rate limit, a homeserver that is away, or the other servers of a room. It
 * is a field of the JSON report (`waitingFor`).
 */
export type WaitingFor = "limit" | "server" | "room";

/** How one try of a step ended. Outcomes are values; only a bug throws. */
export type StepOutcome =
  /**
   * By this try, or by an earlier one whose answer was lost. `undo`: the undo record, as JSON;
   * absent if nothing can be undone.
   */
  | { status: "done"; undo?: unknown }
  /** Everything was already as desired, and the step has not written it. */
  | { status: "already_done" }
  /**
   * Not now. `limit`: the account's own server limits it. `server`: the account's server is away,
   * for every step. `room`: other servers of the room do not answer, or limit it without saying so.
   * `waitMs` is what the server said, `null` where it did not. `side`: whose server, where it is
   * not that of the step.
   */
  | {
      status: "wait";
      waitingFor: WaitingFor;
      waitMs: number | null;
      problem: StepProblem | null;
      side?: Side;
    }
  /** An error that may pass. The step is tried again a few times with growing delays. */
  | { status: "retry"; problem: StepProblem }
  /**
   * It will not work. A room takes its next route. `undo` as above, for the part that was written.
   */
  | { status: "failed"; problem: StepProblem; undo?: unknown }
  /**
   * The owner must do something about an account before anything of that account goes on. `side`:
   * the account's side, if it is not that of the step.
   */
  | { status: "needs_user"; problem: StepProblem; side?: Side }
  /** A person in the room must act: a knock that waits. */
  | { status: "needs_moderator" };
