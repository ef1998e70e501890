import type { Logger } from "pino";
import type { RunContents } from "../../platforms/planning.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { Runner } from "../../queue/runner.ts";
import type { NewRun, Runs } from "../../store/runs.ts";
import type { DecidedMove } from "../plan/planning.ts";
import type { RunControl } from "./control.ts";
import type { StartRequest } from "./requests.ts";
import type { Beginning, StartResult } from "./results.ts";
import type { RunStatuses } from "./status.ts";

export interface BeginRunOptions {
  runs: Pick<Runs, "create">;
  runner: Pick<Runner, "begin">;
  statuses: Pick<RunStatuses, "of">;
  control: Pick<RunControl, "active">;
  limits: Pick<Limits, "load" | "doubt">;
  now: () => number;
  log: Logger;
}

/** A run that began, or the one that keeps it from beginning. */
export type BeginResult = Extract<StartResult, { status: "started" | "already" }>;

/** Stores a run with its rooms and steps, and begins it. */
export type BeginRun = (
  what: Omit<NewRun, "startedAt">,
  contents: RunContents,
  beginning?: Beginning,
) => Promise<BeginResult>;

/** The one way in which runs begin. */
export function createBeginRun(options: BeginRunOptions): BeginRun {
  const { runs, runner, statuses, control, limits, now, log } = options;
  return async function begin(
    what,
    { rooms, steps },
    beginning = { changes: [], gone: [], isOnlyWatch: false },
  ): Promise<BeginResult> {
    const isInPlace = what.purpose === "move" || what.purpose === "undo";
    const run = await runs.create({ ...what, startedAt: now() }, { rooms, steps, isInPlace });
    if (run === null)
      return (await control.active(what.owner, what.purpose)) ?? begin(what, { rooms, steps }, beginning);
    log.info(
      { runId: run.id, purpose: run.purpose, rooms: rooms.length, steps: steps.length },
      "a run begins",
    );
    // Limits may have been raised since the last run.
    for (const userId of [run.source, run.target]) {
      await limits.load(userId);
      limits.doubt(userId);
    }
    await runner.begin(run);
    return { status: "started", run: await statuses.of(run), ...beginning };
  };
}

/** What a new run says about its two accounts and its owner. */
export function accountsOf(
  { owner, address }: Pick<StartRequest, "owner" | "address">,
  { platform, source, target }: Pick<DecidedMove, "platform" | "source" | "target">,
): Pick<NewRun, "platform" | "owner" | "address" | "source" | "target"> {
  return { platform, owner, address, source: source.userId, target: target.userId };
}
