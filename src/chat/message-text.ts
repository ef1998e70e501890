import { z } from "zod";
import type { IncomingText } from "../commands/dispatch.ts";
import { textOfHtml } from "../grammar/address.ts";
import type { RoomEvent } from "../store/received-events.ts";

/** A message, the thread it belongs to, and the message that it replies to. */
export interface ThreadedText extends IncomingText {
  threadRoot: string | null;
  inReplyTo: string | null;
}

const messageSchema = z.looseObject({
  msgtype: z.string(),
  body: z.string().nullable().catch(null),
  formatted_body: z.string().nullable().catch(null).default(null),
  "m.relates_to": z
    .looseObject({
      rel_type: z.string().optional(),
      event_id: z.string().optional(),
      is_falling_back: z.boolean().optional().catch(undefined),
      "m.in_reply_to": z.looseObject({ event_id: z.string() }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** Bounds of the search for secrets in one message. An event has at most 64 KiB. */
const MAX_TEXTS = 500;

/** The texts of a message event; null for any other event. */
export function readMessageText(event: RoomEvent): ThreadedText | null {
  if (event.type !== "m.room.message") return null;
  const parsed = messageSchema.safeParse(event.content);
  if (!parsed.success) return null;
  const { msgtype, body, formatted_body: formattedBody, "m.relates_to": relation } = parsed.data;
  const isEdit = relation?.rel_type === "m.replace";
  return {
    body: body ?? "",
    formattedBody,
    otherTexts: otherTextsOf(parsed.data),
    kind: isEdit ? "edit" : msgtype === "m.text" && body !== null ? "text" : "other",
    threadRoot: relation?.rel_type === "m.thread" ? (relation.event_id ?? null) : null,
    // In a thread, old clients show every message as a reply to the one before (CS §Threading).
    inReplyTo: relation?.is_falling_back === true ? null : (relation?.["m.in_reply_to"]?.event_id ?? null),
  };
}

/**
 * All texts in a message's content except the two that commands are read from: the new content of
 * an edit, captions, file names, unspecified fields. Each of them may hold a secret.
 */
function otherTextsOf(content: Readonly<Record<string, unknown>>): string[] {
  const texts: string[] = [];
  const pending: [string, unknown][] = Object.entries(content).filter(
    ([key]) => key !== "body" && key !== "formatted_body",
  );
  for (let next = pending.pop(); next !== undefined && texts.length < MAX_TEXTS; next = pending.pop()) {
    const [key, value] = next;
    if (typeof value === "string") texts.push(key === "formatted_body" ? textOfHtml(value) : value);
    else if (typeof value === "object" && value !== null) pending.push(...Object.entries(value));
  }
  return texts;
}
