type Json = Record<string, unknown>;

/** A room of the fake homeservers. */
export interface FakeRoom {
  readonly roomId: string;
  /** Rooms whose members may join, for `restricted`. */
  readonly allow: readonly string[];
  /** Refuses joins against its own rules, like a room whose other servers decline them. */
  readonly isStubborn: boolean;
  /** By type; all with an empty state key. */
  readonly state: Map<string, Json>;
  readonly children: readonly string[];
  /** Content of member events. */
  readonly members: Map<string, Json>;
  readonly lastEventId: string;
  events(): { type: string; state_key: string; sender: string; content: Json; origin_server_ts: number }[];
  count(membership: string): number;
}

export interface FakeRoomSketch {
  roomId: string;
  members: Record<string, string>;
  rule?: string;
  allow?: readonly string[];
  isStubborn?: boolean;
  levels?: Record<string, number>;
  name?: string;
  create?: Json;
  children?: readonly string[];
  replacement?: string;
  /** Display names in this room only. */
  names?: Record<string, string>;
}

export const MODERATOR = "@admin:old.example";

export function fakeRoom(sketch: FakeRoomSketch): FakeRoom {
  const { roomId, rule = "invite", allow = [], children = [], names = {} } = sketch;
  const state = new Map<string, Json>([
    ["m.room.create", { room_version: "11", ...sketch.create }],
    [
      "m.room.join_rules",
      { join_rule: rule, allow: allow.map((id) => ({ type: "m.room_membership", room_id: id })) },
    ],
    ["m.room.power_levels", { invite: 50, users: { [MODERATOR]: 100, ...sketch.levels } }],
    ["m.room.name", { name: sketch.name ?? roomId }],
  ]);
  if (sketch.replacement !== undefined)
    state.set("m.room.tombstone", { replacement_room: sketch.replacement });
  const memberContents = Object.entries({ [MODERATOR]: "join", ...sketch.members }).map(
    ([userId, membership]): [string, Json] => [userId, { membership, displayname: names[userId] ?? "Me" }],
  );
  const members = new Map(memberContents);
  return {
    roomId,
    allow,
    isStubborn: sketch.isStubborn ?? false,
    state,
    children,
    members,
    lastEventId: `$last-in-${roomId.slice(1, 4)}`,
    events: () => [
      ...[...state].map(([type, content]) => event(type, "", MODERATOR, content)),
      ...children.map((id) => event("m.space.child", id, MODERATOR, { via: ["old.example"] })),
      ...[...members].map(([userId, content]) => event("m.room.member", userId, userId, content)),
    ],
    count: (membership) =>
      [...members.values()].filter((content) => content["membership"] === membership).length,
  };
}

function event(type: string, stateKey: string, sender: string, content: Json) {
  return { type, state_key: stateKey, sender, content, origin_server_ts: 1_000 };
}

export function joinRuleOf(room: FakeRoom): unknown {
  return room.state.get("m.room.join_rules")?.["join_rule"];
}

export function levelOf(room: FakeRoom, userId: string): number {
  const users = room.state.get("m.room.power_levels")?.["users"] as Record<string, number> | undefined;
  return users?.[userId] ?? 0;
}

export function mayInvite(room: FakeRoom, userId: string): boolean {
  return levelOf(room, userId) >= 50;
}

export function isLetInto(room: FakeRoom, userId: string, rooms: ReadonlyMap<string, FakeRoom>): boolean {
  const isJoined = (roomId: string): boolean =>
    rooms.get(roomId)?.members.get(userId)?.["membership"] === "join";
  if (room.members.get(userId)?.["membership"] === "invite") return true;
  if (room.isStubborn) return false;
  const rule = joinRuleOf(room);
  return rule === "public" || (rule === "restricted" && room.allow.some(isJoined));
}
