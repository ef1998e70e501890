import type { Expected, PopulatedRoom } from "../model.ts";
import type { MadeRoom, RoomFixture } from "../room-fixture.ts";

/** A room as its kind made it. Without `expected` a plan has no row for it. */
export type RoomOfKind = Omit<PopulatedRoom, "expected" | "directWith"> & {
  expected: Expected | null;
  directWith?: string;
};

/** One kind of room: how it is made, and the right result for it. */
export interface Kind {
  readonly name: string;
  /** What is special about it, in a sentence. */
  readonly what: string;
  /** How many rooms take a name from the fixture. Default 1. */
  readonly names?: number;
  /**
   * The two servers must have different host names, because the kind's server ACL distinguishes
   * them by host (ports do not count there).
   */
  readonly needsOwnHosts?: boolean;
  make(fixture: RoomFixture): Promise<readonly RoomOfKind[]>;
}

/** Most kinds are one room. */
export function kind(
  name: string,
  what: string,
  make: (fixture: RoomFixture) => Promise<{ room: MadeRoom; expected: Expected | null; directWith?: string }>,
): Kind {
  return {
    name,
    what,
    make: async (fixture) => {
      const { room, ...rest } = await make(fixture);
      return [{ kind: name, ...room, ...rest }];
    },
  };
}
