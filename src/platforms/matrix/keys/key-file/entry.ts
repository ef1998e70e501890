import { z } from "zod";
import type { KeyFileEntry } from "../../../keys.ts";

/** A session has about 1 kB. An entry of another size is none. */
const MAX_ENTRY_LENGTH = 64 * 1024;

/** The version byte, the index, the ratchet and the public key (Megolm §Session export format). */
const SESSION_KEY_BYTES = 1 + 4 + 128 + 32;
const SESSION_KEY_VERSION = 1;

/**
 * A session without which apps can read nothing. Apps drop a session without `sender_claimed_keys`,
 * so an empty one is put in.
 */
const sessionSchema = z.looseObject({
  algorithm: z.literal("m.megolm.v1.aes-sha2"),
  sender_key: z.string(),
  session_key: z.string(),
  sender_claimed_keys: z.record(z.string(), z.string()).default({}).catch({}),
  forwarding_curve25519_key_chain: z.array(z.string()).default([]).catch([]),
});
const exportedSchema = z.looseObject({ room_id: z.string().min(1), session_id: z.string().min(1) });

/**
 * Reads one entry of a key file (CS §Key exports).
 * @returns `null` if no app can use it
 */
export function readEntry(text: string): KeyFileEntry | null {
  if (text.length > MAX_ENTRY_LENGTH) return null;
  const exported = exportedSchema.safeParse(parse(text));
  if (!exported.success) return null;
  const { room_id: roomId, session_id: sessionId, ...rest } = exported.data;
  const session = sessionSchema.safeParse(rest);
  if (!session.success) return null;
  const firstMessageIndex = firstIndexOf(session.data.session_key);
  if (firstMessageIndex === null) return null;
  return { roomId, sessionId, firstMessageIndex, session: JSON.stringify(session.data) };
}

/**
 * The entry of a key file for a session of a backup.
 * @param session the session's JSON, as the backup has it
 * @returns `null` if apps would not take it
 */
export function entryText(roomId: string, sessionId: string, session: string): string | null {
  const read = sessionSchema.safeParse(parse(session));
  if (!read.success || firstIndexOf(read.data.session_key) === null) return null;
  return JSON.stringify({ ...read.data, room_id: roomId, session_id: sessionId });
}

/** The index from which a session key opens messages; `null` if it is no session key. */
function firstIndexOf(sessionKey: string): number | null {
  const bytes = Buffer.from(sessionKey, "base64");
  const isKey = bytes.length === SESSION_KEY_BYTES && bytes[0] === SESSION_KEY_VERSION;
  return isKey ? bytes.readUInt32BE(1) : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
