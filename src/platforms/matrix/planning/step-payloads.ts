import { z } from "zod";

/** The kinds of joins. They differ in what lets the target in. */
export const JOIN_KINDS = ["accept_invite", "join", "join_restricted", "join_invited"] as const;

/** No server shows the room, so a server that does not reach it ends the step. */
const isTry = z.exactOptional(z.literal(true));

/**
 * The payloads of steps on one room. They are stored with the step, so they hold everything that
 * the plan knew.
 */
export const joinPayload = z.object({
  kind: z.enum(JOIN_KINDS),
  roomId: z.string(),
  via: z.array(z.string()),
  /** For `join_restricted`: the room whose members may join. */
  through: z.string().nullable(),
  isTry,
});
export type JoinPayload = z.output<typeof joinPayload>;

/** The payload of an invitation. */
export const invitePayload = z.object({ roomId: z.string() });
export type InvitePayload = z.output<typeof invitePayload>;

/** The payload of a knock. */
export const knockPayload = z.object({
  roomId: z.string(),
  via: z.array(z.string()),
  /** The reason in steps of version 1. Later steps get it when they run (`StepContext`). */
  reason: z.string().nullable().optional(),
  isTry,
});
export type KnockPayload = z.output<typeof knockPayload>;

/** The payload of a step that sets the target's level. */
export const powerLevelPayload = z.object({
  roomId: z.string(),
  level: z.int(),
  roomVersion: z.string().nullable(),
  creators: z.array(z.string()),
});
export type PowerLevelPayload = z.output<typeof powerLevelPayload>;

/** The data for leaving the room again. The payload of a knock has it too. */
export const enteredRoom = z.object({
  roomId: z.string(),
  /** The person has confirmed that the target leaves although it would be missed. */
  leavesAnyway: z.boolean().optional(),
});
export type EnteredRoom = z.output<typeof enteredRoom>;

/** The data for restoring the level. `before`: the target's own entry, `null` for none. */
export const writtenLevel = powerLevelPayload.extend({
  before: z.int().nullable(),
  leavesAnyway: z.boolean().optional(),
});
export type WrittenLevel = z.output<typeof writtenLevel>;
