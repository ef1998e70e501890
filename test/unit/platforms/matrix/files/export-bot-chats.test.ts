import { describe, expect, it } from "vitest";
import { exportData } from "../../../../../src/platforms/matrix/files/export-data.ts";
import { exportRooms } from "../../../../../src/platforms/matrix/files/export-rooms.ts";
import { CHAT_MARKER } from "../../../../../src/platforms/matrix/rooms/chat-marker.ts";
import type { Asked, Given } from "../reading/recorded-server.ts";
import {
  joinedState,
  ME,
  member,
  OTHER,
  PLAIN,
  recordedServer,
  stateEvent,
} from "../reading/recorded-server.ts";

const BOT = "@mover:bot.example";
const ANN = "@ann:third.example";

interface Sketch {
  joined: number;
  heroes?: string[];
  state?: unknown[];
}

/** The rooms of the account. Only the choir and the party are more than chats with the bot. */
const ROOMS: Record<string, Sketch> = {
  "!choir": { joined: 3, heroes: [ANN, BOT], state: [member(ANN, "join"), member(BOT, "join")] },
  "!party": { joined: 3, state: [stateEvent("m.room.name", { name: "Party" })] },
  "!listed": { joined: 2 },
  "!people": { joined: 2, heroes: [BOT] },
  "!named": { joined: 2, state: [stateEvent("m.room.name", { name: "My move" })] },
  "!three": { joined: 3, state: [stateEvent("m.room.name", { name: "Our move" })] },
  "!control": { joined: 5 },
  "!helper": { joined: 2, heroes: [ANN] },
};
const WITH_BOT = ["!listed", "!people", "!named", "!three", "!control", "!helper"];
const KEPT = ["!choir", "!party"];

/** The members whom the account's server knows besides its own, by room. */
const MEMBERS: Record<string, string[]> = {
  "!party": [BOT],
  "!named": [BOT],
  "!three": [BOT, OTHER],
};

const DIRECT = { [BOT]: ["!listed"], [ANN]: ["!helper", "!choir"], "@only:x.example": ["!helper"] };

function answer({ path }: Asked): Given | undefined {
  if (path === "v3/joined_rooms") return { json: { joined_rooms: Object.keys(ROOMS) } };
  if (path === "v3/sync") return { json: sync() };
  if (!path.includes("/state/")) return undefined;
  const [, roomId = "", userId = ""] = /^v3\/rooms\/([^/]+)\/state\/m\.room\.member\/(.+)$/u.exec(path) ?? [];
  return MEMBERS[roomId]?.includes(userId) === true
    ? { json: { membership: "join" } }
    : { status: 404, body: { errcode: "M_NOT_FOUND" } };
}

function sync(): unknown {
  const marked = stateEvent("m.room.create", { room_version: "10", [CHAT_MARKER]: "1 open_chat" });
  return {
    next_batch: "s1",
    account_data: {
      events: [
        { type: "m.direct", content: DIRECT },
        { type: "im.vector.setting.breadcrumbs", content: { recent_rooms: ["!named", "!choir"] } },
      ],
    },
    rooms: {
      join: Object.fromEntries(
        Object.entries(ROOMS).map(([roomId, { joined, heroes = [], state = [] }]) => [
          roomId,
          {
            state: { events: [...joinedState(...state), ...(roomId === "!helper" ? [marked] : [])] },
            summary: {
              "m.heroes": heroes,
              "m.joined_member_count": joined,
              "m.invited_member_count": 0,
            },
            account_data: {
              events: [
                { type: "m.tag", content: { tags: { "m.favourite": {} } } },
                { type: "m.marked_unread", content: { unread: true } },
              ],
            },
          },
        ]),
      ),
    },
  };
}

function exporting(targetUserId: string | null = OTHER) {
  const server = recordedServer(answer);
  const account = {
    ...{ owner: ME, side: "source" as const, userId: ME, baseUrl: "https://old.example" },
    ...{ method: "token" as const, deviceId: null, signedInAt: 0 },
  };
  const readable = async () => ({ userId: ME, reader: server.reader, features: PLAIN });
  const opened = { account, client: server.client, readable };
  const options = {
    ...{ generatedAt: new Date(0), botUserId: BOT, targetUserId, botRoomIds: ["!control"] },
    ...{ spokenIn: ["!party", "!named", "!three"], onProgress: () => undefined },
  };
  return { opened, options };
}

describe("what a plan leaves out as a chat with the bot", () => {
  it("is not in the file of rooms, and the bot is nobody's contact or helper", async () => {
    const { opened, options } = exporting();
    const { rooms, contacts } = await exportRooms(opened, options);
    expect(rooms.map(({ roomId }) => roomId)).toEqual(KEPT);
    expect(contacts).toEqual([{ userId: ANN, displayName: null, rooms: ["!choir"] }]);
    expect(rooms.flatMap(({ helpers }) => helpers.map(({ userId }) => userId))).toEqual([ANN]);
  });

  it("has as many members as are known to be the person's own", async () => {
    const { opened, options } = exporting(null);
    const { rooms } = await exportRooms(opened, options);
    // Without a new account, the third one of the room is somebody else.
    expect(rooms.map(({ roomId }) => roomId)).toEqual([...KEPT, "!three"]);
  });

  it("has no settings in the file of settings", async () => {
    const { opened, options } = exporting();
    const { accountData, tags, roomAccountData } = await exportData(opened, options);
    expect(Object.keys(tags)).toEqual(KEPT);
    expect(Object.keys(roomAccountData)).toEqual(KEPT);
    expect(accountData).toEqual({
      "m.direct": { [ANN]: ["!choir"] },
      "im.vector.setting.breadcrumbs": { recent_rooms: ["!choir"] },
    });
    for (const roomId of WITH_BOT) expect(JSON.stringify(accountData)).not.toContain(roomId);
  });
});
