import { isUnreadable } from "../rooms/room-snapshot.ts";
import { valueOf } from "../rooms/state-read.ts";
import { readCapabilities, readProfile, requestPushRules } from "./account-details.ts";
import type { AccountReading, ReadingMethod } from "./account-reading.ts";
import { concurrently } from "./concurrently.ts";
import { collectBySync } from "./initial-sync.ts";
import { readJoinedRoom, readJoinedRooms } from "./joined-rooms.ts";
import { CONCURRENCY, WINDOW } from "./limits.ts";
import type { Reader } from "./reader.ts";
import { collectRoomByRoom, isMethodUnsupported } from "./room-by-room.ts";
import type { AccountPair, Listing } from "./room-collector.ts";
import { RoomCollector } from "./room-collector.ts";
import { readRoom } from "./single-room.ts";
import { SLIDING_SYNC_FEATURE } from "./sliding-sync-request.ts";
import type { Progress } from "./sliding-sync.ts";
import { collectBySlidingSync } from "./sliding-sync.ts";
import { unlessUnreadable } from "./unless-unreadable.ts";

const MAX_SPACES_TRIED = 3;

/** An account that is to be read. */
export interface AccountToRead extends Omit<AccountPair, "isOtherMemberNeeded"> {
  /** By default true. */
  readonly isOtherMemberNeeded?: boolean;
  /** From discovery. */
  readonly features: { readonly unstableFeatures: Readonly<Record<string, boolean>> };
  /** Members who are also read if that costs no more requests. */
  readonly extraMembers?: readonly string[];
  /**
   * Also reads the time of each room's last event, if the method can. Only filters by activity need
   * it.
   */
  readonly withLastActivity?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Rooms per sliding-sync request, by default 500. */
  readonly window?: number;
}

/**
 * Reads one account with as few requests as its server allows: the listing, the joined rooms to
 * check it against, capabilities, profile and push rules. Writes nothing. A room that cannot be
 * read is unreadable. A request about the whole account that fails ends the reading.
 * @throws HomeserverError, UnreachableError
 */
export async function readAccount(reader: Reader, account: AccountToRead): Promise<AccountReading> {
  const before = reader.requests;
  // Small requests first, so that an ended session is noticed before the long listing begins.
  const capabilities = await readCapabilities(reader);
  const profile = await readProfile(reader, account.userId);
  const pushRules = await requestPushRules(reader);
  const { rooms, accountData, ...listed } = await listRooms(reader, account);
  const unreadableRoomIds = [...rooms.values()].filter(isUnreadable);
  return {
    ...listed,
    snapshot: { userId: account.userId, rooms, accountData, roomVersions: capabilities.roomVersions },
    capabilities,
    profile,
    pushRules,
    unreadableRoomIds: unreadableRoomIds.map((room) => room.roomId),
    requests: reader.requests - before,
  };
}

async function listRooms(reader: Reader, account: AccountToRead): Promise<Listing> {
  const {
    userId,
    otherUserId,
    isOtherMemberNeeded = true,
    extraMembers = [],
    window = WINDOW,
    withLastActivity = false,
    onProgress = () => {},
  } = account;
  const accounts = { userId, otherUserId, isOtherMemberNeeded };
  if (account.features.unstableFeatures[SLIDING_SYNC_FEATURE] === true) {
    const options = { accounts, extraMembers, window, withLastActivity, onProgress };
    const collector = await fallbackIfUnsupported(reader, "sliding_sync", () =>
      collectBySlidingSync(reader, options),
    );
    if (collector !== null)
      return await completed(reader, collector, {
        method: "sliding_sync",
        joined: await readJoinedRooms(reader),
      });
  }
  const joined = await readJoinedRooms(reader);
  const collector = await fallbackIfUnsupported(reader, "sync", async () => {
    const synced = new RoomCollector(accounts, reader.host);
    await collectBySync(reader, synced, "whole", joined.length);
    onProgress({ read: synced.size, total: synced.size });
    return synced;
  });
  if (collector !== null) return await completed(reader, collector, { method: "sync", joined });
  const { collector: last, gaps } = await collectRoomByRoom(reader, { accounts, joined, onProgress });
  return last.listing("per_room", gaps);
}

/** `null` if this server does not support the method; the caller then takes the next one. */
async function fallbackIfUnsupported(
  reader: Reader,
  method: ReadingMethod,
  collect: () => Promise<RoomCollector>,
): Promise<RoomCollector | null> {
  try {
    return await collect();
  } catch (error) {
    if (!isMethodUnsupported(error)) throw error;
    reader.log.warn({ err: error, method }, "this server does not support this method of reading");
    return null;
  }
}

/**
 * Reads individually the rooms that the listing left out or left incomplete. Servers skip rooms
 * (Synapse: of versions that it no longer knows) and parts of requests.
 */
async function completed(
  reader: Reader,
  collector: RoomCollector,
  { method, joined }: { method: ReadingMethod; joined: readonly string[] },
): Promise<Listing> {
  const roomIds = new Set(joined.filter((roomId) => collector.room(roomId)?.membership !== "join"));
  for (const room of collector.rooms()) {
    // Every room has this event.
    if (room.membership === "join" && room.create.kind !== "present") roomIds.add(room.roomId);
  }
  if (roomIds.size > 0)
    reader.log.info({ rooms: roomIds.size, method }, "rooms that the listing left out are read one by one");
  await concurrently([...roomIds], CONCURRENCY, async (roomId) => {
    await readJoinedRoom(reader, collector, roomId);
  });
  if (method === "sliding_sync") await readEmptySpaces(reader, collector);
  return collector.listing(method);
}

/**
 * If no space lists a room, either all spaces are empty or the server does not understand the
 * asterisk of the request. Reads a few spaces to find out.
 */
async function readEmptySpaces(reader: Reader, collector: RoomCollector): Promise<void> {
  const spaces = [...collector.rooms()].filter(
    (room) => room.membership === "join" && valueOf(room.create)?.type === "m.space",
  );
  if (spaces.some((space) => space.spaceChildren.length > 0)) return;
  let isMisunderstood = false;
  for (const [index, { roomId }] of spaces.entries()) {
    if (index >= MAX_SPACES_TRIED && !isMisunderstood) return;
    const space = await unlessUnreadable(reader, roomId, (ofRoom) =>
      readRoom(ofRoom, roomId, collector.accounts, collector.room(roomId)),
    );
    if (space !== null && collector.addRoom(space).spaceChildren.length > 0) isMisunderstood = true;
  }
}
