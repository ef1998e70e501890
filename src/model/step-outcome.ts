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
 * What is waited for: a rate limit, a homeserver that is away, or the other servers of a room
 * (product.md, "Routes", `waitingFor`).
 */
export type WaitingFor = "limit" | "server" | "room";

/** How one try of a step ended (architecture.md, "Decisions"). */
export type StepOutcome =
  /**
   * By this try, or by an earlier one whose answer was lost. `undo`: what it takes to withdraw it,
   * as JSON; absent where nothing can be withdrawn.
   */
  | { status: "done"; undo?: unknown }
  /** Everything stood as wanted, and by nothing that the step wrote. */
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
  /** An error that may pass; tried again a few times with growing pauses. */
  | { status: "retry"; problem: StepProblem }
  /** It will not work; a room takes its next route. `undo` as above, of the part that did work. */
  | { status: "failed"; problem: StepProblem; undo?: unknown }
  /**
   * The owner must do something about an account before anything of that account goes on. `side`:
   * whose, where it is not that of the step.
   */
  | { status: "needs_user"; problem: StepProblem; side?: Side }
  /** A person in the room must act: a knock that waits. */
  | { status: "needs_moderator" };
