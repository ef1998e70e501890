import type { Help, ReasonCode, Route } from "../../../src/model/routes.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";

/** A statement of a plan about one room: how the target gets in, and who can help. */
export interface RoomClaim extends Pick<
  PlannedRoom,
  "roomId" | "route" | "status" | "moreHelpers" | "through" | "successor" | "via"
> {
  readonly reason: ReasonCode | null;
  /** User IDs, best first. */
  readonly helpers: readonly string[];
  /** For `no_helper`: the help that nobody in the room can give. */
  readonly impossibleHelp: readonly Help[];
  /** Routes that remain when `route` fails. */
  readonly fallbacks: readonly Route[];
}

/** Claims about several rooms, and the order in which the target enters them. */
export interface RoomClaims {
  readonly rooms: readonly RoomClaim[];
  readonly order: readonly string[];
}

/** The claims of a plan about its rooms and the rooms that replaced them. */
export function claimsOfPlan({ rooms, replacements, order }: RoomPlan): RoomClaims {
  return { rooms: [...rooms, ...replacements].map(claimOfRow), order };
}

function claimOfRow(row: PlannedRoom): RoomClaim {
  return {
    ...row,
    reason: row.reason?.code ?? null,
    helpers: row.helpers.map(({ userId }) => userId),
    impossibleHelp: row.reason?.code === "no_helper" ? [row.reason.help] : [],
    fallbacks: row.routes.slice(1),
  };
}
