import type { StepOutcome, StepProblem } from "../../../model/step-outcome.ts";
import { HomeserverError, isAccountLimit } from "../api/homeserver-error.ts";
import type { JoinPayload, KnockPayload } from "../planning/step-payloads.ts";
import type { StepContext } from "./step-context.ts";
import { serverProblem, toOutcome } from "./step-errors.ts";

/**
 * The outcome of a failed join or knock (platforms/matrix/README.md, "Errors of servers"). Other
 * servers take part in it, so an error of the account's server does not mean that this server has
 * trouble. The join may still complete; the next try checks first. A room that no server shows
 * (`isTry`) is not waited for, unless it is only slow.
 * @throws anything that is neither a server's error nor a failed connection: a bug
 */
export function toRoomOutcome(
  error: unknown,
  { isTry }: Pick<JoinPayload | KnockPayload, "isTry">,
): StepOutcome {
  const outcome = roomOutcome(error);
  if (isTry !== true || outcome.status !== "wait" || outcome.waitingFor !== "room") return outcome;
  const isSlow = error instanceof HomeserverError && error.status === 504;
  return isSlow || outcome.problem === null ? outcome : { status: "failed", problem: outcome.problem };
}

function roomOutcome(error: unknown): StepOutcome {
  const outcome = toOutcome(error);
  if (!(error instanceof HomeserverError)) return outcome;
  const { status, errcode, text } = error;
  if (outcome.status === "retry") {
    // Synapse 1.163.2 sends this for a knock in a room version without knocking.
    if (errcode === "M_FORBIDDEN") return { status: "failed", problem: serverProblem("refused", error) };
    return waitForRoom(serverProblem("unreachable_server", error));
  }
  if (outcome.status !== "failed") return outcome;
  if (isAccountLimit(error)) return heldBy(error);
  // Synapse's `limit_remote_rooms`. Every other route into the room would fail too.
  if (errcode === "M_RESOURCE_LIMIT_EXCEEDED")
    return { status: "failed", problem: serverProblem("blocked_by_server", error) };
  if (errcode !== "M_UNKNOWN") return outcome;
  if (status === 404) return waitForRoom(serverProblem("unreachable_server", error));
  // Synapse's text: "This room has been blocked on this server".
  if (status === 403 && /\bblocked\b/i.test(text)) {
    return { status: "failed", problem: serverProblem("blocked_by_server", error) };
  }
  return outcome;
}

/** The outcome of a step whose account has reached its server's limit of joins or invitations. */
export function heldBy(error: HomeserverError): StepOutcome {
  return { status: "held", problem: serverProblem("account_limit", error, error.infoUri) };
}

/** The outcome of a step that waits for other servers of its room. */
function waitForRoom(problem: StepProblem): StepOutcome {
  return { status: "wait", waitingFor: "room", waitMs: null, problem };
}

/**
 * The servers to ask, in the order of this try. The first try has the planned order. Some servers
 * ask only the first one (seen with Dendrite), so each failed try begins with the next one.
 */
export function viaOfTry(
  via: readonly string[],
  { failures }: Pick<StepContext, "failures">,
): readonly string[] {
  const first = via.length === 0 ? 0 : failures % via.length;
  return [...via.slice(first), ...via.slice(0, first)];
}
