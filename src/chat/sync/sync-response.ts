import { z } from "zod";

const membershipSchema = z.looseObject({ membership: z.unknown().optional() }).optional().catch(undefined);

const timelineEventSchema = z.looseObject({
  type: z.string().optional(),
  state_key: z.string().optional(),
  content: membershipSchema,
  unsigned: z.looseObject({ prev_content: membershipSchema }).optional().catch(undefined),
});

/** Events of unknown shape; one that is none is left out, and the others stay. */
export const timelineEventsSchema = z
  .array(timelineEventSchema.nullable().catch(null))
  .nullish()
  .catch(null)
  .transform((events) => (events ?? []).filter((event) => event !== null));

// An empty thing may come as `{}`, as null or not at all (product.md, "Operating it").
const timelineSchema = z.looseObject({
  events: timelineEventsSchema,
  limited: z.boolean().nullish().catch(null),
  prev_batch: z.string().nullish().catch(null),
});
const syncResponseSchema = z.looseObject({
  rooms: z
    .looseObject({
      join: z.record(z.string(), z.looseObject({ timeline: timelineSchema.nullish() }).catch({})).nullish(),
    })
    .nullish(),
});

/**
 * The part of a `/sync` answer that is looked at before matrix-bot-sdk handles it (CS API
 * §Syncing).
 */
export type SyncResponse = z.infer<typeof syncResponseSchema>;
export type TimelineEvent = z.infer<typeof timelineEventSchema>;

/** @throws when the answer is no sync answer at all; the sync is then tried again. */
export function readSyncResponse(raw: unknown): SyncResponse {
  return syncResponseSchema.parse(raw);
}

/**
 * Whether an event changes the membership of this user to the given one; a new name or avatar is a
 * "join" of somebody joined.
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
