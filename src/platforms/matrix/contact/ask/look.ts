import type { ReadableAccount } from "../../decide-rooms.ts";
import type { MembersNeeded } from "../../planning/people.ts";
import { isJoined, membersToRead, mergeNeeds } from "../../planning/people.ts";
import { concurrently } from "../../reading/concurrently.ts";
import { CONCURRENCY } from "../../reading/limits.ts";
import { withMemberCounts } from "../../reading/member-counts.ts";
import { withNeededMembers } from "../../reading/members.ts";
import { readStateEvent } from "../../reading/single-room.ts";
import { unlessUnreadable } from "../../reading/unless-unreadable.ts";
import { directRooms } from "../../rooms/direct-rooms.ts";
import { roomPowerOf } from "../../rooms/power-levels/room-power.ts";
import { readText } from "../../rooms/state-content.ts";
import { valueOf } from "../../rooms/state-read.ts";
import type { AccountSnapshot } from "../../rooms/types.ts";
import type { AskInput } from "./plan-ask.ts";
import { ReachableHelpers } from "./reachable-people.ts";
import type { RoomInQuestion } from "./rooms.ts";
import { taskOf } from "./rooms.ts";
import { isOfTwo } from "./ways.ts";

/**
 * The members that the plan of the rooms did not need:
 * - people who were asked before and are no helpers any more, as they may have left;
 * - the person who refused the new account, who is a helper wherever they are;
 * - further helpers, where those of the plan cannot be asked;
 * - the other member of direct chats.
 */
export function membersToLookAt(rooms: readonly RoomInQuestion[], input: AskInput): MembersNeeded[] {
  const { asking, records, parties } = input;
  const known = new ReachableHelpers({ ...input, further: new Map(), isGone: () => false });
  const needs: MembersNeeded[] = [];
  const need = (roomId: string, userIds: readonly string[]): void => {
    if (userIds.length > 0) needs.push({ roomId, userIds, isAnyoneNeeded: false, purpose: "route" });
  };
  for (const question of rooms) {
    const { row, room } = question;
    if (room === null) continue;
    const helpers = new Set(row.helpers.map(({ userId }) => userId));
    const asked = records.asked.filter(({ roomId, result }) => roomId === row.roomId && result === "sent");
    const refusedBy =
      row.reason?.code === "refused" && "by" in row.reason ? row.reason.by?.userId : undefined;
    need(row.roomId, [
      ...asked.map(({ userId }) => userId).filter((userId) => !helpers.has(userId)),
      ...(refusedBy === undefined ? [] : [refusedBy]),
    ]);
    const { reachable } = known.of(question);
    const further =
      reachable.length > 0 || row.moreHelpers === 0
        ? null
        : membersToRead(room, roomPowerOf(room), taskOf(question), parties, "route");
    if (further !== null) needs.push({ ...further, isAnyoneNeeded: false });
  }
  const helpers = new Set(rooms.flatMap(({ row }) => row.helpers.map(({ userId }) => userId)));
  for (const [roomId, partner] of directRooms(asking.accountData)) {
    const chat = asking.rooms.get(roomId);
    if (chat !== undefined && helpers.has(partner) && isOfTwo(chat) && !isJoined(chat, partner))
      need(roomId, [partner]);
  }
  return mergeNeeds(needs);
}

/**
 * The asking account with the numbers of members of the rooms in question, and of direct chats
 * with their helpers, where the server did not send them.
 * @throws HomeserverError, UnreachableError
 */
export function countMembers(
  { reader }: Pick<ReadableAccount, "reader">,
  rooms: readonly RoomInQuestion[],
  asking: AccountSnapshot,
): Promise<AccountSnapshot> {
  const helpers = new Set(rooms.flatMap(({ row }) => row.helpers.map(({ userId }) => userId)));
  const chats = [...directRooms(asking.accountData)].filter(([, partner]) => helpers.has(partner));
  return withMemberCounts(reader, asking, {
    rooms: rooms.map(({ row }) => row.roomId),
    chats: new Set(chats.map(([roomId]) => roomId)),
  });
}

/**
 * The asking account with the members that the questions need.
 * @throws HomeserverError, UnreachableError
 */
export async function lookAtMembers(
  { reader, features }: ReadableAccount,
  rooms: readonly RoomInQuestion[],
  input: AskInput,
): Promise<AccountSnapshot> {
  const needs = membersToLookAt(rooms, input);
  return needs.length === 0
    ? input.asking
    : withNeededMembers(reader, { snapshot: input.asking, needs, features });
}

/**
 * The topics of rooms, where there is one and it can be read.
 * @throws HomeserverError, UnreachableError if the account cannot be read any more
 */
export async function readTopics(
  { reader }: Pick<ReadableAccount, "reader">,
  roomIds: readonly string[],
): Promise<Map<string, string>> {
  const topics = new Map<string, string>();
  await concurrently(roomIds, CONCURRENCY, async (roomId) => {
    const event = await unlessUnreadable(reader, roomId, (ofRoom) =>
      readStateEvent(ofRoom, roomId, "m.room.topic", ""),
    );
    const topic = event === null ? null : valueOf(readText(event.content, "topic"));
    if (topic !== null && topic.trim() !== "") topics.set(roomId, topic);
  });
  return topics;
}
