import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import type { Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";
import { joinRules } from "../../lab/population/room-fixture.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { createRoom, join as joinRoom, leave, setState, upgrade } from "../../lab/population/session.ts";
import { createBackupKeys, sessionJson, storedEntry } from "../../support/keys/backup-crypto.ts";
import { callServer } from "../../support/servers/server-api.ts";
import type { ThreePeople } from "../steps/three-people.ts";

/** One room for each guard, and rooms that pass all. All pass as long as nothing changes. */
export const ROOM_NAMES = [
  "passes",
  "target leaves",
  "target is lowered",
  "everybody asked is here",
  "shuts out the new server",
  "shuts out the old server",
  "has all keys",
  "gets another key",
  "is replaced",
  "is replaced, target leaves",
  "has less power, the other admin leaves",
  "is not moved, the others leave",
  "was created by the source",
] as const;
export type RoomName = (typeof ROOM_NAMES)[number];
export type Rooms = Readonly<Record<RoomName, string>>;

const ENCRYPTION = { type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } };
const LEVELS = "m.room.power_levels";
const ACL = "m.room.server_acl";

/** Creates the rooms, each with the three people in it. */
export async function makeRoomsToLeave(people: ThreePeople, pair: HomeserverPair): Promise<Rooms> {
  const rooms = new Map<RoomName, string>();
  await concurrently([...ROOM_NAMES], 4, async (name) => {
    rooms.set(name, await makeRoom(name, people, pair));
  });
  return Object.fromEntries(rooms) as Rooms;
}

async function makeRoom(name: RoomName, people: ThreePeople, pair: HomeserverPair): Promise<string> {
  const { source, target, admin } = people;
  const isV12 = name === "was created by the source";
  const hasLess = name === "has less power, the other admin leaves";
  const roomId = await createRoom(source, {
    preset: "private_chat",
    name,
    room_version: isV12 ? "12" : "11",
    power_level_content_override: {
      users: {
        ...(isV12 ? {} : { [source.userId]: 100 }),
        [target.userId]: hasLess ? 50 : 100,
        [admin.userId]: 100,
      },
      events: { [LEVELS]: 100 },
    },
    initial_state: [
      { ...joinRules("public"), state_key: "" },
      ...(name.includes("key") ? [{ ...ENCRYPTION, state_key: "" }] : []),
    ],
  });
  await joinRoom(admin, roomId, source.serverName);
  if (name === "is not moved, the others leave") return roomId;
  if (name.startsWith("is replaced")) {
    const newer = await upgrade(source, roomId, "11");
    await joinRoom(admin, newer, source.serverName);
    await joinRoom(target, newer, source.serverName);
    return roomId;
  }
  await joinRoom(target, roomId, source.serverName);
  if (name === "shuts out the old server") {
    // Only another server may do that. The target has less power from then on.
    await shutOut(target, roomId, pair.old);
    const levels = { users: { [source.userId]: 100, [admin.userId]: 100, [target.userId]: 50 } };
    await setState(target, roomId, { type: LEVELS, content: levels });
  }
  return roomId;
}

async function shutOut(by: PopulationSession, roomId: string, { serverName }: Homeserver): Promise<void> {
  const [host = ""] = serverName.split(":");
  await setState(by, roomId, { type: ACL, content: { allow: ["*"], deny: [host] } });
}

/** Gives both accounts a backup with the same keys of the encrypted rooms. */
export async function makeBackups(rooms: Rooms, people: ThreePeople, pair: HomeserverPair): Promise<void> {
  const entries = entriesOf([rooms["has all keys"], rooms["gets another key"]], "shared");
  for (const [server, { accessToken }] of [
    [pair.old, people.source],
    [pair.new, people.target],
  ] as const) {
    const body = {
      algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
      auth_data: { public_key: createBackupKeys().publicKey, signatures: {} },
    };
    await callServer(server, accessToken, "POST", "/_matrix/client/v3/room_keys/version", body);
    await putKeys(server, accessToken, entries);
  }
}

async function putKeys(server: Homeserver, accessToken: string, rooms: unknown): Promise<void> {
  const path = "/_matrix/client/v3/room_keys/keys?version=1";
  const { status } = await callServer(server, accessToken, "PUT", path, { rooms });
  if (status !== 200) throw new Error(`the keys were not stored: ${String(status)}`);
}

function entriesOf(roomIds: readonly string[], sessionId: string): Record<string, unknown> {
  const entry = storedEntry(createBackupKeys().publicKey, sessionJson());
  return Object.fromEntries(roomIds.map((roomId) => [roomId, { sessions: { [sessionId]: entry } }]));
}

/** What happens between the confirmation and the moment of leaving. */
export async function changeRooms(
  rooms: Rooms,
  replacement: (roomId: string) => Promise<string>,
  people: ThreePeople,
  pair: HomeserverPair,
): Promise<void> {
  const { source, target, admin } = people;
  await leave(target, rooms["target leaves"]);
  const levels = { users: { [source.userId]: 100, [admin.userId]: 100, [target.userId]: 50 } };
  await setState(target, rooms["target is lowered"], { type: LEVELS, content: levels });
  await shutOut(source, rooms["shuts out the new server"], pair.new);
  await putKeys(pair.old, source.accessToken, entriesOf([rooms["gets another key"]], "further"));
  await leave(target, await replacement(rooms["is replaced, target leaves"]));
  await leave(admin, rooms["has less power, the other admin leaves"]);
  await leave(admin, rooms["is not moved, the others leave"]);
}

/** The name of a room by its ID. */
export function nameOf(rooms: Rooms, roomId: string): RoomName | undefined {
  return ROOM_NAMES.find((name) => rooms[name] === roomId);
}
