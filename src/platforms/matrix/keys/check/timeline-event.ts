import { isJsonObject, textOrNull } from "../../api/json.ts";

/** An event of a room's timeline, as far as a check looks at it. */
export interface TimelineEvent {
  readonly eventId: string;
  readonly type: string;
  readonly content: unknown;
  /** By its sender's server, in milliseconds since 1970; 0 if malformed. */
  readonly sentAt: number;
}

/** A message that a session of a room encrypted. */
export interface EncryptedMessage extends Pick<TimelineEvent, "eventId" | "sentAt"> {
  readonly sessionId: string;
  /** Its place in the session, from 0; `null`: the text is malformed, and nobody can read it. */
  readonly index: number | null;
}

/** The version of the message format, and the tag of the field with the index. */
const PROLOGUE = [0x03, 0x08];
/** The index has 32 bits, in at most five bytes of seven. */
const MAX_INDEX_BYTES = 5;
/** Enough base64 for the prologue and the index. */
const HEAD_CHARACTERS = 12;

/** The events of an untrusted list. Entries that are no events are left out. */
export function timelineEventsOf(list: readonly unknown[]): TimelineEvent[] {
  const events: TimelineEvent[] = [];
  for (const event of list) {
    if (!isJsonObject(event)) continue;
    const { event_id: eventId, type, content, origin_server_ts: sentAt } = event;
    if (typeof eventId !== "string" || typeof type !== "string") continue;
    events.push({ eventId, type, content, sentAt: typeof sentAt === "number" ? sentAt : 0 });
  }
  return events;
}

/** `null` for any other event, and for a message that was redacted. */
export function encryptedMessage({ eventId, type, content, sentAt }: TimelineEvent): EncryptedMessage | null {
  if (type !== "m.room.encrypted" || !isJsonObject(content)) return null;
  const sessionId = textOrNull(content["session_id"]);
  const ciphertext = textOrNull(content["ciphertext"]);
  if (sessionId === null || ciphertext === null) return null;
  return { eventId, sentAt, sessionId, index: messageIndex(ciphertext) };
}

/**
 * The index of a message in its session, which the ciphertext shows (Megolm, "Message format": a
 * version, then fields with tags; the first one is the index as a varint).
 */
export function messageIndex(ciphertext: string): number | null {
  const bytes = Buffer.from(ciphertext.slice(0, HEAD_CHARACTERS), "base64");
  if (!PROLOGUE.every((byte, at) => bytes[at] === byte)) return null;
  let index = 0;
  for (const [at, byte] of bytes.subarray(PROLOGUE.length, PROLOGUE.length + MAX_INDEX_BYTES).entries()) {
    index += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return index <= 0xffff_ffff ? index : null;
  }
  return null;
}
