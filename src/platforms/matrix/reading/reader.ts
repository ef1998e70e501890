import type { Logger } from "pino";
import type { z } from "zod";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient, HomeserverRequest } from "../api/homeserver-client.ts";
import { FailureBudget } from "./failure-budget.ts";
import type { RetryClock, RetryOptions, Wait } from "./with-retries.ts";
import { READING_OVER, withRetries } from "./with-retries.ts";

/** Sends the requests of one account to its homeserver, with retries, and counts them. */
export interface Reader {
  /**
   * @throws HomeserverError, UnreachableError if retries would not help; reason `aborted` after the
   * signal
   */
  request<Schema extends z.ZodType>(
    request: HomeserverRequest<Schema>,
    options?: Pick<RetryOptions, "retries" | "isTimeoutFinal">,
  ): Promise<z.output<Schema>>;
  /** Requests sent so far, with repetitions. */
  readonly requests: number;
  readonly log: Logger;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** The host of the server. */
  readonly host: string;
  /** The failures of requests about single rooms. */
  readonly roomFailures: FailureBudget;
  /** The failures of summaries, which other servers answer. */
  readonly summaryFailures: FailureBudget;
}

export interface ReaderOptions {
  readonly client: Pick<HomeserverClient, "request" | "baseUrl">;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait, so that it can be shown. */
  readonly onWait?: (wait: Wait) => void;
  readonly clock?: RetryClock;
}

/** The clock of the process. */
export const BY_THE_CLOCK: RetryClock = {
  sleep: (ms, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, ms, undefined);
    const abort = () => reject(new Error("aborted"));
    signal?.addEventListener("abort", abort, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    });
  },
  random: Math.random,
  now: () => performance.now(),
};

/**
 * The longest time of a reading. A server whose answers all come just in time would otherwise block
 * other readings for hours. The largest accounts take minutes.
 */
const MAX_READING_MS = 45 * 60_000;

/** Creates the reader of one account. It repeats failed requests (`withRetries`). */
export function createReader({ client, log, signal, onWait, clock = BY_THE_CLOCK }: ReaderOptions): Reader {
  let requests = 0;
  const endsAt = clock.now() + MAX_READING_MS;
  const host = URL.parse(client.baseUrl)?.host ?? "";
  return {
    log,
    host,
    roomFailures: new FailureBudget(),
    summaryFailures: new FailureBudget(),
    random: clock.random,
    get requests() {
      return requests;
    },
    async request(request, options = {}) {
      const ask = async () => {
        if (clock.now() >= endsAt) throw new UnreachableError("timeout", host, READING_OVER);
        requests += 1;
        return await client.request(signal === undefined ? request : { ...request, signal });
      };
      const { path } = request;
      try {
        return await withRetries(ask, clock, {
          signal,
          ...options,
          onWait: (wait) => {
            log.info(
              { path, cause: wait.cause, waitMs: wait.ms, failures: wait.failures },
              "a read is tried again later",
            );
            onWait?.(wait);
          },
        });
      } catch (error) {
        if (signal?.aborted === true) throw new UnreachableError("aborted", host);
        throw error;
      }
    },
  };
}
