import type { PopulatedRoom, Population } from "../../lab/population/population.ts";
import type { FaultyMoveEnvironment } from "./faulty-move-environment.ts";

/** Routes by which the bot gets in alone. */
const WAYS_IN: ReadonlySet<string> = new Set([
  "joined",
  "accept_invite",
  "join",
  "join_restricted",
  "invite",
]);

/**
 * Rooms that the new account is in after a move that nobody helped; where one was replaced, in its
 * replacement.
 */
export function enteredRooms({ rooms }: Pick<Population, "rooms">): PopulatedRoom[] {
  return rooms.filter(isEntered);
}

export function isEntered({ expected }: PopulatedRoom): boolean {
  if (expected.route === "successor") return expected.status === "planned" || expected.status === "done";
  return WAYS_IN.has(expected.route);
}

/** Those of them that the new account is not in. */
export async function missingRooms({ population, target }: FaultyMoveEnvironment): Promise<PopulatedRoom[]> {
  const joined = await target.joinedRooms();
  return enteredRooms(population).filter(({ roomId, expected }) => !joined.has(expected.successor ?? roomId));
}
