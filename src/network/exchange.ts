import { toUnreachableError } from "./classify-failure.ts";
import { UnreachableError } from "./unreachable-error.ts";

/** One request and its answer: how long it may take, and who may end it. */
export class Exchange {
  /** The host that is asked now; redirects change it. */
  host: string;
  readonly #ending = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: string, timeoutMs: number, caller: AbortSignal | undefined) {
    this.host = host;
    this.#timeoutMs = timeoutMs;
    this.#caller = caller;
    caller?.addEventListener("abort", this.#end, { once: true });
    this.startTimer();
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  startTimer(): void {
    this.stopTimer();
    this.#timer = setTimeout(this.#end, this.#timeoutMs);
  }

  stopTimer(): void {
    clearTimeout(this.#timer);
  }

  /** @throws UnreachableError aborted */
  assertNotAborted(): void {
    if (this.#caller?.aborted === true) throw new UnreachableError("aborted", this.host);
  }

  /** What a failure of the exchange means. */
  errorOf(error: unknown): UnreachableError {
    if (error instanceof UnreachableError) return error;
    if (this.#caller?.aborted === true) return new UnreachableError("aborted", this.host);
    if (this.#ending.signal.aborted) return new UnreachableError("timeout", this.host);
    return toUnreachableError(error, this.host);
  }

  close(): void {
    this.stopTimer();
    this.#caller?.removeEventListener("abort", this.#end);
  }

  readonly #end = (): void => {
    this.#ending.abort();
  };
}
