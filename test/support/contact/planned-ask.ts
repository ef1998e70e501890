import type { AskRecord, ContactRecords, PlannedContact } from "../../../src/model/contact.ts";
import { NOTHING_PLANNED } from "../../../src/model/contact.ts";
import type { AskOrder } from "../../../src/platforms/contact.ts";
import type { PlannedAsk } from "../../../src/platforms/matrix/contact/ask/plan-ask.ts";
import { planAsk } from "../../../src/platforms/matrix/contact/ask/plan-ask.ts";
import type { RoomPlanInput } from "../../../src/platforms/matrix/planning/plan-context.ts";
import { planRooms } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { AccountSnapshot, RoomSnapshot } from "../../../src/platforms/matrix/rooms/types.ts";
import type { RoomSketch } from "../plans/planned-rooms.ts";
import { SOURCE, TARGET, account, sketchRoom } from "../plans/planned-rooms.ts";

export const NOW = Date.UTC(2026, 10, 30, 12);
export const DAY_MS = 24 * 3_600_000;

export const NO_RECORDS: ContactRecords = {
  asked: [],
  chats: [],
  chatsToday: 0,
  announcedAt: new Map(),
  silentServers: new Set(),
};

export const ORDER: AskOrder = { rooms: [], text: null, way: null };

/** A room of the source whose helpers are these people, the first with the most power. */
export function closedRoom(roomId: string, helpers: readonly string[], more: RoomSketch = {}): RoomSketch {
  const levels = Object.fromEntries(helpers.map((userId, index) => [userId, 100 - index]));
  return {
    roomId,
    levels: { invite: 50, users: levels },
    members: Object.fromEntries(helpers.map((userId) => [userId, "join" as const])),
    // Too many for a message in the room itself.
    joinedCount: 51,
    ...more,
  };
}

/** A direct chat of the source with a partner who does not moderate anything. */
export function chatWith(roomId: string, partner: string, more: RoomSketch = {}): RoomSketch {
  return { roomId, rule: "public", members: { [partner]: "join" }, joinedCount: 2, ...more };
}

export function asked(roomId: string, userId: string, more: Partial<AskRecord> = {}): AskRecord {
  return { roomId, userId, at: NOW - DAY_MS, way: "new_direct", result: "sent", chatRoomId: null, ...more };
}

export interface AskScene extends Partial<AskOrder> {
  rooms: readonly string[];
  records?: Partial<ContactRecords>;
  planned?: Partial<PlannedContact>;
  /** `m.direct` of the source. */
  direct?: Readonly<Record<string, readonly string[]>>;
  ignored?: readonly string[];
  input?: Partial<RoomPlanInput>;
  /** The new account, if it asks; otherwise the old one asks. */
  asking?: AccountSnapshot;
}

/** Plans a question about the source's rooms. */
export function planned(
  sketches: readonly RoomSketch[],
  { records, planned: waiting, direct = {}, ignored = [], input, asking, ...order }: Partial<AskScene> = {},
): PlannedAsk {
  return plannedIn(sketches.map(sketchRoom), {
    ...order,
    ...(asking && { asking }),
    direct,
    ignored,
    ...(records && { records }),
    ...(waiting && { planned: waiting }),
    ...(input && { input }),
  });
}

/** The same with rooms as they were read. */
export function plannedIn(
  rooms: readonly RoomSnapshot[],
  { records, planned: waiting, direct = {}, ignored = [], input, asking, ...order }: Partial<AskScene> = {},
): PlannedAsk {
  const ignoredUsers = Object.fromEntries(ignored.map((userId) => [userId, {}]));
  const source = account(SOURCE, rooms, {
    "m.direct": direct,
    "m.ignored_user_list": { ignored_users: ignoredUsers },
  });
  const plan = planRooms({ source, target: account(TARGET, []), areMembersRead: true, ...input });
  return planAsk(
    [...plan.rooms, ...plan.replacements],
    { ...ORDER, ...order },
    {
      asking: asking ?? source,
      ignored: new Set(ignored),
      records: { ...NO_RECORDS, ...records },
      planned: { ...NOTHING_PLANNED, ...waiting },
      now: NOW,
      parties: { sourceUserId: SOURCE, targetUserId: TARGET, botUserIds: new Set() },
    },
  );
}

/** Who gets a message about which rooms, in the order of the messages. */
export function messagesOf({ questions }: PlannedAsk): unknown[] {
  return questions.map(({ helper, way, roomId, rooms }) => ({
    to: helper.userId,
    way: roomId === null ? way : `${way} ${roomId}`,
    about: rooms.map(({ row }) => row.roomId),
  }));
}

/** Everybody who would read a message, in every way, also those who follow. */
export function everybodyIn({ questions }: PlannedAsk): string[] {
  return questions.flatMap(({ helper, alsoMentioned, followers }) => [
    helper.userId,
    ...alsoMentioned.map(({ userId }) => userId),
    ...followers.map((follower) => follower.helper.userId),
  ]);
}

/** Why nobody is asked, by room. */
export function notAskedOf({ notAsked }: PlannedAsk): Record<string, string> {
  return Object.fromEntries(notAsked.map(({ row, why }) => [row.roomId, why]));
}
