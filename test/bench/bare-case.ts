import { z } from "zod";
import { sentRequestSchema } from "./move-case.ts";

/** Requests to send as fast as servers allow. */
export const bareCaseSchema = z.object({
  baseUrl: z.object({ source: z.string(), target: z.string() }),
  /** User ID to access token. */
  tokens: z.record(z.string(), z.string()),
  units: z.array(
    z.object({ key: z.string(), after: z.array(z.string()), requests: z.array(sentRequestSchema) }),
  ),
  /** Requests under way at a time. */
  concurrency: z.int().positive(),
});
export type BareCase = z.infer<typeof bareCaseSchema>;

export const bareMeasuredSchema = z.object({
  ms: z.number(),
  requests: z.int(),
  /** What was answered otherwise than when the bot sent it. */
  different: z.array(z.string()),
});
export type BareMeasured = z.infer<typeof bareMeasuredSchema>;
