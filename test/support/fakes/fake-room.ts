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
  /** Who set a member event and when, if it was not the user itself at the beginning. */
  readonly memberSetBy: Map<string, { sender: string; at: number }>;
  /** What goes wrong: some users are refused, and so many joins are accepted in vain. */
  readonly faults: {
    refused: Set<string>;
    vainJoins: number;
    /** Members that only their own servers show as they are. */
    hidden: Set<string>;
  };
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
    ([userId, membership]): [string, Json] => [
      userId,
      { membership, displayname: names[userId] ?? localpartOf(userId) },
    ],
  );
  const members = new Map(memberContents);
  const memberSetBy: FakeRoom["memberSetBy"] = new Map();
  return {
    roomId,
    allow,
    isStubborn: sketch.isStubborn ?? false,
    state,
    children,
    members,
    memberSetBy,
    faults: { refused: new Set(), vainJoins: 0, hidden: new Set() },
    lastEventId: `$last-in-${roomId.slice(1, 4)}`,
    events: () => [
      ...[...state].map(([type, content]) => event(type, "", MODERATOR, content)),
      ...children.map((id) => event("m.space.child", id, MODERATOR, { via: ["old.example"] })),
      ...[...members].map(([userId, content]) => {
        const { sender, at } = memberSetBy.get(userId) ?? { sender: userId, at: BEGINNING };
        return event("m.room.member", userId, sender, content, at);
      }),
    ],
    count: (membership) =>
      [...members.values()].filter((content) => content["membership"] === membership).length,
  };
}

const BEGINNING = 1_000;

function event(type: string, stateKey: string, sender: string, content: Json, at = BEGINNING) {
  return { type, state_key: stateKey, sender, content, origin_server_ts: at };
}

/** The events that a user sees. Its server shows an earlier membership of hidden members. */
export function eventsFor(room: FakeRoom, userId: string): ReturnType<FakeRoom["events"]> {
  const { hidden } = room.faults;
  return room.events().map((shown) => {
    if (shown.state_key === userId || !hidden.has(shown.state_key)) return shown;
    return event(shown.type, shown.state_key, shown.state_key, { membership: "leave" });
  });
}

/** A moderator invites, removes or bans a user. */
export function moderate(
  room: FakeRoom | undefined,
  userId: string,
  content: { membership: "invite" | "leave" | "ban"; reason?: string },
): void {
  room?.members.set(userId, content);
  room?.memberSetBy.set(userId, { sender: MODERATOR, at: Date.now() });
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
  const membership = room.members.get(userId)?.["membership"];
  if (membership === "ban" || room.faults.refused.has(userId)) return false;
  if (membership === "invite") return true;
  if (room.isStubborn) return false;
  const rule = joinRuleOf(room);
  return rule === "public" || (rule === "restricted" && room.allow.some(isJoined));
}

/** The name that servers give to new accounts. */
function localpartOf(userId: string): string {
  return userId.slice(1, userId.indexOf(":"));
}
