import { z } from "zod";
import type { RoomEvent } from "../store/received-events.ts";

/**
 * The reaction that confirms a question. The bot adds the first one, so that people only tap it.
 */
export const CONFIRMING_KEY = "✅";

const reactionSchema = z.looseObject({
  "m.relates_to": z.looseObject({
    rel_type: z.literal("m.annotation"),
    event_id: z.string(),
    key: z.string(),
  }),
});

/**
 * The ID of the event that a confirming reaction belongs to (CS API §Event annotations and
 * reactions). Null for every other event and every other reaction.
 */
export function confirmedEventId({ type, content }: RoomEvent): string | null {
  if (type !== "m.reaction") return null;
  const parsed = reactionSchema.safeParse(content);
  if (!parsed.success) return null;
  const { key, event_id: eventId } = parsed.data["m.relates_to"];
  // Some clients append a variation selector to an emoji.
  return key.replace(/\ufe0f$/u, "") === CONFIRMING_KEY ? eventId : null;
}
