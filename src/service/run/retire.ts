import type { Logger } from "pino";
import { knownSince } from "../../model/account.ts";
import type { Run } from "../../model/run.ts";
import type { Imports } from "../../store/imports.ts";
import type { Runs } from "../../store/runs.ts";
import type { SignOutResult } from "../accounts/results.ts";
import type { SignIn } from "../accounts/sign-in.ts";

const DAY_MS = 24 * 3_600_000;
/** A move is retired this long after its last open part has ended. */
const KEPT_DAYS = 30;

export interface MoveRetirementOptions {
  runs: Pick<Runs, "endedBefore">;
  signIn: Pick<SignIn, "account" | "signOutBoth">;
  imports: Pick<Imports, "account" | "clear">;
  /**
   * Called when the sessions of a move's accounts were ended and what files said was erased,
   * because the person did not come back within `keptDays`.
   */
  retired: (run: Run, news: Retired) => Promise<void>;
  now: () => number;
  log: Logger;
}

export interface Retired {
  readonly signedOut: readonly SignOutResult[];
  /** What files of the person said was erased. */
  readonly hadFiles: boolean;
  readonly keptDays: number;
}

/**
 * Retires moves whose person did not come back: logs the bot's sessions out and erases its secrets
 * and what files said. Checks at the start and once a day.
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
    const { runs, signIn, imports, retired, now, log } = this.#options;
    for (const run of await runs.endedBefore(now() - KEPT_DAYS * DAY_MS)) {
      if (this.#stopping.signal.aborted) return;
      const { owner } = run;
      const known = [
        await signIn.account(owner, "source"),
        await signIn.account(owner, "target"),
        await imports.account(owner),
      ].filter((account) => account !== null);
      // A person who has signed in or imported a file since wants to continue.
      const isUsedAgain = known.some((account) => knownSince(account) >= (run.endedAt ?? 0));
      if (known.length === 0 || isUsedAgain) continue;
      const { signedOut, result: erased } = await signIn.signOutBoth(owner, () => imports.clear(owner));
      log.info({ runId: run.id }, "a move is retired, because its owner did not come back");
      await retired(run, { signedOut, hadFiles: erased !== null, keptDays: KEPT_DAYS });
    }
  }
}
