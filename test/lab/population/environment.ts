import { createRoom, join } from "./session.ts";
import type { NewState, Session } from "./session.ts";

/** The version of rooms that are not about versions: servers' defaults differ (11 or 12). */
const ROOM_VERSION = "11";

/** The people of one kind's rooms; others for the next kind. */
export interface Cast {
  readonly source: Session;
  readonly target: Session;
  /** On the old server, as the following ones. */
  readonly admin: Session;
  readonly moderator: Session;
  readonly member: Session;
  /** On the new server. */
  readonly foreigner: Session;
  /** No person, though its name does not say so; on the old server. */
  readonly bridge: Session;
  /** Many people of the old server. */
  readonly crowd: readonly Session[];
  /** Members of no importance, for rooms that do not say who is in them. */
  readonly company: readonly Session[];
}

export interface NewRoom {
  /** Default: the admin. */
  readonly by?: Session;
  readonly name?: string;
  readonly version?: string;
  /** Default `invite`. One that lets nobody in is set afterwards. */
  readonly joinRule?: string;
  /** Rooms whose members a restricted room lets in. */
  readonly allow?: readonly string[];
  /** Level to invite; default 50. */
  readonly inviteLevel?: number;
  /** Levels besides the creator's 100. */
  readonly users?: Readonly<Record<string, number>>;
  /** Who joins. Default: the source and the company. */
  readonly members?: readonly Session[];
  /** Who is invited and stays so. */
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

/** Where a kind's rooms are made. */
export interface Stage {
  readonly cast: Cast;
  /** Same for the same seed, other for each kind. */
  readonly tag: string;
  room(room?: NewRoom): Promise<MadeRoom>;
}

export function openStage(cast: Cast, names: readonly string[], tag: string): Stage {
  const left = [...names];
  return {
    cast,
    tag,
    room: async (room = {}) => {
      const name = room.name ?? left.shift() ?? tag;
      return { roomId: await makeRoom(cast, { ...room, name }), name };
    },
  };
}

async function makeRoom(cast: Cast, room: NewRoom & { name: string }): Promise<string> {
  const { by = cast.admin, version = ROOM_VERSION, joinRule = "invite", inviteLevel = 50, users = {} } = room;
  const others = new Set(room.members ?? [cast.source, ...cast.company]);
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
 * From version 12 on a creator stands above all levels and must not be among them (rooms/v12,
 * authorization rule 9.4).
 */
function creatorLevel(by: Session, version: string): Record<string, number> {
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
