import type { Logger } from "pino";
import type { Run } from "../../model/run.ts";
import type { Runs } from "../../store/runs.ts";
import type { SignOutResult } from "../accounts/results.ts";
import type { SignIn } from "../accounts/sign-in.ts";

const DAY_MS = 24 * 3_600_000;
/** A move is retired this long after its last open part has ended. */
const KEPT_DAYS = 30;

export interface MoveRetirementOptions {
  runs: Pick<Runs, "endedBefore">;
  signIn: Pick<SignIn, "account" | "signOutBoth">;
  /**
   * Called when the sessions of a move's accounts were ended, because the person did not come back
   * within `keptDays`.
   */
  retired: (run: Run, news: { signedOut: readonly SignOutResult[]; keptDays: number }) => Promise<void>;
  now: () => number;
  log: Logger;
}

/**
 * Retires moves whose person did not come back: logs the bot's sessions out and erases its secrets.
 * Checks at the start and once a day.
 */
export class MoveRetirement {
  readonly #options: MoveRetirementOptions;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(options: MoveRetirementOptions) {
    this.#options = options;
  }

  start(): void {
    const look = (): void => {
      this.#looking = this.#look();
    };
    this.#timer = setInterval(look, DAY_MS);
    look();
  }

  /**
   * Resolves when no request to a server is under way. `SignIn.stop` keeps a session whose sign-out
   * is cut off, so that the next process ends it.
   */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      await this.retireOld();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#options.log.error({ err: error }, "old moves could not be retired; it is tried again tomorrow");
    }
  }

  /** The moves are retired one after the other, because each needs requests to servers. */
  async retireOld(): Promise<void> {
    const { runs, signIn, retired, now, log } = this.#options;
    for (const run of await runs.endedBefore(now() - KEPT_DAYS * DAY_MS)) {
      if (this.#stopping.signal.aborted) return;
      const { owner } = run;
      const accounts = [await signIn.account(owner, "source"), await signIn.account(owner, "target")];
      // A person who has signed in since wants to continue.
      const isUnused = accounts.some(
        (account) => account !== null && account.signedInAt < (run.endedAt ?? 0),
      );
      const isUsedAgain = accounts.some(
        (account) => account !== null && account.signedInAt >= (run.endedAt ?? 0),
      );
      if (!isUnused || isUsedAgain) continue;
      const { signedOut } = await signIn.signOutBoth(owner, () => Promise.resolve());
      log.info({ runId: run.id }, "a move is retired, because its owner did not come back");
      await retired(run, { signedOut, keptDays: KEPT_DAYS });
    }
  }
}
