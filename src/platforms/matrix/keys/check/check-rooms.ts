import type { Logger } from "pino";
import type { Side } from "../../../../model/account.ts";
import type { KeyBackup } from "../../../../model/key-backup.ts";
import type { CheckedRoom, KeyCheck, KeyCheckRequest } from "../../../key-check.ts";
import type { AccountDataSession } from "../../api/account-data.ts";
import { serverNameOf } from "../../ids/identifiers.ts";
import type { OpenAccount } from "../../open-account.ts";
import { guarded, readOpenAccount } from "../../open-account.ts";
import { concurrently } from "../../reading/concurrently.ts";
import { readJoinedRooms } from "../../reading/joined-rooms.ts";
import { CONCURRENCY } from "../../reading/limits.ts";
import type { Reader } from "../../reading/reader.ts";
import { BY_THE_CLOCK, createReader } from "../../reading/reader.ts";
import { unlessUnreadable } from "../../reading/unless-unreadable.ts";
import { withRetries } from "../../reading/with-retries.ts";
import { readBackup } from "../backup.ts";
import type { NewestMessages } from "./room-messages.ts";
import { countHidden, readNewestMessages } from "./room-messages.ts";
import { readFirstIndexes } from "./room-sessions.ts";
import type { RoomToCheck } from "./rooms-to-check.ts";
import { latestRooms, namedRooms } from "./rooms-to-check.ts";
import type { EncryptedMessage } from "./timeline-event.ts";

/** The new account of a check. */
interface CheckedTarget extends Pick<OpenAccount, "account" | "client"> {
  readonly reader: Reader;
  readonly backup: KeyBackup;
  readonly joined: ReadonlySet<string>;
}

/**
 * Counts the newest encrypted messages that the old account sees, those that the new backup opens,
 * and those that the new account's server hides. Nothing is decrypted, and nothing is written.
 * @throws UnreadableAccountError, UnansweredAliasError
 */
export async function checkRooms(
  { source, target: opened }: Readonly<Record<Side, OpenAccount>>,
  { rooms: words, botRoomIds, onProgress }: Omit<KeyCheckRequest, Side>,
  log: Logger,
): Promise<KeyCheck> {
  const target = await readTarget(opened, log);
  const { snapshot } = await readOpenAccount(source, source.account.userId, {
    onProgress,
    withLastActivity: true,
    isOtherMemberNeeded: false,
  });
  const { reader } = await guarded(source.account, source.readable);
  const own = new Set([source.account.userId, target.account.userId]);
  const { rooms, unknownRooms } =
    words.length === 0
      ? { rooms: latestRooms(snapshot, { own, botRoomIds }), unknownRooms: [] }
      : await guarded(source.account, () => namedRooms(reader, snapshot, { own, words }));
  const serverName = serverNameOf(source.account.userId) ?? "";
  let read = 0;
  const checked = await concurrently(rooms, CONCURRENCY, async (room) => {
    const newest = await guarded(source.account, () =>
      unlessUnreadable(reader, room.roomId, (ofRoom) => readNewestMessages(ofRoom, room.roomId)),
    );
    const result = newest === null ? unseen(room) : await checkRoom(room, newest, target);
    read += 1;
    onProgress({ of: "account", serverName, read, total: rooms.length });
    return result;
  });
  return { rooms: checked, unknownRooms, targetBackup: target.backup };
}

async function readTarget({ account, client }: OpenAccount, log: Logger): Promise<CheckedTarget> {
  const reader = createReader({ client, log });
  return guarded(account, async () => {
    const session: AccountDataSession = { userId: account.userId, request: (each) => reader.request(each) };
    const backup = await readBackup(session, { isSignatureChecked: false });
    return { account, client, reader, backup, joined: new Set(await readJoinedRooms(reader)) };
  });
}

async function checkRoom(
  room: RoomToCheck,
  newest: NewestMessages,
  target: CheckedTarget,
): Promise<CheckedRoom> {
  const { roomId, name } = room;
  const { messages } = newest;
  return guarded(target.account, async () => ({
    roomId,
    name,
    seen: messages.length,
    readable: await countReadable(roomId, messages, target),
    hidden: await hiddenFrom(target, room, newest),
  }));
}

async function hiddenFrom(
  { reader, joined }: CheckedTarget,
  { roomId, isHistoryOpen }: RoomToCheck,
  { messages, hasOtherVisibility }: NewestMessages,
): Promise<CheckedRoom["hidden"]> {
  if (!joined.has(roomId)) return "not_in_room";
  // Members see everything, so that the new account's server need not be asked.
  if (messages.length === 0 || (isHistoryOpen && !hasOtherVisibility)) return 0;
  const hidden = await unlessUnreadable(reader, roomId, (ofRoom) => countHidden(ofRoom, roomId, messages));
  return hidden ?? "unknown";
}

async function countReadable(
  roomId: string,
  messages: readonly EncryptedMessage[],
  { client, backup }: CheckedTarget,
): Promise<number> {
  if (backup.kind !== "known" || backup.count === 0 || messages.length === 0) return 0;
  const { version } = backup;
  const sessionIds = new Set(messages.map(({ sessionId }) => sessionId));
  const indexes = await withRetries(
    () => readFirstIndexes(client, { version, roomId }, sessionIds),
    BY_THE_CLOCK,
  );
  return messages.filter(({ sessionId, index }) => {
    const first = indexes.get(sessionId);
    return first !== undefined && index !== null && first <= index;
  }).length;
}

function unseen({ roomId, name }: RoomToCheck): CheckedRoom {
  return { roomId, name, seen: null, readable: 0, hidden: "unknown" };
}
