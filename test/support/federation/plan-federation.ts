import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import { planRooms } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import { withMembers } from "../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { roomFromSummary } from "../../../src/platforms/matrix/rooms/room-summary.ts";
import type { RoomSnapshot } from "../../../src/platforms/matrix/rooms/types.ts";
import { SOURCE, TARGET, account } from "../plans/planned-rooms.ts";
import type { Federation } from "./federation.ts";
import * as federation from "./federation.ts";

/** Room versions of the target's server. */
export const VERSIONS = ["6", "7", "8", "9", "10", "11", "12"];
const MAX_PASSES = 5;

function snapshots(made: Federation, userId: string, otherUserId: string): RoomSnapshot[] {
  return [...made.values()].flatMap((room) => federation.listing(room, userId, otherUserId) ?? []);
}

/** Plans like the reader: repeatedly, with the members that the plan asks for. */
export function planFor(made: Federation): RoomPlan {
  const rooms = new Map(snapshots(made, SOURCE, TARGET).map((room) => [room.roomId, room]));
  const target = { ...account(TARGET, snapshots(made, TARGET, SOURCE)), roomVersions: VERSIONS };
  const outsideRooms = new Map<string, RoomSnapshot>();
  for (let pass = 1; ; pass++) {
    const source = account(SOURCE, [...rooms.values()]);
    const result = planRooms({ source, target, outsideRooms, areMembersRead: pass === MAX_PASSES });
    if (result.membersNeeded.length === 0 && result.summariesNeeded.length === 0) return result;
    for (const needed of result.membersNeeded) {
      const room = rooms.get(needed.roomId);
      const truth = made.get(needed.roomId);
      if (room === undefined || truth === undefined) throw new Error("members of an unknown room");
      const anyone = needed.isAnyoneNeeded
        ? [...truth.members]
            .filter(([userId, state]) => state === "join" && userId !== SOURCE && userId !== TARGET)
            .map(([userId]) => userId)
        : [];
      rooms.set(
        room.roomId,
        withMembers(room, federation.readMembers(truth, [...needed.userIds, ...anyone])),
      );
    }
    for (const { roomId } of result.summariesNeeded) {
      outsideRooms.set(
        roomId,
        roomFromSummary(roomId, federation.summaryOf(made.get(roomId)), source, TARGET),
      );
    }
  }
}
