import type { Side } from "../../../model/account.ts";
import type { StepOutcome, StepProblem, StepProblemCode } from "../../../model/step-outcome.ts";
import type { UnreachableReason } from "../../../network/unreachable-error.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { HomeserverError, accountProblemOf, isLimited } from "../api/homeserver-error.ts";
import { PageError } from "../api/page-error.ts";
import { SERVER_AWAY } from "../api/server-away.ts";

const AWAY: ReadonlySet<UnreachableReason> = new Set([...SERVER_AWAY, "aborted"]);

/** The failure of a request that a step of one side made to the server of the other side. */
class OtherSideError extends Error {
  readonly side: Side;

  constructor(side: Side, cause: unknown) {
    super(`a request to the server of the ${side} failed`, { cause });
    this.name = "OtherSideError";
    this.side = side;
  }
}

/** A request as an account that nobody has signed in. It was not sent. */
export class NoSessionError extends Error {
  override readonly name = "NoSessionError";

  constructor(side: Side) {
    super(`nobody has signed in the ${side}`);
  }
}

/** The run was paused or ended before a request of a step. The request was not sent. */
export class StepInterruptedError extends Error {
  override readonly name = "StepInterruptedError";

  constructor() {
    super("the run was paused or ended between two requests of a step");
  }
}

/**
 * For a request that a step of one side makes to the server of the other. A failure then counts for
 * that server: the queue waits for it, or asks for a new sign-in there.
 * @throws what `toOutcome` accepts
 */
export async function onServerOf<Answer>(side: Side, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw new OtherSideError(side, error);
  }
}

/** The outcome attributed to the server of the given side, whichever side the step belongs to. */
export function attributedTo<Outcome extends StepOutcome>(side: Side, outcome: Outcome): Outcome {
  return outcome.status === "wait" || outcome.status === "needs_user" || outcome.status === "held"
    ? { ...outcome, side }
    : outcome;
}

/** Outcomes that come from an error. */
export type ErrorOutcome = Exclude<
  StepOutcome,
  { status: "continues" | "done" | "already_done" | "needs_moderator" }
>;

/**
 * What a failed request means for its step. Steps first handle the refusals that only their own
 * request can get.
 * @throws anything that is neither a server's error nor a failed connection: a bug
 */
export function toOutcome(error: unknown): ErrorOutcome {
  if (error instanceof OtherSideError) return attributedTo(error.side, toOutcome(error.cause));
  if (error instanceof StepInterruptedError) return { status: "interrupted" };
  if (error instanceof NoSessionError)
    return { status: "failed", problem: { code: "not_signed_in", serverText: null } };
  if (error instanceof UnreachableError) {
    const problem = problemOf("server_trouble", error.message);
    if (!AWAY.has(error.reason)) return { status: "retry", problem };
    const waitMs = error instanceof PageError ? error.retryAfterMs : null;
    const isSlow = error.reason === "timeout";
    return { status: "wait", waitingFor: "server", waitMs, problem, ...(isSlow && { isSlow }) };
  }
  if (!(error instanceof HomeserverError)) throw error;
  const { status, retryAfterMs } = error;
  if (isLimited(error)) return { status: "wait", waitingFor: "limit", waitMs: retryAfterMs, problem: null };
  const accountProblem = accountProblemOf(error);
  if (accountProblem !== null)
    return { status: "needs_user", problem: serverProblem(accountProblem.code, error, error.consentUri) };
  if (status >= 500) return { status: "retry", problem: serverProblem("server_trouble", error) };
  return { status: "failed", problem: serverProblem("refused", error) };
}

/** The current value cannot be read, so it is not overwritten. */
export const UNREADABLE: ErrorOutcome = {
  status: "failed",
  problem: { code: "unreadable", serverText: null },
};

/**
 * A problem with the text of the server that refused.
 * @param page that the server names
 */
export function serverProblem(code: StepProblemCode, error: HomeserverError, page?: string): StepProblem {
  const problem = problemOf(code, error.text === "" ? `${error.status} ${error.errcode}` : error.text);
  return page === undefined ? problem : { ...problem, page };
}

function problemOf(code: StepProblemCode, serverText: string): StepProblem {
  return { code, serverText };
}

/** The thing that the step is about no longer exists. */
export const GONE: ErrorOutcome = { status: "failed", problem: { code: "gone", serverText: null } };

/** Somebody has changed the value since the step was planned, so it is not overwritten. */
export const CHANGED_SINCE: ErrorOutcome = {
  status: "failed",
  problem: { code: "changed_since", serverText: null },
};
