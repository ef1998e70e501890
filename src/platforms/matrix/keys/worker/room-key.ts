import { isJsonObject } from "../../api/json.ts";
import { parsed } from "./backup-entry.ts";

const VERSION = 1;
/** Version, index, ratchet, and public key (Megolm §Session export format). */
const SESSION_KEY_BYTES = 165;

/**
 * The first message index of a session, as its key says; `null` if clients drop the session: it has
 * no session key, or no `sender_claimed_keys` (platforms/matrix/README.md, "Key backups").
 * @param json the session as a backup holds it
 */
export function firstMessageIndexOf(json: string): number | null {
  const session = parsed(json);
  if (!isJsonObject(session) || !isJsonObject(session["sender_claimed_keys"])) return null;
  return indexIn(session["session_key"]);
}

/**
 * The index in the bytes of a session key, which begin with the version and a 32-bit counter;
 * `null` for anything that is no session key.
 */
export function indexIn(sessionKey: unknown): number | null {
  if (typeof sessionKey !== "string") return null;
  const bytes = Buffer.from(sessionKey, "base64");
  return bytes[0] === VERSION && bytes.length >= SESSION_KEY_BYTES ? bytes.readUInt32BE(1) : null;
}
