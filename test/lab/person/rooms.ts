import type { ICreateRoomOpts, MatrixClient } from "matrix-js-sdk";
import { ClientEvent, Direction, EventType, Preset, Visibility } from "matrix-js-sdk";
import { z } from "zod";
import type { NewRoom, RoomMemberView } from "./protocol.ts";

const ROOM_ARRIVES_WITHIN_MS = 3 * 60_000;

/** Creates a room. If encryption was requested, it waits until messages are encrypted. */
export async function createRoom(client: MatrixClient, room: NewRoom, isDirect = false): Promise<string> {
  const { name, alias, invite, encrypted = false, preset, powerLevels, roomVersion } = room;
  const encryption = {
    type: "m.room.encryption",
    state_key: "",
    content: { algorithm: "m.megolm.v1.aes-sha2" },
  };
  const options: ICreateRoomOpts = {
    preset: preset === undefined ? Preset.PrivateChat : presets[preset],
    visibility: Visibility.Private,
    initial_state: encrypted ? [encryption] : [],
    ...(isDirect && { is_direct: true }),
    ...(name !== undefined && { name }),
    ...(alias !== undefined && { room_alias_name: alias }),
    ...(invite !== undefined && { invite }),
    ...(powerLevels !== undefined && { power_level_content_override: powerLevels }),
    ...(roomVersion !== undefined && { room_version: roomVersion }),
  };
  const { room_id: roomId } = await client.createRoom(options);
  await roomArrives(client, roomId, encrypted);
  return roomId;
}

const presets = {
  private_chat: Preset.PrivateChat,
  public_chat: Preset.PublicChat,
  trusted_private_chat: Preset.TrustedPrivateChat,
} as const;

const directChatsSchema = z.record(z.string(), z.array(z.string()));

/** Creates a direct chat as Element does, `m.direct` included. */
export async function createDirectChat(
  client: MatrixClient,
  userId: string,
  encrypted: boolean,
): Promise<string> {
  const roomId = await createRoom(
    client,
    { invite: [userId], encrypted, preset: "trusted_private_chat" },
    true,
  );
  const directChats = directChatsSchema
    .catch({})
    .parse(client.getAccountData(EventType.Direct)?.getContent() ?? {});
  await client.setAccountData(EventType.Direct, {
    ...directChats,
    [userId]: [...(directChats[userId] ?? []), roomId],
  });
  return roomId;
}

/**
 * Joins and waits for the room's state. Without it the client would not know that the room is
 * encrypted.
 */
export async function joinRoom(
  client: MatrixClient,
  roomIdOrAlias: string,
  viaServers: string[],
): Promise<string> {
  const { roomId } = await client.joinRoom(roomIdOrAlias, { viaServers });
  await roomArrives(client, roomId, false);
  return roomId;
}

export function membersOf(client: MatrixClient, roomId: string): RoomMemberView[] {
  const members = client.getRoom(roomId)?.getMembers() ?? [];
  return members.map(({ userId, membership, rawDisplayName, powerLevel }) => ({
    userId,
    membership: membership ?? "leave",
    displayName: rawDisplayName,
    powerLevel,
  }));
}

// The server's answer comes before the sync with the room. A message sent in between would be
// unencrypted.
function roomArrives(client: MatrixClient, roomId: string, encrypted: boolean): Promise<void> {
  function hasArrived(): boolean {
    const room = client.getRoom(roomId);
    const state = room?.getLiveTimeline().getState(Direction.Forward);
    if (room?.getMyMembership() !== "join" || !state?.getStateEvents("m.room.create", "")) return false;
    return !encrypted || room.hasEncryptionStateEvent();
  }
  if (hasArrived()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      client.off(ClientEvent.Sync, check);
      reject(new Error(`The room ${roomId} did not arrive within ${ROOM_ARRIVES_WITHIN_MS} ms`));
    }, ROOM_ARRIVES_WITHIN_MS);
    function check(): void {
      if (!hasArrived()) return;
      clearTimeout(timer);
      client.off(ClientEvent.Sync, check);
      resolve();
    }
    client.on(ClientEvent.Sync, check);
  });
}
