import { isJsonObject } from "../api/json.ts";

/**
 * Rooms of an account's `m.direct`, each with whom it is a direct chat; what is no list of texts is
 * passed over (protocol-facts.md section 4).
 */
export function directRooms(accountData: ReadonlyMap<string, unknown>): Map<string, string> {
  const counterparts = new Map<string, string>();
  const content = accountData.get("m.direct");
  if (!isJsonObject(content)) return counterparts;
  for (const [counterpart, roomIds] of Object.entries(content)) {
    if (!Array.isArray(roomIds)) continue;
    for (const roomId of roomIds) {
      if (typeof roomId === "string" && !counterparts.has(roomId)) counterparts.set(roomId, counterpart);
    }
  }
  return counterparts;
}
