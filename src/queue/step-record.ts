import type { StepRecord, TakenStep } from "../model/run.ts";
import type { StepOutcome, StepProblem } from "../model/step-outcome.ts";
import type { Limits, Ticket } from "./rate-limits.ts";
import { retryDelayMs } from "./retry-delays.ts";
import type { ServerBackoff } from "./server-backoff.ts";

/** The wait for a limit that Synapse does not have, if its server names no delay. */
const UNKNOWN_LIMIT_MS = 10_000;

/** One try of a step. */
export interface Trial {
  step: TakenStep;
  outcome: StepOutcome;
  /** `null`: no limit counts the request. */
  ticket: Ticket | null;
  /** The homeserver that gave the outcome, by name. */
  server: string;
  /** Whether the room has another route, so that the step is not tried for hours. */
  hasOtherRoute: () => Promise<boolean>;
}

/**
 * How a try of a step is recorded. It also updates the limits and the state of servers from the
 * outcome.
 */
export async function recordOf(
  { step, outcome, ticket, server, hasOtherRoute }: Trial,
  { limits, backoff, now }: { limits: Limits; backoff: ServerBackoff; now: number },
): Promise<StepRecord> {
  const isAway = outcome.status === "wait" && outcome.waitingFor === "server";
  if (!isAway && outcome.status !== "interrupted") backoff.answered(server);
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
    case "needs_user":
    case "interrupted":
      if (ticket !== null) limits.giveBack(ticket);
      return { state: "pending", notBefore: 0, waitingFor: null, outcome, isCounted: false };
    case "wait":
      if (outcome.waitingFor === "limit") {
        // A limit of the other account's server proves nothing about this account's limits.
        const isOthers = outcome.side !== undefined && outcome.side !== step.side;
        if (isOthers && ticket !== null) limits.giveBack(ticket);
        const until =
          isOthers || ticket === null
            ? now + (outcome.waitMs ?? UNKNOWN_LIMIT_MS)
            : limits.refused(ticket, outcome.waitMs, now);
        return { state: "pending", notBefore: until, waitingFor: "limit", outcome, isCounted: false };
      }
      if (outcome.waitingFor === "server") {
        if (ticket !== null) limits.giveBack(ticket);
        const until = backoff.failed(server, now, outcome.waitMs);
        return { state: "pending", notBefore: until, waitingFor: "server", outcome, isCounted: false };
      }
      break;
    case "retry":
      break;
  }
  if (ticket !== null) limits.passed(ticket);
  const isRoom = outcome.status === "wait";
  const delayMs = retryDelayMs(step.failures, { isRoom, hasOtherRoute: await hasOtherRoute() });
  if (delayMs === null) {
    const problem: StepProblem = outcome.problem ?? { code: "unreachable_server", serverText: null };
    return { state: "failed", outcome: { status: "failed", problem } };
  }
  return {
    state: "pending",
    notBefore: now + delayMs,
    waitingFor: isRoom ? "room" : "server",
    outcome,
    isCounted: true,
  };
}
