import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { limitWaitMs } from "./server-refusal.ts";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export interface UntilAnsweredOptions {
  /** The host that is waited for, for the log. */
  host: string;
  /** Whether an error ends the waiting; it is then thrown. */
  isFinal: (error: unknown) => boolean;
  signal?: AbortSignal;
  log: Logger;
}

/** The delay before the next try in milliseconds. It grows with the number of tries. */
export function retryWaitMs(error: unknown, attempt: number): number {
  return limitWaitMs(error) ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
}

/** Repeats a request while the bot's homeserver is away or asks to wait. */
export async function untilAnswered<Result>(
  request: () => Promise<Result>,
  { host, isFinal, signal, log }: UntilAnsweredOptions,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      if (isFinal(error)) throw error;
      const waitMs = retryWaitMs(error, attempt);
      const reason = error instanceof Error ? error.message : "no usable answer";
      log.warn({ host, waitMs, reason }, "waiting for the bot's homeserver");
      await sleep(waitMs, undefined, { signal });
    }
  }
}
