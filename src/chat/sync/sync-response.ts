import { z } from "zod";

const membershipSchema = z.looseObject({ membership: z.unknown().optional() }).optional().catch(undefined);

/**
 * Whether every object has a property of this name, for example "constructor". matrix-bot-sdk looks
 * types up in an object and fails at such names. The same sync would then fail for ever.
 */
const isInherited = (type: string): boolean => type in Object.prototype;

const timelineEventSchema = z.looseObject({
  type: z
    .string()
    .refine((type) => !isInherited(type))
    .optional(),
  state_key: z.string().optional(),
  content: membershipSchema,
  unsigned: z.looseObject({ prev_content: membershipSchema }).optional().catch(undefined),
});

/** Events of unknown shape. An entry that is no event is left out; the others stay. */
export const timelineEventsSchema = z
  .array(timelineEventSchema.nullable().catch(null))
  .nullish()
  .catch(null)
  .transform((events) => (events ?? []).filter((event) => event !== null));

// Servers write an empty object as `{}`, as null, or leave it out.
const timelineSchema = z.looseObject({
  events: timelineEventsSchema,
  limited: z.boolean().nullish().catch(null),
  prev_batch: z.string().nullish().catch(null),
});
const timelinesSchema = z
  .record(z.string(), z.looseObject({ timeline: timelineSchema.nullish() }).catch({}))
  .nullish();
// The state in an invitation. Other servers write it, so it can have any shape.
const inviteSchema = z.looseObject({
  invite_state: z.looseObject({ events: timelineEventsSchema }).nullish().catch(null),
});
const syncResponseSchema = z.looseObject({
  next_batch: z.string(),
  rooms: z
    .looseObject({
      join: timelinesSchema,
      leave: timelinesSchema.catch(null),
      invite: z.record(z.string(), inviteSchema.catch({})).nullish().catch(null),
    })
    .nullish(),
});

/**
 * The part of a `/sync` response that the bot reads before matrix-bot-sdk handles it (CS API
 * §Syncing).
 */
export type SyncResponse = z.infer<typeof syncResponseSchema>;
export type TimelineEvent = z.infer<typeof timelineEventSchema>;

/** @throws if this is no sync response; the sync is then repeated */
export function readSyncResponse(raw: unknown): SyncResponse {
  return syncResponseSchema.parse(raw);
}

/**
 * Whether an event changes the membership of this user to the given one. A new name or avatar of a
 * joined member is also a "join" event, but no change.
 */
export function isMembership(event: TimelineEvent, userId: string, membership: "join" | "invite"): boolean {
  if (
    event.type !== "m.room.member" ||
    event.state_key !== userId ||
    event.content?.membership !== membership
  )
    return false;
  return event.unsigned?.prev_content?.membership !== membership;
}
