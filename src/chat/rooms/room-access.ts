import type { MatrixClient } from "matrix-bot-sdk";
import { readRoomState } from "./room-state.ts";

const JOIN_RULES = "m.room.join_rules";
const HISTORY_VISIBILITY = "m.room.history_visibility";

/** The state events on which `isOpenToOthers` depends. */
export const ACCESS_EVENT_TYPES: readonly string[] = [JOIN_RULES, HISTORY_VISIBILITY];

/**
 * The join rules with which a member has to let in each newcomer (CS API §m.room.join_rules). With
 * "restricted" the members of other rooms enter by themselves. What an unknown rule allows is not
 * known either.
 */
const RULES_OF_CLOSED_ROOMS: ReadonlySet<unknown> = new Set(["invite", "knock", "private"]);

/**
 * Whether people who are not members can read the room, or enter it without a member's consent.
 * Guests need no rule of their own: they enter only where the join rule lets them, or read
 * "world_readable" history.
 * @throws if the server does not answer, or refuses
 */
export async function isOpenToOthers(
  client: Pick<MatrixClient, "doRequest">,
  roomId: string,
): Promise<boolean> {
  const [rules, visibility] = await Promise.all([
    readRoomState(client, roomId, JOIN_RULES),
    readRoomState(client, roomId, HISTORY_VISIBILITY),
  ]);
  // A room without the event is joined by invitation only (room version 1, authorization rules).
  const isClosed = rules === null || RULES_OF_CLOSED_ROOMS.has(rules["join_rule"]);
  return !isClosed || visibility?.["history_visibility"] === "world_readable";
}
