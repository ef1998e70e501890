import { z } from "zod";

/** One of the two accounts, as the measuring process needs it. */
export const accountSchema = z.object({ userId: z.string(), accessToken: z.string() });

export const WAYS = ["sliding_sync", "sync", "per_room"] as const;

/**
 * What one process measures; sent to it as JSON, for the tokens in it belong into no list of
 * processes.
 */
export const caseSchema = z.object({
  source: accountSchema.extend({ baseUrl: z.string() }),
  target: accountSchema.extend({ baseUrl: z.string() }),
  how: z.enum(WAYS),
  /** Plan so many rooms more, multiplied from those that were read. */
  planOnly: z.array(z.int().positive()),
});
export type Case = z.infer<typeof caseSchema>;

export const measuredSchema = z.object({
  /** Rows of the plan. */
  rooms: z.int(),
  /**
   * Sent for reading each of the accounts, and for what the plan asked about the old account and
   * about the new one afterwards.
   */
  requests: z.object({ source: z.int(), target: z.int(), decidingSource: z.int(), decidingTarget: z.int() }),
  readingMs: z.number(),
  /** From both readings to the plan, with the requests that takes. */
  decidingMs: z.number(),
  /** Of that, thinking: both passes of the planner. */
  planningMs: z.number(),
  /** Resident memory before the first request, and at its highest. */
  baseBytes: z.int(),
  peakBytes: z.int(),
  planOnly: z.array(z.object({ rooms: z.int(), planningMs: z.number() })),
});
export type Measured = z.infer<typeof measuredSchema>;
