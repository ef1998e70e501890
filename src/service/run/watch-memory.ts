import type { AccessChange, AccessChanges } from "../../model/room-routes.ts";
import type { RunRoom } from "../../model/run-room.ts";

/** The state of a watched run between two looks, in the memory of this process. */
export interface WatchMemory {
  /** The number of looks that read rooms one by one, and the time of the last one. */
  reads: number;
  readAt: number;
  /**
   * The change of each room that made the run plan again, so that the same change does not do so
   * twice.
   */
  replanned: ReadonlyMap<string, string>;
  /** When the run last tried what its old account was refused. */
  retriedAt: number;
  /** The problem of which the owner was informed. */
  informedOf: string | null;
  /** Rooms have opened, and another run of the owner is active. */
  isHeldUp: boolean;
}

export const NO_MEMORY: Readonly<WatchMemory> = {
  reads: 0,
  readAt: Number.NEGATIVE_INFINITY,
  replanned: new Map(),
  retriedAt: Number.NEGATIVE_INFINITY,
  informedOf: null,
  isHeldUp: false,
};

/**
 * The changes without those that made the run plan again before and are still the same. A repeated
 * knock can be declined again, so what is known of the knock counts too.
 */
export function withoutRepeated(
  changes: AccessChanges,
  rooms: readonly RunRoom[],
  memory: WatchMemory,
): AccessChanges {
  const before = memory.replanned;
  const members = new Map(rooms.map(({ roomId, planned }) => [roomId, planned.facts?.member]));
  const keyOf = (roomId: string, { kind }: AccessChange): string =>
    kind === "knock_declined" ? `${kind} ${JSON.stringify(members.get(roomId))}` : kind;
  const routes = [...changes].filter(([, { kind }]) => kind !== "open" && kind !== "joined");
  memory.replanned = new Map(routes.map(([roomId, change]) => [roomId, keyOf(roomId, change)]));
  return new Map([...changes].filter(([roomId, change]) => before.get(roomId) !== keyOf(roomId, change)));
}
