import type { StepOutcome, StepProblem } from "../../../model/step-outcome.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { serverProblem, toOutcome } from "./step-errors.ts";

/**
 * The outcome of a failed join or knock (platforms/matrix/README.md, "Errors of servers"). Other
 * servers take part in it, so an error of the account's server, or a timeout, does not mean that
 * this server is unreachable. The join may still complete; the next try checks first.
 * @throws anything that is neither a server's error nor a failed connection: a bug
 */
export function toRoomOutcome(error: unknown): StepOutcome {
  if (isTimeout(error)) return waitForRoom({ code: "unreachable_server", serverText: error.message });
  const outcome = toOutcome(error);
  if (!(error instanceof HomeserverError)) return outcome;
  const { status, errcode, text } = error;
  if (outcome.status === "retry") {
    // Synapse 1.163.2 sends this for a knock in a room version without knocking.
    if (errcode === "M_FORBIDDEN") return { status: "failed", problem: serverProblem("refused", error) };
    return waitForRoom(serverProblem("unreachable_server", error));
  }
  if (outcome.status !== "failed" || errcode !== "M_UNKNOWN") return outcome;
  if (status === 404) return waitForRoom(serverProblem("unreachable_server", error));
  // Synapse's text: "This room has been blocked on this server".
  if (status === 403 && /\bblocked\b/i.test(text)) {
    return { status: "failed", problem: serverProblem("blocked_by_server", error) };
  }
  return outcome;
}

/**
 * Whether the account's server accepted the connection and did not answer. It waited for other
 * servers.
 */
export function isTimeout(error: unknown): error is UnreachableError {
  return error instanceof UnreachableError && error.reason === "timeout";
}

/** The outcome of a step that waits for other servers of its room. */
export function waitForRoom(problem: StepProblem): StepOutcome {
  return { status: "wait", waitingFor: "room", waitMs: null, problem };
}
