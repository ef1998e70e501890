import type { PopulatedRoom, Population } from "../../lab/population/population.ts";
import type { FaultyMoveEnvironment } from "./faulty-move-environment.ts";

/** Routes by which the bot enters a room without help. */
const ENTRY_ROUTES: ReadonlySet<string> = new Set([
  "joined",
  "accept_invite",
  "join",
  "join_restricted",
  "invite",
]);

/**
 * Rooms that the new account is in after a move without help. If a room was replaced, the account
 * is in its replacement.
 */
export function enteredRooms({ rooms }: Pick<Population, "rooms">): PopulatedRoom[] {
  return rooms.filter(isEntered);
}

export function isEntered({ expected }: PopulatedRoom): boolean {
  if (expected.route === "successor") return expected.status === "planned" || expected.status === "done";
  return ENTRY_ROUTES.has(expected.route);
}

/** Expected rooms that the new account is not in. */
export async function missingRooms({ population, target }: FaultyMoveEnvironment): Promise<PopulatedRoom[]> {
  const joined = await target.joinedRooms();
  return enteredRooms(population).filter(({ roomId, expected }) => !joined.has(expected.successor ?? roomId));
}
