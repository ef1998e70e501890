/**
 * The number of time-outs after which the reading asks about no further room, so that its time is
 * bounded.
 */
const MAX_TIMEOUTS = 24;
/** After this number of time-outs a request that timed out is not repeated. */
const MAX_REPEATED_TIMEOUTS = 8;
/** Retries of a request by the number of failures before it. */
const RETRIES: readonly { upTo: number; retries: number }[] = [
  { upTo: 8, retries: 3 },
  { upTo: 64, retries: 1 },
];

/**
 * Counts the failed requests of one kind in one reading. The more have failed, the fewer retries
 * the next request has, so that many rooms that cannot be read take a bounded time.
 */
export class FailureBudget {
  readonly #maxTimeouts: number;
  #timeouts = 0;
  #failures = 0;

  constructor(maxTimeouts = MAX_TIMEOUTS) {
    this.#maxTimeouts = maxTimeouts;
  }

  timedOut(): void {
    this.#timeouts += 1;
  }

  failed(): void {
    this.#failures += 1;
  }

  /** Whether no further request of this kind is sent. */
  get isSpent(): boolean {
    return this.#timeouts >= this.#maxTimeouts;
  }

  get isTimeoutRepeated(): boolean {
    return this.#timeouts <= MAX_REPEATED_TIMEOUTS;
  }

  /** The number of retries of the next request. */
  get retries(): number {
    return RETRIES.find(({ upTo }) => this.#failures < upTo)?.retries ?? 0;
  }
}
