import { present } from "../../../../../src/platforms/matrix/rooms/state-read.ts";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import { sketchRoom } from "../../../../support/plans/planned-rooms.ts";

/** The room as the source's server shows it. The source has joined. */
export function bySource(sketch: RoomSketch): RoomSnapshot {
  return sketchRoom(sketch);
}

/** The room as the target's server shows it. `target` is the target's membership there. */
export function byTarget({ target = "join", ...sketch }: RoomSketch): RoomSnapshot {
  const room = sketchRoom({ ...sketch, target });
  const own = { sender: null, displayName: null, isDirect: false, reason: null, sentAt: null };
  return {
    ...room,
    membership: target,
    ownMember: present({ ...own, membership: target }),
    otherMember: room.ownMember,
  };
}
