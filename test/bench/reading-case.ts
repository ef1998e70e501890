import { z } from "zod";

/** One of the two accounts, as the measuring process needs it. */
export const accountSchema = z.object({ userId: z.string(), accessToken: z.string() });

export const WAYS = ["sliding_sync", "sync", "per_room"] as const;

/**
 * What one process measures. It is sent as JSON on standard input, because it holds tokens that
 * must not show in a list of processes.
 */
export const caseSchema = z.object({
  source: accountSchema.extend({ baseUrl: z.string() }),
  target: accountSchema.extend({ baseUrl: z.string() }),
  how: z.enum(WAYS),
  /** Numbers of rooms to plan besides, copied from the rooms that were read. */
  planOnly: z.array(z.int().positive()),
});
export type Case = z.infer<typeof caseSchema>;

export const measuredSchema = z.object({
  /** Rows of the plan. */
  rooms: z.int(),
  /**
   * Requests to read each of the accounts, and requests that the plan then made to the old and the
   * new server.
   */
  requests: z.object({ source: z.int(), target: z.int(), decidingSource: z.int(), decidingTarget: z.int() }),
  readingMs: z.number(),
  /** From both readings to the plan, its requests included. */
  decidingMs: z.number(),
  /** The share of both passes of the planner. */
  planningMs: z.number(),
  /** Resident memory before the first request, and its peak. */
  baseBytes: z.int(),
  peakBytes: z.int(),
  planOnly: z.array(z.object({ rooms: z.int(), planningMs: z.number() })),
});
export type Measured = z.infer<typeof measuredSchema>;
