import { z } from "zod";
import { sentRequestSchema } from "./move-case.ts";

/** Requests to send as fast as the servers allow. */
export const bareCaseSchema = z.object({
  baseUrl: z.object({ source: z.string(), target: z.string() }),
  /** User ID → access token. */
  tokens: z.record(z.string(), z.string()),
  units: z.array(
    z.object({ key: z.string(), after: z.array(z.string()), requests: z.array(sentRequestSchema) }),
  ),
  /** Maximum number of requests under way. */
  concurrency: z.int().positive(),
});
export type BareCase = z.infer<typeof bareCaseSchema>;

export const bareMeasuredSchema = z.object({
  ms: z.number(),
  requests: z.int(),
  /** Requests whose status differs from the one that the bot got. */
  different: z.array(z.string()),
});
export type BareMeasured = z.infer<typeof bareMeasuredSchema>;
