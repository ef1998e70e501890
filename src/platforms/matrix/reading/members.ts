import type { MembersNeeded } from "../planning/people.ts";
import { withMembers } from "../rooms/room-snapshot.ts";
import type { AccountSnapshot, KnownMember } from "../rooms/types.ts";
import { concurrently } from "./concurrently.ts";
import { CONCURRENCY } from "./limits.ts";
import { readMembersBySlidingSync } from "./members-by-sliding-sync.ts";
import { readMembersOfRoom, readSomeJoinedMembers } from "./members-of-room.ts";
import type { Reader } from "./reader.ts";
import { isMethodUnsupported } from "./room-by-room.ts";
import { SLIDING_SYNC_FEATURE } from "./sliding-sync-request.ts";

/** Members by user ID. A requested user who was never a member counts as having left. */
export type MembersFound = ReadonlyMap<string, KnownMember>;

/** The members that are still to be read. */
export interface MembersToRead {
  readonly snapshot: AccountSnapshot;
  /** The members that the plan needs (`RoomPlan.membersNeeded`). */
  readonly needs: readonly MembersNeeded[];
  readonly features: { readonly unstableFeatures: Readonly<Record<string, boolean>> };
}

/**
 * The snapshot with the members that the plan needs: the second pass of reading. With sliding sync
 * a few requests cover all rooms; otherwise each room needs its own. In a large room only the named
 * members are read.
 * @throws HomeserverError, UnreachableError
 */
export async function withNeededMembers(
  reader: Reader,
  { snapshot, needs, features }: MembersToRead,
): Promise<AccountSnapshot> {
  const found = new Map<string, MembersFound>();
  const named = needs.filter((need) => need.userIds.length > 0);
  if (features.unstableFeatures[SLIDING_SYNC_FEATURE] === true && named.length > 0) {
    try {
      for (const [roomId, members] of await readMembersBySlidingSync(reader, named))
        found.set(roomId, members);
    } catch (error) {
      if (!isMethodUnsupported(error)) throw error;
      reader.log.warn({ err: error }, "members are read room by room");
    }
  }
  const unread = named.filter((need) => !found.has(need.roomId));
  await concurrently(unread, CONCURRENCY, async ({ roomId, userIds }) => {
    const joinedCount = snapshot.rooms.get(roomId)?.joinedCount ?? null;
    found.set(roomId, await readMembersOfRoom(reader, roomId, userIds, joinedCount));
  });
  await concurrently(
    needs.filter((need) => need.isAnyoneNeeded),
    CONCURRENCY,
    async ({ roomId }) => {
      const joinedCount = snapshot.rooms.get(roomId)?.joinedCount ?? null;
      const some = await readSomeJoinedMembers(reader, roomId, joinedCount);
      found.set(roomId, new Map([...some, ...(found.get(roomId) ?? [])]));
    },
  );
  const rooms = new Map(snapshot.rooms);
  for (const [roomId, members] of found) {
    const room = rooms.get(roomId);
    if (room !== undefined) rooms.set(roomId, withMembers(room, members));
  }
  return { ...snapshot, rooms };
}
