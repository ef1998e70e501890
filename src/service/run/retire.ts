import type { Logger } from "pino";
import type { Runs } from "../../store/runs.ts";
import { moveRetired } from "../../view/migrate/retired.ts";
import type { SendMessage } from "../../dialogue/run-notices.ts";
import type { SignIn } from "../accounts/sign-in.ts";

const DAY_MS = 24 * 3_600_000;
/**
 * product.md, "Signing in the two accounts": so long after nothing is left open a move is finished.
 */
const KEPT_DAYS = 30;

export interface MoveRetirementOptions {
  runs: Pick<Runs, "endedBefore">;
  signIn: Pick<SignIn, "account" | "signOutBoth">;
  sendMessage: SendMessage;
  prefix: string;
  now: () => number;
  log: Logger;
}

/**
 * Finishes moves that nobody came back to: the bot's sessions are logged out and its secrets
 * erased. Looks at the start and once a day.
 */
export class MoveRetirement {
  readonly #options: MoveRetirementOptions;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

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

  /** Resolves when nothing is asked of servers any more. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      await this.retireOld();
    } catch (error) {
      this.#options.log.error({ err: error }, "old moves could not be finished; it is tried again tomorrow");
    }
  }

  /** One after the other: servers are asked to end sessions. */
  async retireOld(): Promise<void> {
    const { runs, signIn, sendMessage, prefix, now, log } = this.#options;
    for (const run of await runs.endedBefore(now() - KEPT_DAYS * DAY_MS)) {
      const { owner, address } = run;
      const accounts = [await signIn.account(owner, "source"), await signIn.account(owner, "target")];
      // Who has signed in since means to go on.
      const isLeft = accounts.some((account) => account !== null && account.signedInAt < (run.endedAt ?? 0));
      const isTakenUp = accounts.some(
        (account) => account !== null && account.signedInAt >= (run.endedAt ?? 0),
      );
      if (!isLeft || isTakenUp) continue;
      const { signedOut } = await signIn.signOutBoth(owner, () => Promise.resolve());
      log.info({ runId: run.id }, "a move is finished, since nobody came back to it");
      await sendMessage(address, moveRetired(signedOut, KEPT_DAYS, prefix), {
        key: `run ${run.id} finished`,
      });
    }
  }
}
