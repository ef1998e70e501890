import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";
import { wantedTags } from "./wanted.ts";
import type { WantedTag } from "./wanted.ts";

/** A tag that is there counts, whatever its order: another one is the target's choice. */
export function verifyTags(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<WantedTag> {
  const standing = new Map([...target.roomTags].map(([roomId, tags]) => [roomId, new Set(tags.map(({ name }) => name))]));
  return compareItems(
    "tags",
    wantedTags(source.roomTags, roomIdOnTarget),
    ({ roomId, name }) => `${roomId} ${name}`,
    ({ roomId, name }) => (standing.get(roomId)?.has(name) === true ? "present" : "missing"),
  );
}
