import { ACCOUNT_PROBLEM_CODES } from "./account-problem.ts";
import type { Side } from "./account.ts";
import type { LimitName } from "./step.ts";

/** Why a step failed: a code for reports and logs, and the server's own text, already cleaned. */
export interface StepProblem {
  code: StepProblemCode;
  /** `null`: the server sent no useful text. */
  serverText: string | null;
  /** The page that the server names for the account's owner: about a limit, or its terms. */
  page?: string | undefined;
}

/** The codes of step problems. They are stored and part of reports. */
export const STEP_PROBLEM_CODES = [
  ...ACCOUNT_PROBLEM_CODES,
  /**
   * The account has reached a limit of its server. It may not join or invite until its owner acts.
   * All other requests work.
   */
  "account_limit",
  /** A server refused for good. */
  "refused",
  /** A server refused because its administrator blocked the room. */
  "blocked_by_server",
  /** No server of the room can be reached. */
  "unreachable_server",
  /** The new account's settings refuse invitations. */
  "invite_blocked",
  /** A user with more power must do it. */
  "no_power",
  /** The partner of a new chat, or their server, takes no invitation. */
  "partner_refused",
  /** The room is encrypted, so no plain text is sent there. */
  "room_encrypted",
  /** More members have joined the room than the person was told. */
  "room_grew",
  /** The step needs the old account, which is known from files only. */
  "not_signed_in",
  /** The current value cannot be read, so it is not overwritten. */
  "unreadable",
  /** The file at a picture's address is not a picture. */
  "no_image",
  /** Something that existed when the plan was made no longer exists. */
  "gone",
  /** Somebody has changed it since the plan was made. */
  "changed_since",
  /** The new server lacks the last read event of a room, so a later event was marked as read. */
  "history_missing",
  /** Reasons for which an undo leaves a room or a level as it is (`stay-reason.ts`). */
  "source_not_joined",
  "last_member",
  "last_admin",
  "needs_invitation",
  /** Reasons for which the old account does not leave a room (`platforms/contact.ts`). */
  "not_moved",
  "less_power",
  "keys_missing",
  "asked",
  "server_notices",
  /** The server repeatedly answered with an internal error. */
  "server_trouble",
] as const;
export type StepProblemCode = (typeof STEP_PROBLEM_CODES)[number];

/**
 * The cause of a wait: a rate limit, a homeserver that is away, or the other servers of a room. It
 * is a field of the JSON report (`waitingFor`).
 */
export type WaitingFor = "limit" | "server" | "room";

/** As `WaitingFor`, or the bot's own limit on new chats within a day, which is in no report. */
export type StepWaitingFor = WaitingFor | "daily_limit";

/** How one try of a step ended. Outcomes are values; only a bug throws. */
export type StepOutcome =
  /**
   * Done by this try, or by an earlier one whose answer was lost. `undo`: the undo record, as JSON;
   * absent if nothing can be undone.
   */
  | { status: "done"; undo?: unknown }
  /** Everything was already as desired, and the step has not written it. */
  | { status: "already_done" }
  /**
   * Not possible now.
   * - `limit`: the account's own server limits it.
   * - `server`: the account's server is away, for every step, or does not answer this request.
   * - `room`: other servers of the room do not answer, or limit it without saying so.
   * - `daily_limit`: no more new chats are opened within a day. No request was sent.
   *
   * `waitMs`: the delay that the server asked for, `null` for none. `side`: the side of that
   * server, if it is not the step's. `isSlow`: the request ran into its timeout.
   * `isServerAnswering`: the server answers other requests, so only this step waits, and its tries
   * are counted.
   */
  | {
      status: "wait";
      waitingFor: StepWaitingFor;
      waitMs: number | null;
      problem: StepProblem | null;
      side?: Side;
      isSlow?: boolean;
      isServerAnswering?: boolean;
    }
  /**
   * A part is done, as the step's undo record says. The step is taken again for its next request,
   * which these limits count.
   */
  | { status: "continues"; limits: readonly LimitName[] }
  /** A possibly temporary error. The step is tried again a few times with growing delays. */
  | { status: "retry"; problem: StepProblem }
  /**
   * A final failure. A room takes its next route. `undo` as above, for the part that was written.
   */
  | { status: "failed"; problem: StepProblem; undo?: unknown }
  /**
   * The owner must act before the account can continue. `side`: the account's side, if it is not
   * the step's.
   */
  | { status: "needs_user"; problem: StepProblem; side?: Side }
  /**
   * The owner must act before the account can join or invite again. Everything else of the run goes
   * on meanwhile. `side`: the account's side, if it is not the step's.
   */
  | { status: "held"; problem: StepProblem; side?: Side }
  /** A person in the room must act: the knock waits for an answer. */
  | { status: "needs_moderator" }
  /**
   * The run was paused or ended between two requests of the step. The step goes on when the run
   * does.
   */
  | { status: "interrupted" };
