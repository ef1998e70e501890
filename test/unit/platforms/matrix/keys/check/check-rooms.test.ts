import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Account } from "../../../../../../src/model/account.ts";
import type { CheckedRoom, KeyCheck } from "../../../../../../src/platforms/key-check.ts";
import { checkRooms } from "../../../../../../src/platforms/matrix/keys/check/check-rooms.ts";
import type { OpenAccount } from "../../../../../../src/platforms/matrix/open-account.ts";
import { UnreadableAccountError } from "../../../../../../src/platforms/reading.ts";
import type { Given, RecordedServer } from "../../reading/recorded-server.ts";
import {
  joinedState,
  ME,
  OTHER,
  recordedServer,
  SLIDING,
  slid,
  stateEvent,
} from "../../reading/recorded-server.ts";
import { sealed, sealedMessages } from "./sealed-events.ts";

type Answers = Record<string, Given>;

const ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";
const PUBLIC_KEY = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo";
const ENCRYPTED = stateEvent("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" });
const FORBIDDEN: Given = { status: 403, body: { errcode: "M_FORBIDDEN" } };

interface Sides {
  /** Rooms of the old account: their names and further state. */
  readonly rooms?: Record<string, readonly unknown[]>;
  readonly source?: Answers;
  readonly target?: Answers;
  readonly joined?: readonly string[];
}

function page(...chunk: unknown[]): Given {
  return { json: { chunk } };
}

/** Sessions of a room in a backup, by their first index. */
function sessions(indexes: Record<string, unknown>): Given {
  const entries = Object.entries(indexes).map(([sessionId, index]) => [
    sessionId,
    { first_message_index: index, forwarded_count: 0, is_verified: false, session_data: {} },
  ]);
  return { json: { sessions: Object.fromEntries(entries) } };
}

function messagesPath(roomId: string): string {
  return `v3/rooms/${roomId}/messages`;
}

function keysPath(roomId: string): string {
  return `v3/room_keys/keys/${roomId}`;
}

function openAccount(side: Account["side"], userId: string, { client, reader }: RecordedServer): OpenAccount {
  const account: Account = {
    ...{ owner: "@o:x", side, userId, baseUrl: "https://old.example" },
    ...{ method: "token", deviceId: null, signedInAt: 0 },
  };
  return { account, client, readable: async () => ({ userId, reader, features: SLIDING_FEATURES }) };
}

const SLIDING_FEATURES = { ...SLIDING, versions: [] };

/** The old account is in encrypted rooms, the latest one first. */
async function check(
  { rooms = {}, source = {}, target = {}, joined = [] }: Sides,
  words: string[] = [],
  botRoomIds: string[] = [],
) {
  const listed = Object.entries(rooms).map(([roomId, state], place) => [
    roomId,
    { required_state: joinedState(ENCRYPTED, ...state), timeline: [{ origin_server_ts: 10_000 - place }] },
  ]);
  const old = recordedServer(({ path }) => {
    if (path.startsWith("unstable/org.matrix.simplified_msc3575"))
      return slid(Object.fromEntries(listed) as Record<string, unknown>, listed.length);
    if (path === "v3/joined_rooms") return { json: { joined_rooms: Object.keys(rooms) } };
    return source[path];
  });
  const version = { version: "1", algorithm: ALGORITHM, auth_data: { public_key: PUBLIC_KEY }, count: 9 };
  const fresh = recordedServer(({ path }) => {
    if (path === "v3/joined_rooms") return { json: { joined_rooms: joined } };
    return target[path] ?? (path === "v3/room_keys/version" ? { json: version } : undefined);
  });
  const sides = { source: openAccount("source", ME, old), target: openAccount("target", OTHER, fresh) };
  const progress: string[] = [];
  const result = await checkRooms(
    sides,
    { rooms: words, botRoomIds, onProgress: ({ read, total }) => progress.push(`${read}/${total}`) },
    pino({ level: "silent" }),
  );
  return { result, old, fresh, progress };
}

function only({ rooms }: KeyCheck): CheckedRoom | undefined {
  expect(rooms).toHaveLength(1);
  return rooms[0];
}

const A = "!a:old.example";

describe("the messages that a new backup opens", () => {
  it.each<{ name: string; message: unknown; backup: Given; readable: number }>([
    {
      name: "from the first index on",
      message: sealed("$1", "S", 5),
      backup: sessions({ S: 5 }),
      readable: 1,
    },
    { name: "not before it", message: sealed("$1", "S", 4), backup: sessions({ S: 5 }), readable: 0 },
    {
      name: "not of another session",
      message: sealed("$1", "S", 5),
      backup: sessions({ T: 0 }),
      readable: 0,
    },
    { name: "not of a room without keys", message: sealed("$1", "S", 5), backup: sessions({}), readable: 0 },
    {
      name: "not where a server knows no key of the room",
      message: sealed("$1", "S", 5),
      backup: { status: 404, body: { errcode: "M_NOT_FOUND" } },
      readable: 0,
    },
    {
      name: "not with a malformed text",
      message: { ...sealed("$1", "S", 0), content: { session_id: "S", ciphertext: "?" } },
      backup: sessions({ S: 0 }),
      readable: 0,
    },
  ])("$name", async ({ message, backup, readable }) => {
    const { result } = await check({
      rooms: { [A]: [stateEvent("m.room.name", { name: "Alpha" })] },
      source: { [messagesPath(A)]: page(message) },
      target: { [keysPath(A)]: backup },
    });
    expect(only(result)).toEqual({ roomId: A, name: "Alpha", seen: 1, readable, hidden: "not_in_room" });
  });

  it.each<{ name: string; version: Given }>([
    { name: "no backup", version: { status: 404, body: { errcode: "M_NOT_FOUND" } } },
    { name: "another kind", version: { json: { version: "1", algorithm: "x", auth_data: {}, count: 1 } } },
    {
      name: "an empty one",
      version: {
        json: { version: "1", algorithm: ALGORITHM, auth_data: { public_key: PUBLIC_KEY }, count: 0 },
      },
    },
  ])("are none without a request for keys: $name", async ({ version }) => {
    const absent: Given = { status: 404, body: { errcode: "M_NOT_FOUND" } };
    const { result, fresh } = await check({
      rooms: { [A]: [] },
      source: { [messagesPath(A)]: page(sealed("$1", "S", 5)) },
      target: {
        "v3/room_keys/version": version,
        [`v3/user/${OTHER}/account_data/m.key_backup`]: absent,
        [`v3/user/${OTHER}/account_data/m.org.matrix.custom.backup_disabled`]: absent,
      },
    });
    expect(only(result)).toMatchObject({ seen: 1, readable: 0 });
    expect(fresh.asked.filter(({ path }) => path.includes("room_keys/keys"))).toEqual([]);
  });
});

describe("the messages that the new account's server hides", () => {
  const messages = sealedMessages(3);
  const joinedOnly = stateEvent("m.room.history_visibility", { history_visibility: "joined" });
  const shared = stateEvent("m.room.history_visibility", { history_visibility: "shared" });

  it.each<{
    name: string;
    state: unknown[];
    joined: string[];
    target: Answers;
    hidden: unknown;
    asks: number;
  }>([
    {
      name: "are unknown outside the room",
      state: [],
      joined: [],
      target: {},
      hidden: "not_in_room",
      asks: 0,
    },
    {
      name: "are none where members see everything",
      state: [shared],
      joined: [A],
      target: {},
      hidden: 0,
      asks: 0,
    },
    { name: "are none without a history setting", state: [], joined: [A], target: {}, hidden: 0, asks: 0 },
    {
      name: "are those that it leaves out",
      state: [joinedOnly],
      joined: [A],
      target: { [messagesPath(A)]: page(messages[0]) },
      hidden: 2,
      asks: 1,
    },
    {
      name: "are unknown where it refuses to show the room",
      state: [joinedOnly],
      joined: [A],
      target: { [messagesPath(A)]: FORBIDDEN },
      hidden: "unknown",
      asks: 1,
    },
  ])("$name", async ({ state, joined, target, hidden, asks }) => {
    const { result, fresh } = await check({
      rooms: { [A]: state },
      source: { [messagesPath(A)]: page(...messages) },
      target: { [keysPath(A)]: sessions({ S: 0 }), ...target },
      joined,
    });
    expect(only(result)).toMatchObject({ seen: 3, readable: 3, hidden });
    expect(fresh.asked.filter(({ path }) => path === messagesPath(A))).toHaveLength(asks);
  });
});

describe("the rooms of a check", () => {
  it("are the twenty encrypted rooms with the latest activity", async () => {
    const ids = Array.from({ length: 25 }, (_, place) => `!r${String(place)}:old.example`);
    const { result, progress } = await check({
      rooms: Object.fromEntries(ids.map((roomId) => [roomId, []])),
      source: Object.fromEntries(ids.map((roomId) => [messagesPath(roomId), page()])),
    });
    expect(result.rooms.map(({ roomId }) => roomId)).toEqual(ids.slice(0, 20));
    expect(result.rooms[0]).toMatchObject({ seen: 0, readable: 0 });
    expect(progress).toEqual(["25/25", ...Array.from({ length: 20 }, (_, read) => `${String(read + 1)}/20`)]);
  });

  it("are not the chats with the bot", async () => {
    const chat = "!chat:old.example";
    const { result } = await check(
      { rooms: { [chat]: [], [A]: [] }, source: { [messagesPath(A)]: page() } },
      [],
      [chat],
    );
    expect(only(result)).toMatchObject({ roomId: A });
  });

  it("go on where one of them cannot be read", async () => {
    const B = "!b:old.example";
    const { result } = await check({
      rooms: { [A]: [], [B]: [] },
      source: { [messagesPath(A)]: FORBIDDEN, [messagesPath(B)]: page(sealed("$1", "S", 0)) },
      target: { [keysPath(B)]: sessions({ S: 0 }) },
    });
    expect(result.rooms).toMatchObject([
      { roomId: A, seen: null, readable: 0, hidden: "unknown" },
      { roomId: B, seen: 1, readable: 1 },
    ]);
  });

  it("are those that the person names, also one that the old account has left", async () => {
    const left = "!left:old.example";
    const open = "!open:old.example";
    const alias = stateEvent("m.room.canonical_alias", { alias: "#a:old.example" });
    const { result } = await check(
      {
        rooms: { [A]: [alias], "!b:old.example": [] },
        source: {
          [messagesPath(A)]: page(),
          [messagesPath(left)]: page(sealed("$1", "S", 0)),
          [`v3/rooms/${left}/state/m.room.encryption`]: { json: { algorithm: "m.megolm.v1.aes-sha2" } },
          [`v3/rooms/${open}/state/m.room.encryption`]: FORBIDDEN,
        },
        target: { [keysPath(left)]: sessions({ S: 0 }) },
      },
      ["#a:old.example", left, open, "Family", A],
    );
    expect(result.rooms.map(({ roomId, seen }) => [roomId, seen])).toEqual([
      [A, 0],
      [left, 1],
    ]);
    expect(result.unknownRooms).toEqual([open, "Family"]);
  });
});

describe("a check cannot be made", () => {
  it.each<{ side: Account["side"]; sides: Sides }>([
    {
      side: "target",
      sides: { target: { "v3/room_keys/version": { status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } } } },
    },
    {
      side: "source",
      sides: { source: { "v3/capabilities": { status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } } } },
    },
  ])("if the session of the $side has ended", async ({ side, sides }) => {
    const error: unknown = await check(sides).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnreadableAccountError);
    expect(error).toMatchObject({ account: { side }, refusal: { code: "session_ended" } });
  });
});
