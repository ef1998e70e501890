import { z } from "zod";
import type { Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";

const roomAnswer = z.object({ room_id: z.string() });

/** A person with a session. */
export interface Actor {
  readonly userId: string;
  readonly accessToken: string;
  readonly server: Homeserver;
  /** @throws Error for any error status */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  createRoom(options?: Record<string, unknown>): Promise<string>;
  invite(roomId: string, userId: string): Promise<void>;
  join(roomId: string, via?: string): Promise<void>;
  setState(roomId: string, type: string, content: unknown, stateKey?: string): Promise<void>;
}

export async function actor(server: Homeserver, localpart: string): Promise<Actor> {
  const { userId, accessToken } = await server.registerUser({
    localpart,
    password: `${localpart}'s password`,
    displayName: localpart,
  });
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${server.baseUrl}/_matrix/client${path}`, {
      method,
      headers: { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.status !== 200)
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }
  return {
    userId,
    accessToken,
    server,
    call,
    createRoom: async (options = {}) =>
      roomAnswer.parse(await call("POST", "/v3/createRoom", options)).room_id,
    invite: async (roomId, invited) => {
      await call("POST", `/v3/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: invited });
    },
    join: async (roomId, via) => {
      await call(
        "POST",
        `/v3/join/${encodeURIComponent(roomId)}${via === undefined ? "" : `?via=${encodeURIComponent(via)}`}`,
        {},
      );
    },
    setState: async (roomId, type, content, stateKey = "") => {
      const path = `/v3/rooms/${encodeURIComponent(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`;
      await call("PUT", path, content);
    },
  };
}

/**
 * An old account with a room of every kind that matters to reading, a new account that is in some
 * of them, and a friend.
 */
export interface Population {
  readonly old: Actor;
  readonly target: Actor;
  readonly friend: Actor;
  /** By what is special about them. */
  readonly rooms: Readonly<Record<RoomKind, string>>;
}

export type RoomKind =
  | "plain"
  | "named"
  | "encrypted"
  | "space"
  | "restricted"
  | "knockable"
  | "withTarget"
  | "targetInvited"
  | "targetBanned"
  | "acl"
  | "upgraded"
  | "replacement"
  | "version12"
  | "dm"
  | "tagged"
  | "manyMembers"
  | "invited"
  | "invitedRemote"
  | "knocked"
  | "banned"
  | "kicked"
  | "left";

const knockRule = { type: "m.room.join_rules", state_key: "", content: { join_rule: "knock" } };

export async function populate(pair: HomeserverPair): Promise<Population> {
  const [old, friend, target, remote] = await Promise.all([
    actor(pair.old, "old"),
    actor(pair.old, "friend"),
    actor(pair.new, "target"),
    actor(pair.new, "remote"),
  ]);
  const id = encodeURIComponent;
  const plain = await old.createRoom();
  const named = await old.createRoom({
    name: "Choir",
    topic: "songs",
    room_alias_name: "choir",
    preset: "public_chat",
  });
  const encryption = {
    type: "m.room.encryption",
    state_key: "",
    content: { algorithm: "m.megolm.v1.aes-sha2" },
  };
  const encrypted = await old.createRoom({ name: "Secret", initial_state: [encryption] });
  const space = await old.createRoom({ name: "Club", creation_content: { type: "m.space" } });
  const restricted = await old.createRoom({
    name: "Members only",
    room_version: "10",
    initial_state: [
      {
        type: "m.room.join_rules",
        state_key: "",
        content: { join_rule: "restricted", allow: [{ type: "m.room_membership", room_id: space }] },
      },
    ],
  });
  await old.setState(space, "m.space.child", { via: [pair.old.serverName] }, restricted);
  await old.setState(space, "m.space.child", {}, plain);
  await old.setState(restricted, "m.space.parent", { via: [pair.old.serverName], canonical: true }, space);
  const knockable = await friend.createRoom({
    name: "Door",
    room_version: "10",
    initial_state: [knockRule],
    invite: [old.userId],
  });
  await old.join(knockable);
  const withTarget = await old.createRoom({ invite: [target.userId, friend.userId] });
  await target.join(withTarget, pair.old.serverName);
  await friend.join(withTarget);
  const targetInvited = await old.createRoom({ name: "Come", invite: [target.userId] });
  const targetBanned = await old.createRoom({ name: "No" });
  await old.call("POST", `/v3/rooms/${id(targetBanned)}/ban`, { user_id: target.userId, reason: "spam" });
  const acl = { type: "m.room.server_acl", state_key: "", content: { allow: ["*"], deny: ["evil.example"] } };
  const aclRoom = await old.createRoom({ name: "Walls", initial_state: [acl] });
  const upgraded = await old.createRoom({ name: "Before", room_version: "9" });
  await old.call("POST", `/v3/rooms/${id(upgraded)}/upgrade`, { new_version: "11" });
  const tombstone = await old.call("GET", `/v3/rooms/${id(upgraded)}/state/m.room.tombstone`);
  const replacement = z.object({ replacement_room: z.string() }).parse(tombstone).replacement_room;
  const version12 = await old.createRoom({ name: "Twelve", room_version: "12" });
  const dm = await old.createRoom({
    preset: "trusted_private_chat",
    is_direct: true,
    invite: [friend.userId],
  });
  await friend.join(dm);
  const tagged = await old.createRoom({ name: "Favourite" });
  await old.call("PUT", `/v3/user/${id(old.userId)}/rooms/${id(tagged)}/tags/m.favourite`, { order: 0.25 });
  await old.call("PUT", `/v3/user/${id(old.userId)}/rooms/${id(tagged)}/tags/u.work`, {});
  await old.call("PUT", `/v3/user/${id(old.userId)}/rooms/${id(tagged)}/account_data/m.marked_unread`, {
    unread: true,
  });
  await old.setState(
    tagged,
    "m.room.member",
    { membership: "join", displayname: "Me here", avatar_url: "mxc://a/b" },
    old.userId,
  );
  const manyMembers = await friend.createRoom({ name: "Many", preset: "public_chat" });
  await old.join(manyMembers);
  await remote.join(manyMembers, pair.old.serverName);
  const invited = await friend.createRoom({ name: "Party", invite: [old.userId] });
  const invitedRemote = await remote.createRoom({ name: "Far party", invite: [old.userId] });
  const knocked = await friend.createRoom({
    name: "Knocked",
    room_version: "10",
    initial_state: [knockRule],
  });
  await old.call("POST", `/v3/knock/${id(knocked)}`, { reason: "please" });
  const banned = await friend.createRoom({ name: "Banned", preset: "public_chat" });
  await old.join(banned);
  await friend.call("POST", `/v3/rooms/${id(banned)}/ban`, { user_id: old.userId });
  const kicked = await friend.createRoom({ name: "Kicked", preset: "public_chat" });
  await old.join(kicked);
  await friend.call("POST", `/v3/rooms/${id(kicked)}/kick`, { user_id: old.userId });
  const left = await friend.createRoom({ name: "Left", preset: "public_chat" });
  await old.join(left);
  await old.call("POST", `/v3/rooms/${id(left)}/leave`, {});
  await old.call("PUT", `/v3/user/${id(old.userId)}/account_data/m.direct`, { [friend.userId]: [dm] });
  await old.call("PUT", `/v3/user/${id(old.userId)}/account_data/m.ignored_user_list`, {
    ignored_users: { "@x:y.example": {} },
  });
  await old.call("PUT", `/v3/user/${id(old.userId)}/account_data/org.example.custom`, {
    deep: { list: [1, null] },
  });
  return {
    old,
    target,
    friend,
    rooms: {
      plain,
      named,
      encrypted,
      space,
      restricted,
      knockable,
      withTarget,
      targetInvited,
      targetBanned,
      acl: aclRoom,
      upgraded,
      replacement,
      version12,
      dm,
      tagged,
      manyMembers,
      invited,
      invitedRemote,
      knocked,
      banned,
      kicked,
      left,
    },
  };
}
