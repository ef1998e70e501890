import { z } from "zod";

/** Steps that bring the target into a room by joining it; they differ in what lets it in. */
export const JOIN_KINDS = ["accept_invite", "join", "join_restricted", "join_invited"] as const;

/**
 * What the steps on one room are given. Stored with the step, so it holds whatever the plan knew.
 */
export const joinPayload = z.object({
  kind: z.enum(JOIN_KINDS),
  roomId: z.string(),
  via: z.array(z.string()),
  /** For `join_restricted`: the room whose members are let in. */
  through: z.string().nullable(),
});
export type JoinPayload = z.output<typeof joinPayload>;

export const invitePayload = z.object({ roomId: z.string() });
export type InvitePayload = z.output<typeof invitePayload>;

export const knockPayload = z.object({
  roomId: z.string(),
  via: z.array(z.string()),
  /** Read by the people of the room, so the view makes it; `null`: without words. */
  reason: z.string().nullable(),
});
export type KnockPayload = z.output<typeof knockPayload>;

export const powerLevelPayload = z.object({
  roomId: z.string(),
  level: z.int(),
  roomVersion: z.string().nullable(),
  creators: z.array(z.string()),
});
export type PowerLevelPayload = z.output<typeof powerLevelPayload>;

/** What it takes to leave a room again; the payload of a knock holds that too. */
export const enteredRoom = z.object({ roomId: z.string() });
export type EnteredRoom = z.output<typeof enteredRoom>;

/** What it takes to give a level back. `before`: the target's own entry, `null` for none. */
export const writtenLevel = powerLevelPayload.extend({ before: z.int().nullable() });
export type WrittenLevel = z.output<typeof writtenLevel>;
