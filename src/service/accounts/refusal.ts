import { DiscoveryError } from "../../platforms/matrix/api/discovery-error.ts";
import { toSignInProblem } from "../../platforms/matrix/sign-in/sign-in-problem.ts";
import type { AccountRefusal } from "./results.ts";

/**
 * What a failed request to an account's server means for its owner.
 * @throws what is neither a server's error nor a failed connection: a bug
 */
export function toRefusal(error: unknown): AccountRefusal {
  return error instanceof DiscoveryError ? { code: "no_homeserver", error } : toSignInProblem(error);
}
