import { sides } from "../../model/account.ts";
import { isWorkedOn } from "../../model/run-states.ts";
import type { Run } from "../../model/run.ts";
import type { Platforms } from "../../platforms/platform.ts";
import type { BesideSteps } from "../../queue/end-wait.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Contacts } from "../../store/contacts.ts";
import type { Runs } from "../../store/runs.ts";
import type { StepCount, Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import { isSourceGone } from "./problem-of-files.ts";
import type { RunStatus } from "./results.ts";
import { expectedEndOf, roomCounts, waitsOf } from "./waits.ts";

export interface RunStatusOptions {
  platforms: Platforms<"serverName">;
  /** Asks the old server of a run by files whether it answers. */
  isAnswering: (run: Run) => Promise<boolean>;
  /** The accounts that are signed in. */
  accounts: Pick<Accounts, "get">;
  moved: Pick<PeoplesAccounts, "filesGone">;
  runs: Pick<Runs, "roomCounts">;
  steps: Pick<Steps, "counts">;
  contacts: Pick<Contacts, "nextChatAt">;
  newChatsPerDay: number;
  limits: Pick<Limits, "load" | "nextAt" | "expectedMs">;
  /** When a homeserver that is away is asked again; `null` if it answers. */
  awayUntil: (serverName: string) => number | null;
  /** What a run waits for besides its steps. */
  waitOf: (runId: number) => BesideSteps;
  now: () => number;
}

/** Computes the status of runs from their rows and from the state of limits and servers. */
export class RunStatuses {
  readonly #options: RunStatusOptions;

  constructor(options: RunStatusOptions) {
    this.#options = options;
  }

  async of(run: Run): Promise<RunStatus> {
    const { platforms, moved, runs, steps, contacts, newChatsPerDay, limits, awayUntil, waitOf, now } =
      this.#options;
    const counts = await steps.counts(run.id);
    for (const side of sides) await limits.load(run[side]);
    const total = (fits: (count: StepCount) => boolean): number =>
      counts.reduce((sum, count) => sum + (fits(count) ? count.count : 0), 0);
    const { isHeldBack, endWait } = waitOf(run.id);
    const hasDailyWait = counts.some(({ waitingFor }) => waitingFor === "daily_limit");
    const facts = {
      serverName: (userId: string) => platforms[run.platform].serverName(userId),
      limits,
      awayUntil,
      endWait,
      nextChatAt: hasDailyWait ? await contacts.nextChatAt(run, newChatsPerDay, now()) : now(),
      newChatsPerDay,
      now: now(),
    };
    const filesGone = isSourceGone(run.problem) ? await moved.filesGone(run) : null;
    const waits = isWorkedOn(run) ? waitsOf(run, counts, facts) : [];
    return {
      number: run.planNumber,
      purpose: run.purpose,
      state: run.state,
      source: run.source,
      target: run.target,
      ...(run.isFromFile && { isFromFile: true }),
      startedAt: run.startedAt,
      endedAt: run.endedAt,
      isCancelled: run.isCancelled,
      rooms: roomCounts(await runs.roomCounts(run.id)),
      steps: {
        total: total(({ state }) => state !== "dropped"),
        done: total(({ state }) => state === "done"),
        failed: total(({ state }) => state === "failed"),
        dormant: run.endedAt === null ? 0 : total(({ state, isBlocked }) => state === "pending" && isBlocked),
      },
      isHeldBack: isWorkedOn(run) && isHeldBack,
      waits,
      expectedEnd: isWorkedOn(run) ? expectedEndOf(run, counts, waits, facts) : null,
      problem: run.problem,
      ...(filesGone !== null && { filesGone }),
      wasInterrupted: run.wasInterrupted,
    };
  }

  /** The same. The old server of a run by files is asked whether it answers again. */
  async withOldServer(run: Run): Promise<RunStatus> {
    const { accounts, isAnswering } = this.#options;
    const status = await this.of(run);
    if (!run.isFromFile || (await accounts.get(run.owner, "source")) !== null) return status;
    return (await isAnswering(run)) ? { ...status, isOldServerBack: true } : status;
  }
}
