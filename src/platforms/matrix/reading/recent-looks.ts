import type { RoomSnapshot } from "../rooms/types.ts";

/** How long a look counts for work that follows a plan. */
const KEPT_MS = 15 * 60_000;
/** Rooms of all accounts together. A snapshot of a room has about a kilobyte. */
const MAX_KEPT = 10_000;

/** The looks of one account; `null`: its server does not show the room. */
export interface LooksOfAccount {
  get(roomId: string): RoomSnapshot | null | undefined;
  set(roomId: string, seen: RoomSnapshot | null): void;
  /** The addresses of images of which the account's server had no copy. */
  readonly lostImages: Set<string>;
}

/** Keeps nothing, so that every room is looked at. */
export const NO_LOOKS: Pick<LooksOfAccount, "get" | "set"> = {
  get: () => undefined,
  set: () => undefined,
};

interface Kept {
  readonly rooms: Map<string, RoomSnapshot | null>;
  readonly lostImages: Set<string>;
  readonly until: number;
}

/**
 * What servers have just shown of rooms that files name. A start follows its plan, and a
 * confirmation its question, so that thousands of rooms are not looked at twice.
 */
export class RecentLooks {
  readonly #monotonicNow: () => number;
  readonly #kept = new Map<string, Kept>();

  /** @param monotonicNow milliseconds of a clock that never jumps */
  constructor(monotonicNow: () => number) {
    this.#monotonicNow = monotonicNow;
  }

  /**
   * @param account names the two accounts
   * @param isAnew forgets what was kept of the account before
   */
  of(account: string, { isAnew }: { isAnew: boolean }): LooksOfAccount {
    this.#forgetOld();
    if (isAnew) this.#kept.delete(account);
    const kept: Kept = this.#kept.get(account) ?? {
      rooms: new Map(),
      lostImages: new Set(),
      until: this.#monotonicNow() + KEPT_MS,
    };
    this.#kept.set(account, kept);
    return {
      lostImages: kept.lostImages,
      get: (roomId) => kept.rooms.get(roomId),
      set: (roomId, seen) => {
        if (this.#size() < MAX_KEPT) kept.rooms.set(roomId, seen);
      },
    };
  }

  #forgetOld(): void {
    const now = this.#monotonicNow();
    for (const [account, { until }] of this.#kept) if (until <= now) this.#kept.delete(account);
  }

  #size(): number {
    let size = 0;
    for (const { rooms } of this.#kept.values()) size += rooms.size;
    return size;
  }
}
