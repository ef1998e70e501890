import { z } from "zod";
import type { KeyFileEntry } from "../../../key-files.ts";
import { isJsonObject } from "../../api/json.ts";
import { parsed } from "../worker/backup-entry.ts";
import { indexIn } from "../worker/room-key.ts";

/** A session has about 1 kB. An entry of another size is none. */
const MAX_ENTRY_LENGTH = 64 * 1024;

/**
 * What apps need of a session. They drop one without `sender_claimed_keys`, so an empty one is put
 * in.
 */
const sessionSchema = z.looseObject({
  algorithm: z.literal("m.megolm.v1.aes-sha2"),
  sender_key: z.string(),
  session_key: z.string(),
  sender_claimed_keys: z.record(z.string(), z.string()).default({}).catch({}),
  forwarding_curve25519_key_chain: z.array(z.string()).default([]).catch([]),
});

/**
 * Reads one entry of a key file (CS §Key exports).
 * @returns `null` if no app can use it
 */
export function readFileEntry(text: string): KeyFileEntry | null {
  const value = text.length > MAX_ENTRY_LENGTH ? null : parsed(text);
  if (!isJsonObject(value)) return null;
  const { room_id: roomId, session_id: sessionId, ...session } = value;
  if (typeof roomId !== "string" || typeof sessionId !== "string" || roomId === "" || sessionId === "")
    return null;
  const usable = usableSession(session);
  if (usable === null) return null;
  const { firstMessageIndex } = usable;
  return { roomId, sessionId, firstMessageIndex, session: JSON.stringify(usable.session) };
}

/**
 * The entry of a key file for a session of a backup.
 * @param json the session, as the backup has it
 * @returns `null` if apps would not take it
 */
export function entryText(roomId: string, sessionId: string, json: string): string | null {
  const usable = usableSession(parsed(json));
  return usable && JSON.stringify({ ...usable.session, room_id: roomId, session_id: sessionId });
}

/** The fields of a session keep their order. */
function usableSession(value: unknown): { session: object; firstMessageIndex: number } | null {
  const { data } = sessionSchema.safeParse(value);
  if (data === undefined || !isJsonObject(value)) return null;
  const firstMessageIndex = indexIn(data.session_key);
  if (firstMessageIndex === null) return null;
  const { sender_claimed_keys, forwarding_curve25519_key_chain } = data;
  return { session: { ...value, sender_claimed_keys, forwarding_curve25519_key_chain }, firstMessageIndex };
}
