import type { StepProblem } from "../../model/step-outcome.ts";
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

/** What only the owner can mend of a refusal; `null` for what passes by itself. */
export function toStepProblem(refusal: AccountRefusal): StepProblem | null {
  switch (refusal.code) {
    case "expired_token":
      return { code: "session_ended", serverText: null };
    case "locked":
      return { code: "account_locked", serverText: null };
    case "suspended":
      return { code: "account_suspended", serverText: null };
    case "deactivated":
      return { code: "account_deactivated", serverText: null };
    case "consent_needed":
      return { code: "consent_needed", serverText: null };
    default:
      return null;
  }
}
