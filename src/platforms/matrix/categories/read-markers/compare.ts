import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { desiredReadMarkers } from "./desired.ts";
import type { ReadMarker } from "./desired.ts";

/**
 * Any marker of the target's counts: a marker only moves forward, so once it is there the target
 * has read on, and which of two events is later cannot be told without reading the room's history.
 */
export function compareReadMarkers(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<ReadMarker> {
  const standing = desiredReadMarkers(target.roomAccountData, (roomId) => roomId).wanted;
  const roomIds = new Set(standing.map(({ roomId }) => roomId));
  return compareItems(
    "read_markers",
    desiredReadMarkers(source.roomAccountData, roomIdOnTarget),
    ({ roomId }) => roomId,
    ({ roomId }) => (roomIds.has(roomId) ? "present" : "missing"),
  );
}
