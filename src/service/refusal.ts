import { DiscoveryError } from "../platforms/matrix/discovery-error.ts";
import { toSignInProblem } from "../platforms/matrix/sign-in-problem.ts";
import type { Refusal } from "./sign-in-results.ts";

/**
 * What a failed request to an account's server means for its owner.
 * @throws what is neither a server's error nor a failed connection: a bug
 */
export function toRefusal(error: unknown): Refusal {
  return error instanceof DiscoveryError ? { code: "no_homeserver", error } : toSignInProblem(error);
}
