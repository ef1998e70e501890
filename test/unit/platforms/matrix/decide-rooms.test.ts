import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import { decideRooms } from "../../../../src/platforms/matrix/decide-rooms.ts";
import { readAccount } from "../../../../src/platforms/matrix/reading/read-account.ts";
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

const HELPER = "@mod:third.example";

/** A closed room in which `HELPER` may invite. Its members are not in the sync. */
const closed = {
  state: {
    events: joinedState(
      stateEvent("m.room.join_rules", { join_rule: "invite" }),
      stateEvent("m.room.power_levels", { invite: 50, users: { [HELPER]: 100 } }),
    ),
  },
  summary: { "m.joined_member_count": 3 },
};

function server(rooms: Record<string, unknown>, others: (asked: Asked) => Given | undefined) {
  return recordedServer((asked) => {
    if (asked.path === "v3/sync") return { json: { rooms: { join: rooms } } };
    if (asked.path === "v3/joined_rooms") return { json: { joined_rooms: Object.keys(rooms) } };
    return others(asked);
  });
}

async function decided(rooms: Record<string, unknown>, others: (asked: Asked) => Given | undefined) {
  const source = server(rooms, others);
  const target = server({}, ({ path }) => (path.startsWith("v3/profile/") ? { json: {} } : undefined));
  const sourceReading = await readAccount(source.reader, { userId: ME, otherUserId: OTHER, features: PLAIN });
  const targetReading = await readAccount(target.reader, { userId: OTHER, otherUserId: ME, features: PLAIN });
  const plan = await decideRooms(
    {
      source: { userId: ME, reader: source.reader, features: PLAIN },
      target: { userId: OTHER, reader: target.reader, features: PLAIN },
    },
    { source: sourceReading, target: targetReading },
    { filters: NO_FILTERS, botUserIds: [], botRoomIds: [], histories: new Map(), now: 0 },
  );
  return { plan, source };
}

const FAULTS: { name: string; given: Given }[] = [
  {
    name: "is refused, since the account has left",
    given: { status: 403, body: { errcode: "M_FORBIDDEN" } },
  },
  { name: "fails", given: { status: 500 } },
  { name: "is a page", given: { status: 502, text: "<html>" } },
  { name: "never comes", given: new UnreachableError("timeout", "old.example") },
  { name: "is too large", given: new UnreachableError("too_large", "old.example") },
  { name: "has another shape", given: "[]" },
];

describe("a second look at a room", () => {
  it.each(FAULTS)("that $name leaves that room unreadable, and the others as they are", async ({ given }) => {
    const { plan } = await decided({ "!bad": closed, "!good": closed }, ({ path }) => {
      if (path.startsWith("v3/rooms/!bad/")) return given;
      if (path.endsWith(`/m.room.member/${OTHER}`)) return { status: 404, body: { errcode: "M_NOT_FOUND" } };
      return path.startsWith("v3/rooms/!good/") ? { json: member(HELPER, "join") } : undefined;
    });
    expect(
      plan.rooms.map(({ roomId, status, reason, helpers }) => [roomId, status, reason?.code, helpers.length]),
    ).toEqual([
      ["!bad", "waiting", "unreadable", 0],
      ["!good", "needs_moderator", "no_invite_power", 1],
    ]);
  });
});

describe("replacements of upgraded rooms", () => {
  const upgraded = (to: string) => ({
    state: { events: joinedState(stateEvent("m.room.tombstone", { replacement_room: to })) },
    summary: { "m.joined_member_count": 1 },
  });

  it.each(FAULTS)("do not end a plan if a summary $name", async ({ given }) => {
    const { plan } = await decided({ "!a": upgraded("!b") }, ({ path }) =>
      path.includes("summary")
        ? given
        : path.includes("/state/")
          ? { status: 404, body: { errcode: "M_NOT_FOUND" } }
          : undefined,
    );
    expect(plan.rooms.map(({ roomId, route, successor }) => [roomId, route, successor])).toEqual([
      ["!a", "successor", "!b"],
    ]);
  });

  it("are looked at side by side, and many slow ones take a bounded number of requests", async () => {
    const rooms = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`!a${at}`, upgraded(`!b${at}`)]));
    const { source } = await decided(rooms, ({ path }) =>
      path.includes("summary")
        ? new UnreachableError("timeout", "old.example")
        : path.includes("/state/")
          ? { status: 404, body: { errcode: "M_NOT_FOUND" } }
          : undefined,
    );
    const summaries = source.asked.filter(({ path }) => path.includes("summary"));
    expect(summaries.length).toBeLessThan(40);
  });
});
