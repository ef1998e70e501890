import { valueOf } from "./state-read.ts";
import type { RoomSnapshot } from "./types.ts";

/**
 * A room's name, or its alias, or its people without the two accounts and bots (CS §Calculating the
 * display name for a room); otherwise `null`.
 */
export function roomName(room: RoomSnapshot, ownUserIds: ReadonlySet<string>): string | null {
  const name = valueOf(room.name)?.trim();
  if (name !== undefined && name !== "") return name;
  const alias = valueOf(room.canonicalAlias);
  if (alias !== null) return alias;
  const bots = valueOf(room.functionalMembers);
  const people = room.heroes.filter(
    (hero) => !ownUserIds.has(hero.userId) && bots?.has(hero.userId) !== true,
  );
  return people.length === 0 ? null : people.map((hero) => hero.displayName ?? hero.userId).join(", ");
}
