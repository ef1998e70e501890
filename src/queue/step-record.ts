import { routeOfStep } from "../model/room-routes.ts";
import type { StepRecord, TakenStep } from "../model/run.ts";
import type { StepOutcome, StepProblem } from "../model/step-outcome.ts";
import type { Limits, Ticket } from "./rate-limits.ts";
import { retryDelayMs } from "./retry-delays.ts";
import type { ServerBackoff } from "./server-backoff.ts";

/** The wait for a limit that Synapse does not have, if its server names no delay. */
const UNKNOWN_LIMIT_MS = 10_000;

/**
 * Steps that were not refused go first, because only they show whether the limit is the account's.
 */
const AFTER_OTHERS_MS = 1;

/** A step that waits for the daily limit looks again after this time. A look sends no request. */
const LONGEST_DAILY_WAIT_MS = 3_600_000;

/** The outcomes after which the request of a step is not tried again. */
const OVER: ReadonlySet<StepOutcome["status"]> = new Set<StepOutcome["status"]>([
  "continues",
  "done",
  "already_done",
  "needs_moderator",
  "failed",
]);

/** One try of a step. */
export interface Trial {
  step: TakenStep;
  outcome: StepOutcome;
  /** `null`: no limit counts the request. */
  ticket: Ticket | null;
  /** The homeserver that gave the outcome, by name. */
  server: string;
  /** When the step was taken, by the monotonic clock. */
  startedAt: number;
  /** Whether the room has another route, so that the step is not tried for hours. */
  hasOtherRoute: () => Promise<boolean>;
}

/**
 * How a try of a step is recorded. It also updates the limits and the state of servers from the
 * outcome.
 */
export async function recordOf(
  { step, outcome, ticket, server, startedAt, hasOtherRoute }: Trial,
  { limits, backoff, now }: { limits: Limits; backoff: ServerBackoff; now: number },
): Promise<StepRecord> {
  const isUnanswered = outcome.status === "wait" && outcome.waitingFor === "server";
  const isAway =
    isUnanswered && outcome.isServerAnswering !== true && !backoff.hasAnsweredSince(server, startedAt);
  // A limit of the other account's server proves nothing about this account's limits.
  const isOthers =
    outcome.status === "wait" &&
    outcome.waitingFor === "limit" &&
    outcome.side !== undefined &&
    outcome.side !== step.side;
  const isUnsent =
    outcome.status === "interrupted" || (outcome.status === "wait" && outcome.waitingFor === "daily_limit");
  const isAnswer = !isUnsent && !isUnanswered;
  if (isAnswer || (isUnanswered && outcome.isServerAnswering === true)) backoff.answered(server);
  if (ticket === null && (outcome.status !== "wait" || outcome.waitingFor !== "limit"))
    limits.passedUncounted(accountOf(step), uniqueKey(step));
  if (ticket !== null && OVER.has(outcome.status)) limits.ended(ticket, uniqueKey(step));
  switch (outcome.status) {
    case "done":
    case "needs_moderator":
      if (ticket !== null) limits.passed(ticket);
      return { state: "done", outcome };
    case "already_done":
      // The step was found done by a read, which no limit counts.
      if (ticket !== null) limits.giveBack(ticket);
      return { state: "done", outcome };
    case "failed":
      if (ticket !== null) limits.passed(ticket);
      return { state: "failed", outcome };
    case "continues":
      if (ticket !== null) limits.passed(ticket);
      return {
        state: "pending",
        notBefore: 0,
        waitingFor: null,
        outcome,
        isCounted: false,
        limits: outcome.limits,
      };
    case "needs_user":
    case "held":
    case "interrupted":
      if (ticket !== null) limits.giveBack(ticket);
      return { state: "pending", notBefore: 0, waitingFor: null, outcome, isCounted: false };
    case "wait":
      if (outcome.waitingFor === "limit") {
        const until = limitedUntil({ step, ticket: isOthers ? null : ticket }, outcome.waitMs, {
          limits,
          now,
        });
        if (until === null) break;
        if (isOthers && ticket !== null) limits.giveBack(ticket);
        return { state: "pending", notBefore: until, waitingFor: "limit", outcome, isCounted: false };
      }
      if (outcome.waitingFor === "daily_limit") {
        if (ticket !== null) limits.giveBack(ticket);
        const waitMs = Math.min(outcome.waitMs ?? LONGEST_DAILY_WAIT_MS, LONGEST_DAILY_WAIT_MS);
        const wait = { notBefore: now + waitMs, waitingFor: "daily_limit" as const };
        return { state: "pending", ...wait, outcome, isCounted: false };
      }
      if (isAway) {
        if (ticket !== null) limits.giveBack(ticket);
        const until = now + backoff.failed(server, outcome.waitMs);
        return { state: "pending", notBefore: until, waitingFor: "server", outcome, isCounted: false };
      }
      break;
    case "retry":
      break;
  }
  if (ticket !== null && (isUnanswered || isOthers)) limits.giveBack(ticket);
  else if (ticket !== null) limits.passed(ticket);
  const cause = isUnanswered ? "unanswered" : outcome.status === "wait" ? "room" : "error";
  const isEntry = routeOfStep(step.kind) !== null;
  const delayMs = retryDelayMs(step.failures, { cause, isEntry, hasOtherRoute: await hasOtherRoute() });
  if (delayMs === null) {
    const problem: StepProblem = outcome.problem ?? { code: "unreachable_server", serverText: null };
    return { state: "failed", outcome: { status: "failed", problem } };
  }
  return {
    state: "pending",
    notBefore: now + Math.max(delayMs, outcome.status === "wait" ? (outcome.waitMs ?? 0) : 0),
    waitingFor: cause === "room" ? "room" : "server",
    outcome,
    isCounted: true,
  };
}

/**
 * @param ticket of the limit that refused; `null` if no limiter counts the request
 * @returns until when the step waits; `null` if the limit is its own, and counts as its failure
 */
function limitedUntil(
  { step, ticket }: Pick<Trial, "step" | "ticket">,
  waitMs: number | null,
  { limits, now }: { limits: Limits; now: number },
): number | null {
  if (ticket === null) {
    const uncountedMs = limits.refusedUncounted(accountOf(step), uniqueKey(step), waitMs ?? UNKNOWN_LIMIT_MS);
    return uncountedMs === null ? null : now + uncountedMs;
  }
  switch (limits.ownerOfLimit(ticket, uniqueKey(step), waitMs)) {
    case "step":
      return null;
    case "account":
      return limits.refused(ticket, waitMs, now) + AFTER_OTHERS_MS;
    case "unproven":
      limits.giveBack(ticket);
      return now + (waitMs ?? UNKNOWN_LIMIT_MS);
  }
}

/** Among the steps of all runs. */
function uniqueKey({ runId, key }: TakenStep): string {
  return `${runId} ${key}`;
}

/** The account of a step, as far as its run knows it. */
function accountOf({ runId, side }: TakenStep): string {
  return `${runId} ${side}`;
}
