import type { Logger } from "pino";
import type { Run, TakenStep } from "../../model/run.ts";
import type { StepOutcome } from "../../model/step-outcome.ts";
import type { Platforms } from "../../platforms/platform.ts";
import type { BegunChats } from "../../store/begun-chats.ts";
import type { Runs } from "../../store/runs.ts";

const HOUR_MS = 3_600_000;
/** A server that does not answer for this long is no longer asked. */
const KEPT_MS = 7 * 24 * HOUR_MS;
/** How long the end of a run waits. Then it is tried again later. */
const TIMEOUT_MS = 30_000;

export interface BegunChatEndingOptions {
  chats: Pick<BegunChats, "since" | "record">;
  runs: Pick<Runs, "get">;
  platforms: Platforms<"runs">;
  /** Runs the step with `isEnding` of `StepFacts`. */
  endChat: (run: Run, step: TakenStep, signal: AbortSignal) => Promise<StepOutcome>;
  now: () => number;
  log: Logger;
}

/**
 * Leaves the empty rooms of chats that a run was opening when it ended. Also after a crash, and
 * once an hour for servers that were away.
 */
export class BegunChatEnding {
  readonly #options: BegunChatEndingOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: BegunChatEndingOptions) {
    this.#options = options;
  }

  start(): void {
    const look = (): void => void (this.#looking = this.#endAll(() => true, this.#stopping.signal));
    this.#timer = setInterval(look, HOUR_MS);
    look();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#looking;
  }

  /** For a run that has just ended, while its accounts are signed in. */
  async endOf(run: Pick<Run, "id">): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    await this.#endAll(({ runId }) => runId === run.id, signal);
  }

  async #endAll(isMeant: (step: TakenStep) => boolean, signal: AbortSignal): Promise<void> {
    const { chats, now, log } = this.#options;
    try {
      const steps = (await chats.since(now() - KEPT_MS)).filter(isMeant);
      for (const step of steps) if (!signal.aborted) await this.#end(step, signal);
    } catch (error) {
      log.error({ err: error }, "chats of an ended run could not be ended; it is tried again");
    }
  }

  async #end(step: TakenStep, signal: AbortSignal): Promise<void> {
    const { chats, runs, platforms, endChat, now, log } = this.#options;
    const run = await runs.get(step.runId);
    if (run === null) return;
    const outcome = await endChat(run, step, signal);
    log.info({ runId: run.id, key: step.key, outcome: outcome.status }, "a chat of an ended run");
    if (outcome.status !== "done" && outcome.status !== "failed") return;
    const { contact } = platforms[run.platform].runs.followUp(step, outcome);
    await chats.record(step, outcome, contact, now());
  }
}
