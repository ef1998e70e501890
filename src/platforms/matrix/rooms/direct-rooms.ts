import { isJsonObject } from "../api/json.ts";

/**
 * The rooms of an account's `m.direct`, each with its counterpart. Entries that are not lists of
 * texts are ignored (platforms/matrix/README.md, "Direct chats").
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
