import type { RoomFilters } from "../../../../src/model/filters.ts";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import type { FileRoom } from "../../../../src/model/room-file.ts";
import type { RouteRefusal } from "../../../../src/model/route-refusals.ts";
import { decideRooms } from "../../../../src/platforms/matrix/decide-rooms.ts";
import type { PlannedRoom } from "../../../../src/platforms/matrix/planning/planned-room.ts";
import { readAccount } from "../../../../src/platforms/matrix/reading/read-account.ts";
import { readingFromFiles } from "../../../../src/platforms/matrix/reading/reading-from-files.ts";
import type { LooksOfAccount } from "../../../../src/platforms/matrix/reading/recent-looks.ts";
import { NO_LOOKS } from "../../../../src/platforms/matrix/reading/recent-looks.ts";
import type { Asked, Given } from "./reading/recorded-server.ts";
import {
  joinedState,
  ME,
  member,
  OTHER,
  PLAIN,
  recordedServer,
  stateEvent,
} from "./reading/recorded-server.ts";

export const DEAD = "old.example";
export const ROOM = "!room:old.example";
export const SPACE = "!space:old.example";
export const ANN = { userId: "@ann:third.example", displayName: "Ann", power: 100 };
export const GONE = { userId: "@gone:old.example", displayName: null, power: 100 };

export function room(changes: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{
      roomId: ROOM,
      membership: "join",
      name: "Room",
      alias: null,
      aliases: [],
      via: ["third.example", DEAD],
    },
    ...{ version: "10", joinRule: null, allow: [], encrypted: null, direct: null, partner: null, tags: {} },
    ...{ power: null, memberCount: null, helpers: [], successor: null, link: null },
    ...changes,
  };
}

/** Files, and what the new account's server shows of their rooms. */
export interface World {
  rooms: readonly FileRoom[];
  /** What the new account's server shows, by room. */
  summaries?: Record<string, unknown>;
  /** The rooms of a space that the new account's server shows, by space. */
  hierarchies?: Record<string, readonly Record<string, unknown>[]>;
  /** The new account's rooms, as its server's sync has them. */
  target?: Record<string, unknown>;
  refusals?: readonly RouteRefusal[];
  filters?: RoomFilters;
  looks?: Pick<LooksOfAccount, "get" | "set">;
  /** What goes wrong instead, by the path and the number of requests for it so far. */
  faultOf?: (path: string, count: number) => Given | undefined;
}

/** The plan of an old account that only files describe. */
export async function decided({
  rooms,
  summaries = {},
  hierarchies = {},
  target = {},
  refusals = [],
  looks = NO_LOOKS,
  filters = NO_FILTERS,
  faultOf = () => undefined,
}: World) {
  const counts = new Map<string, number>();
  const answers = ({ path }: Asked): Given | undefined => {
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    const fault = faultOf(path, count);
    if (fault !== undefined) return fault;
    if (path === "v3/sync") return { json: { rooms: target } };
    if (path === "v3/joined_rooms") return { json: { joined_rooms: Object.keys(target["join"] ?? {}) } };
    if (path.startsWith("v3/profile/")) return { json: {} };
    const [, summarised] = /^v1\/room_summary\/(.*)$/u.exec(path) ?? [];
    if (summarised !== undefined) {
      const json = summaries[summarised];
      return json === undefined ? { status: 404, body: { errcode: "M_NOT_FOUND" } } : { json };
    }
    const [, space] = /^v1\/rooms\/(.*)\/hierarchy$/u.exec(path) ?? [];
    if (space !== undefined) return { json: { rooms: hierarchies[space] ?? [] } };
    return undefined;
  };
  const server = recordedServer(answers);
  const imported = { userId: ME, importedAt: 0, writtenAt: 0, rooms, contacts: [], data: null };
  const parties = { targetUserId: OTHER, botUserIds: ["@mover:bot.example"], deadServers: new Set([DEAD]) };
  const readings = {
    source: readingFromFiles(imported, parties),
    target: await readAccount(server.reader, { userId: OTHER, otherUserId: ME, features: PLAIN }),
  };
  server.asked.length = 0;
  const histories = new Map([
    [ROOM, { refusals, wasEntered: false, wasBanned: false, removedBeforeAt: null, hasKnocked: false }],
  ]);
  const plan = await decideRooms(
    { source: null, target: { userId: OTHER, reader: server.reader, features: PLAIN } },
    readings,
    { ...{ botUserIds: ["@mover:bot.example"], botRoomIds: [], histories, filters }, looks, now: 1 },
  );
  return { plan, asked: server.asked, waits: server.waits };
}

export function rowOf(rows: readonly PlannedRoom[], roomId = ROOM): PlannedRoom {
  const row = rows.find((one) => one.roomId === roomId);
  if (row === undefined) throw new Error("the room has no row");
  return row;
}

/** A summary of a room of version 10. */
export const summary = (rule: string, more: Record<string, unknown> = {}) => ({
  room_version: "10",
  join_rule: rule,
  ...more,
});

export const joined = { state: { events: joinedState(member("join", OTHER)) } };
export const invited = {
  invite_state: {
    events: [
      stateEvent("m.room.join_rules", { join_rule: "invite" }),
      { ...stateEvent("m.room.member", { membership: "invite" }), state_key: OTHER, sender: ANN.userId },
    ],
  },
};
