import type { MembersNeeded } from "../planning/people.ts";
import { unreadableRoom, withMembers } from "../rooms/room-snapshot.ts";
import type { AccountSnapshot, KnownMember } from "../rooms/types.ts";
import { concurrently } from "./concurrently.ts";
import { CONCURRENCY } from "./limits.ts";
import { readMembersBySlidingSync } from "./members-by-sliding-sync.ts";
import { readMembersOfRoom, readSomeJoinedMembers } from "./members-of-room.ts";
import type { Reader } from "./reader.ts";
import { SLIDING_SYNC_FEATURE } from "./sliding-sync-request.ts";
import type { RoomReader } from "./unless-unreadable.ts";
import { checkAccount, isFailedRead, unlessUnreadable } from "./unless-unreadable.ts";

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
 * members are read. A room whose members cannot be read is unreadable.
 * @throws HomeserverError, UnreachableError
 */
export async function withNeededMembers(
  reader: Reader,
  { snapshot, needs, features }: MembersToRead,
): Promise<AccountSnapshot> {
  const found = new Map<string, MembersFound>();
  const unreadable = new Set<string>();
  const named = needs.filter((need) => need.userIds.length > 0);
  if (features.unstableFeatures[SLIDING_SYNC_FEATURE] === true && named.length > 0) {
    try {
      for (const [roomId, members] of await readMembersBySlidingSync(reader, named))
        found.set(roomId, members);
    } catch (error) {
      if (!isFailedRead(error)) throw error;
      reader.log.warn({ err: error }, "members are read room by room");
      await checkAccount(reader);
    }
  }
  const unread = named.filter((need) => !found.has(need.roomId));
  await concurrently(unread, CONCURRENCY, async ({ roomId, userIds }) => {
    await read(roomId, (ofRoom, joinedCount) => readMembersOfRoom(ofRoom, roomId, userIds, joinedCount));
  });
  await concurrently(
    needs.filter((need) => need.isAnyoneNeeded),
    CONCURRENCY,
    async ({ roomId }) => {
      if (unreadable.has(roomId)) return;
      await read(roomId, async (ofRoom, joinedCount) => {
        const some = await readSomeJoinedMembers(ofRoom, roomId, joinedCount);
        return new Map([...some, ...(found.get(roomId) ?? [])]);
      });
    },
  );
  const rooms = new Map(snapshot.rooms);
  for (const [roomId, members] of found) {
    const room = rooms.get(roomId);
    if (room !== undefined) rooms.set(roomId, withMembers(room, members));
  }
  for (const roomId of unreadable) {
    const room = rooms.get(roomId);
    if (room !== undefined) rooms.set(roomId, unreadableRoom(room));
  }
  return { ...snapshot, rooms };

  async function read(
    roomId: string,
    membersOf: (ofRoom: RoomReader, joinedCount: number | null) => Promise<MembersFound>,
  ): Promise<void> {
    const joinedCount = snapshot.rooms.get(roomId)?.joinedCount ?? null;
    const members = await unlessUnreadable(reader, roomId, (ofRoom) => membersOf(ofRoom, joinedCount));
    if (members === null) unreadable.add(roomId);
    else found.set(roomId, members);
  }
}
