import type { RoomPlanInput } from "../../../src/platforms/matrix/planning/plan-context.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import { planRooms } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import type { RawStateEvent } from "../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { roomSnapshot } from "../../../src/platforms/matrix/rooms/room-snapshot.ts";
import type {
  AccountSnapshot,
  Hero,
  Membership,
  RoomSnapshot,
} from "../../../src/platforms/matrix/rooms/types.ts";

export const SOURCE = "@me:old.example";
export const TARGET = "@me:new.example";
export const ADMIN = "@admin:old.example";
/** Power levels that let the source invite. */
export const SOURCE_MAY_INVITE = { invite: 50, users: { [ADMIN]: 100, [SOURCE]: 50 } };
export const ALL_VERSIONS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];

/**
 * A room as a test describes it: the differences from a version 11 room with the join rule `invite`
 * and level 100 for `ADMIN`.
 */
export interface RoomSketch {
  roomId?: string;
  /** The source's membership. */
  membership?: Membership;
  version?: string | null;
  create?: Record<string, unknown>;
  creator?: string;
  /** Join rule. `null`: there is no event. */
  rule?: string | null;
  allow?: unknown;
  /** Content of the levels event. `null`: there is no event. */
  levels?: Record<string, unknown> | null;
  /** Member event of the target. */
  target?: Membership;
  /** Other users by membership. */
  members?: Record<string, Membership>;
  /** Default: 3. `null`: not known. */
  joinedCount?: number | null;
  heroes?: Hero[];
  lastActivityAt?: number;
  tags?: string[];
  /** Further state: content by type, or by `type/stateKey` for events with a state key. */
  state?: Record<string, unknown>;
  coverage?: "full" | "partial";
  /** Sender and further content of the source's own member event. */
  own?: { sender?: string; content?: Record<string, unknown> };
}

export function sketchRoom(sketch: RoomSketch): RoomSnapshot {
  const roomId = sketch.roomId ?? "!room:old.example";
  const creator = sketch.creator ?? ADMIN;
  const events: RawStateEvent[] = [];
  function add(type: string, content: unknown, stateKey = "", sender = creator): void {
    events.push({ type, state_key: stateKey, sender, content });
  }
  const isPartial = sketch.coverage === "partial";
  if (sketch.version !== null) {
    const version = sketch.version ?? "11";
    add("m.room.create", {
      room_version: version,
      ...(Number(version) < 11 ? { creator } : {}),
      ...sketch.create,
    });
  }
  if (sketch.rule !== null)
    add("m.room.join_rules", {
      join_rule: sketch.rule ?? "invite",
      ...(sketch.allow === undefined ? {} : { allow: sketch.allow }),
    });
  const byDefault = Number(sketch.version ?? "11") >= 12 ? { users: {} } : { users: { [ADMIN]: 100 } };
  if (sketch.levels !== null && !isPartial)
    add("m.room.power_levels", sketch.levels ?? { invite: 50, ...byDefault });
  for (const [key, content] of Object.entries(sketch.state ?? {})) {
    const [type = "", stateKey] = key.split("/");
    add(type, content, stateKey);
  }
  const membership = sketch.membership ?? "join";
  add("m.room.member", { membership, ...sketch.own?.content }, SOURCE, sketch.own?.sender ?? SOURCE);
  if (sketch.target !== undefined) add("m.room.member", { membership: sketch.target }, TARGET, TARGET);
  for (const [userId, other] of Object.entries(sketch.members ?? { [ADMIN]: "join" }))
    add("m.room.member", { membership: other }, userId, userId);
  return roomSnapshot({
    roomId,
    ownUserId: SOURCE,
    otherUserId: TARGET,
    membership,
    events,
    coverage: sketch.coverage ?? "full",
    isOtherMemberRead: !isPartial,
    joinedCount: sketch.joinedCount === undefined ? 3 : sketch.joinedCount,
    invitedCount: 0,
    heroes: sketch.heroes ?? [],
    lastActivityAt: sketch.lastActivityAt ?? null,
    tags: sketch.tags ?? [],
  });
}

/** The room as the target's own server returns it. */
export function targetRoom(
  roomId: string,
  membership: Membership,
  sentAt: number | null = null,
): RoomSnapshot {
  const events = [
    {
      type: "m.room.member",
      state_key: TARGET,
      sender: ADMIN,
      content: { membership },
      origin_server_ts: sentAt,
    },
  ];
  const create = { type: "m.room.create", state_key: "", sender: ADMIN, content: { room_version: "10" } };
  return roomSnapshot({
    roomId,
    ownUserId: TARGET,
    otherUserId: SOURCE,
    membership,
    // A server shows the state only to those who have joined.
    events: membership === "join" ? [create, ...events] : events,
    coverage: membership === "join" ? "full" : "partial",
    isOtherMemberRead: false,
  });
}

export function account(
  userId: string,
  rooms: readonly RoomSnapshot[],
  accountData: Record<string, unknown> = {},
): AccountSnapshot {
  return {
    userId,
    rooms: new Map(rooms.map((room) => [room.roomId, room])),
    accountData: new Map(Object.entries(accountData)),
    roomVersions: ALL_VERSIONS,
  };
}

/** Plans rooms of the source. `more` holds other differences. */
export function plan(
  rooms: readonly RoomSnapshot[],
  more: Partial<RoomPlanInput> & {
    targetRooms?: readonly RoomSnapshot[];
    direct?: Record<string, unknown>;
  } = {},
): RoomPlan {
  const { targetRooms, direct, ...input } = more;
  return planRooms({
    source: account(SOURCE, rooms, direct === undefined ? {} : { "m.direct": direct }),
    target: account(TARGET, targetRooms ?? []),
    areMembersRead: true,
    ...input,
  });
}

/** The row of a room, or the only row. */
export function rowOf(made: RoomPlan, roomId?: string): PlannedRoom {
  const row = roomId === undefined ? made.rooms[0] : made.rooms.find((room) => room.roomId === roomId);
  if (row === undefined) throw new Error(`no row for ${roomId ?? "the first room"}`);
  return row;
}

export function membershipRule(...roomIds: string[]): unknown[] {
  return roomIds.map((roomId) => ({ type: "m.room_membership", room_id: roomId }));
}
