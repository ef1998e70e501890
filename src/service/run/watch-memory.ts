import type { AccessChanges } from "../../model/room-routes.ts";

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

/** The changes without those that made the run plan again before and are still the same. */
export function withoutRepeated(changes: AccessChanges, memory: WatchMemory): AccessChanges {
  const before = memory.replanned;
  const routes = [...changes].filter(([, { kind }]) => kind !== "open" && kind !== "joined");
  memory.replanned = new Map(routes.map(([roomId, { kind }]) => [roomId, kind]));
  return new Map([...changes].filter(([roomId, { kind }]) => before.get(roomId) !== kind));
}
