import { z } from "zod";
import type { RoomEvent } from "../store/received-events.ts";

/** What is tapped to say yes; the bot puts the first one there. */
export const CONFIRMING_KEY = "✅";

const reactionSchema = z.looseObject({
  "m.relates_to": z.looseObject({
    rel_type: z.literal("m.annotation"),
    event_id: z.string(),
    key: z.string(),
  }),
});

/**
 * The event under which a confirming reaction stands; null for every other event, other reactions
 * among them (CS API §Event annotations and reactions).
 */
export function confirmedEventId({ type, content }: RoomEvent): string | null {
  if (type !== "m.reaction") return null;
  const parsed = reactionSchema.safeParse(content);
  if (!parsed.success) return null;
  const { key, event_id: eventId } = parsed.data["m.relates_to"];
  // Some clients write a variation selector behind an emoji.
  return key.replace(/\ufe0f$/u, "") === CONFIRMING_KEY ? eventId : null;
}
