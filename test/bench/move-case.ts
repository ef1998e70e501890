import { z } from "zod";
import { ROUTES, STATUSES } from "../../src/model/routes.ts";
import { STEP_KINDS } from "../../src/model/step.ts";
import { accountSchema } from "./reading-case.ts";

const endSchema = accountSchema.extend({ baseUrl: z.string() });

/** People whose accounts one process moves. */
export const moveCaseSchema = z.object({
  movers: z.array(z.object({ source: endSchema, target: endSchema })),
  /** True: all at once. False: one after the other. */
  isSideBySide: z.boolean(),
});
export type MoveCase = z.infer<typeof moveCaseSchema>;

/** A request to one of the homeservers, as it was sent. */
export const sentRequestSchema = z.object({
  side: z.enum(["source", "target"]),
  userId: z.string(),
  method: z.enum(["GET", "POST", "PUT", "DELETE"]),
  /** Path and query. */
  path: z.string(),
  contentType: z.string().nullable(),
  /** Base64; `null` for no body. */
  body: z.string().nullable(),
  /** 0: there was no answer. */
  status: z.int(),
  /** Milliseconds since the process began. */
  sentAt: z.number(),
  answeredAt: z.number(),
  /** Bytes of the answer. */
  bytes: z.int(),
});
export type SentRequest = z.infer<typeof sentRequestSchema>;

const movedSchema = z.object({
  userId: z.string(),
  /**
   * Milliseconds since the process began: when the plan was requested, when the run was started,
   * when its end was reported.
   */
  planAt: z.number(),
  startAt: z.number(),
  endAt: z.number(),
  state: z.string(),
  rooms: z.array(z.object({ roomId: z.string(), route: z.enum(ROUTES), status: z.enum(STATUSES) })),
  steps: z.array(
    z.object({
      kind: z.enum(STEP_KINDS),
      roomId: z.string().nullable(),
      needsRoom: z.string().nullable(),
      limits: z.array(z.string()),
      side: z.enum(["source", "target"]),
      state: z.string(),
      attempts: z.int(),
      outcome: z.string(),
    }),
  ),
});

export const moveMeasuredSchema = z.object({
  moved: z.array(movedSchema),
  requests: z.array(sentRequestSchema),
  /** Messages that the bot would have sent. */
  messages: z.int(),
  /** Resident memory before the first request, and its peak. */
  baseBytes: z.int(),
  peakBytes: z.int(),
  /** Processor time since then. */
  cpuMs: z.number(),
});
export type MoveMeasured = z.infer<typeof moveMeasuredSchema>;
