import type { Side } from "../../../../model/account.ts";
import { UnreachableError } from "../../../../network/unreachable-error.ts";
import { HomeserverError, accountProblemOf, passingCause } from "../../api/homeserver-error.ts";
import { askedDelayMs } from "../../api/page-error.ts";
import { SERVER_AWAY } from "../../api/server-away.ts";
import type { RetryClock } from "../../reading/with-retries.ts";
import { refusalOf } from "../../sign-in/provider.ts";
import { EndOfCopy } from "./end-of-copy.ts";

/** The longest time that a copy waits in place for one request. */
const MAX_IN_PLACE_MS = 60_000;
const FIRST_WAIT_MS = 1_000;

export interface BackoffOptions {
  readonly clock: RetryClock;
  readonly signal: AbortSignal;
}

/**
 * The waits of one request, or of one reading, to the server of a side. Limits, errors of the
 * server and missing answers are waited for in place. Beyond a minute the copy ends, to go on
 * later.
 */
export class Backoff {
  readonly #side: Side;
  readonly #options: BackoffOptions;
  #waitedMs = 0;
  #failures = 0;

  constructor(side: Side, options: BackoffOptions) {
    this.#side = side;
    this.#options = options;
  }

  /** Waits before the next try. @throws EndOfCopy; the error if another try would not help */
  async waitAfter(error: unknown): Promise<void> {
    const { clock, signal } = this.#options;
    if (signal.aborted) throw new EndOfCopy({ status: "aborted" });
    const waitingFor = causeOf(error);
    if (waitingFor === null) throw error;
    const asked = askedDelayMs(error);
    this.#failures += 1;
    const backoff = FIRST_WAIT_MS * 2 ** (this.#failures - 1) * (1 + clock.random() / 4);
    // "0" comes with limits too (CS §Rate limiting), so there is a minimum: no tight loop.
    const ms = Math.max(asked ?? backoff, FIRST_WAIT_MS);
    if (this.#waitedMs + ms > MAX_IN_PLACE_MS)
      throw new EndOfCopy({ status: "wait", side: this.#side, waitingFor, waitMs: asked });
    this.#waitedMs += ms;
    // Only the signal ends a wait early.
    await clock.sleep(ms, signal).catch(() => {
      throw new EndOfCopy({ status: "aborted" });
    });
  }

  /** The server has answered with something new. */
  reset(): void {
    this.#waitedMs = 0;
    this.#failures = 0;
  }
}

/**
 * Sends a request, and repeats it while its failure may pass.
 * @throws EndOfCopy; HomeserverError for a refusal of the request
 */
export async function withBackoff<Answer>(
  side: Side,
  options: BackoffOptions,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const backoff = new Backoff(side, options);
  for (;;) {
    try {
      if (options.signal.aborted) throw new EndOfCopy({ status: "aborted" });
      return await send();
    } catch (error) {
      await backoff.waitAfter(error);
    }
  }
}

/**
 * Ends the copy for a failure that no rule of copying handles.
 * @throws EndOfCopy; the error if it is a bug
 */
export function endCopy(side: Side, error: unknown): never {
  if (error instanceof HomeserverError || error instanceof UnreachableError)
    throw new EndOfCopy({ status: "refused", side, refusal: refusalOf(error) });
  throw error;
}

/** Whether a refusal is about the request. False if it is about the account. */
export function isRefusedRequest(error: unknown): error is HomeserverError {
  return error instanceof HomeserverError && accountProblemOf(error) === null;
}

function causeOf(error: unknown): ReturnType<typeof passingCause> {
  if (error instanceof UnreachableError) return SERVER_AWAY.includes(error.reason) ? "server" : null;
  return error instanceof HomeserverError ? passingCause(error) : null;
}
