import type { Logger } from "pino";
import type { Run, RunProblem } from "../../model/run.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";

/** Whether nothing stands in for the old account: no session, and no files. */
export function isSourceGone(problem: RunProblem | null): problem is RunProblem {
  return problem?.side === "source" && problem.problem.code === "session_ended";
}

/** The problem of a run by files that has lost its files; `null` if another account is missing. */
export async function problemOfFiles(
  run: Run,
  {
    accounts,
    now,
    log,
  }: { accounts: Pick<PeoplesAccounts, "perhapsOfRun" | "filesGone">; now: () => number; log: Logger },
): Promise<RunProblem | null> {
  const filesGone = await accounts.filesGone(run);
  if (filesGone === null || (await accounts.perhapsOfRun(run)).target === null) return null;
  if (isSourceGone(run.problem)) return run.problem;
  log.warn({ runId: run.id, filesGone }, "a run cannot go on without its files");
  return { side: "source", problem: { code: "session_ended", serverText: null }, since: now() };
}
