import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { desiredTags } from "./desired.ts";
import type { DesiredTag } from "./desired.ts";

/** A tag that is there counts, whatever its order: another one is the target's choice. */
export function compareTags(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<DesiredTag> {
  const standing = new Map(
    [...target.roomTags].map(([roomId, tags]) => [roomId, new Set(tags.map(({ name }) => name))]),
  );
  return compareItems(
    "tags",
    desiredTags(source.roomTags, roomIdOnTarget),
    ({ roomId, name }) => `${roomId} ${name}`,
    ({ roomId, name }) => (standing.get(roomId)?.has(name) === true ? "present" : "missing"),
  );
}
