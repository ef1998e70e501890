import type { AccountProblemCode } from "../../model/account-problem.ts";
import { isAccountProblem } from "../../model/account-problem.ts";
import type { StoredStep } from "../../model/run.ts";
import type { StepProblem } from "../../model/step-outcome.ts";

/** Steps that an ended run has left undone, because its old account could not be used. */
export interface RefusedSteps {
  /** Why the last of them was refused. */
  readonly problem: StepProblem;
  /** They, and the steps that were to follow them. */
  readonly steps: readonly StoredStep[];
}

/**
 * The problem with the old account for which a step failed; `null` for any other outcome. Only runs
 * that have ended before record such failures. Other runs stop instead.
 */
export function accountRefusal({
  state,
  outcome,
}: Pick<StoredStep, "state" | "outcome">): StepProblem | null {
  return state === "failed" && outcome?.status === "failed" && isAccountProblem(outcome.problem)
    ? outcome.problem
    : null;
}

/** @param steps all steps of the run @returns `null` if the account has refused none of them */
export function refusedSteps(steps: readonly StoredStep[]): RefusedSteps | null {
  const refused = steps.filter((step) => accountRefusal(step) !== null);
  const last = refused.toSorted((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0)).at(-1);
  const problem = last === undefined ? null : accountRefusal(last);
  if (problem === null) return null;
  const keys = new Set(refused.map(({ key }) => key));
  const isNext = ({ state, after }: StoredStep): boolean =>
    state === "dropped" && after !== null && keys.has(after);
  return { problem, steps: [...refused, ...steps.filter(isNext)] };
}

/**
 * The problems that stop only what an account writes. Whether they are solved shows only in another
 * try.
 */
const ONLY_WRITES: ReadonlySet<string> = new Set<AccountProblemCode>(["account_suspended", "consent_needed"]);

/** Whether an account with this problem may still read. */
export function mayStillRead({ code }: Pick<StepProblem, "code">): boolean {
  return ONLY_WRITES.has(code);
}
