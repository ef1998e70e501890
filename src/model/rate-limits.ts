import type { LimitName } from "./step.ts";

/** A rate limiter (leaky bucket) of a platform's servers, with the default settings. */
export interface RateLimit {
  /** The key in the server's configuration. */
  readonly setting: string;
  readonly perSecond: number;
  /** Requests that pass at once before the rate counts. */
  readonly burst: number;
}

/** A limit by which the queue paces requests. */
export interface PacedRateLimit extends RateLimit {
  /** The limits that a request of this kind counts against, in the order of the server's checks. */
  readonly chain: readonly LimitName[];
}

/** All paced limits of a platform, by name. */
export type RateLimits = Readonly<Record<LimitName, PacedRateLimit>>;
