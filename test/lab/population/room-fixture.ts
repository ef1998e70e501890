import type { NewState, PopulationSession } from "./session.ts";
import { createRoom, join } from "./session.ts";

/** The version of rooms that are not about versions. Servers' defaults differ (11 or 12). */
const ROOM_VERSION = "11";

/** The people of one kind's rooms. The next kind gets others. */
export interface Participants {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  /** On the old server, as are the following ones. */
  readonly admin: PopulationSession;
  readonly moderator: PopulationSession;
  readonly member: PopulationSession;
  /** On the new server. */
  readonly foreigner: PopulationSession;
  /** No person, though its name does not say so. It is on the old server. */
  readonly bridge: PopulationSession;
  /** Many people of the old server. */
  readonly allOldPeople: readonly PopulationSession[];
  /** Members of no importance, for rooms that do not list their members. */
  readonly members: readonly PopulationSession[];
}

export interface NewRoom {
  /** Default: the admin. */
  readonly by?: PopulationSession;
  readonly name?: string;
  readonly version?: string;
  /** Default `invite`. A rule that admits nobody is set afterwards. */
  readonly joinRule?: string;
  /** Rooms whose members a restricted room admits. */
  readonly allow?: readonly string[];
  /** Level to invite; default 50. */
  readonly inviteLevel?: number;
  /** Levels besides the creator's 100. */
  readonly users?: Readonly<Record<string, number>>;
  /** Members who join. Default: the source and the members. */
  readonly members?: readonly PopulationSession[];
  /** Users who are invited and do not join. */
  readonly invited?: readonly string[];
  readonly isSpace?: boolean;
  readonly isDirect?: boolean;
  /** Further content of the creation event. */
  readonly creation?: Readonly<Record<string, unknown>>;
  readonly state?: readonly NewState[];
  /** Local part of an alias. */
  readonly alias?: string;
}

export interface MadeRoom {
  readonly roomId: string;
  readonly name: string;
}

/** Makes the rooms of one kind. */
export interface RoomFixture {
  readonly people: Participants;
  /** The same for the same seed, different for each kind. */
  readonly tag: string;
  room(room?: NewRoom): Promise<MadeRoom>;
}

export function openRoomFixture(
  participants: Participants,
  names: readonly string[],
  tag: string,
): RoomFixture {
  const left = [...names];
  return {
    people: participants,
    tag,
    room: async (room = {}) => {
      const name = room.name ?? left.shift() ?? tag;
      return { roomId: await makeRoom(participants, { ...room, name }), name };
    },
  };
}

async function makeRoom(participants: Participants, room: NewRoom & { name: string }): Promise<string> {
  const {
    by = participants.admin,
    version = ROOM_VERSION,
    joinRule = "invite",
    inviteLevel = 50,
    users = {},
  } = room;
  const others = new Set(room.members ?? [participants.source, ...participants.members]);
  const members = [...others].filter((member) => member.userId !== by.userId);
  const toInvite = joinRule === "public" ? [] : members.map((member) => member.userId);
  const roomId = await createRoom(by, {
    name: room.name,
    preset: joinRule === "public" ? "public_chat" : "private_chat",
    visibility: "private",
    room_version: version,
    creation_content: { ...(room.isSpace === true ? { type: "m.space" } : {}), ...room.creation },
    power_level_content_override: { invite: inviteLevel, users: { ...creatorLevel(by, version), ...users } },
    initial_state: [joinRules(joinRule, room.allow), ...(room.state ?? [])].map(
      ({ type, stateKey = "", content }) => ({
        type,
        state_key: stateKey,
        content,
      }),
    ),
    invite: [...toInvite, ...(room.invited ?? [])],
    ...(room.isDirect === true ? { is_direct: true } : {}),
    ...(room.alias === undefined ? {} : { room_alias_name: room.alias }),
  });
  await Promise.all(members.map((member) => join(member, roomId, by.serverName)));
  return roomId;
}

/**
 * From version 12 on a creator is above all levels and must not be listed in them (rooms/v12,
 * authorization rule 9.4).
 */
function creatorLevel(by: PopulationSession, version: string): Record<string, number> {
  return version === "12" ? {} : { [by.userId]: 100 };
}

/** Content as clients write it. */
export function joinRules(joinRule: string, allow?: readonly string[]): NewState {
  const entries = allow?.map((roomId) => ({ type: "m.room_membership", room_id: roomId }));
  return {
    type: "m.room.join_rules",
    content: { join_rule: joinRule, ...(entries === undefined ? {} : { allow: entries }) },
  };
}
