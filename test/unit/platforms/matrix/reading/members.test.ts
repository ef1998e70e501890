import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import type { MembersNeeded } from "../../../../../src/platforms/matrix/planning/people.ts";
import { withNeededMembers } from "../../../../../src/platforms/matrix/reading/members.ts";
import { readOutsideRoom } from "../../../../../src/platforms/matrix/reading/outside-room.ts";
import type { AccountSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import { account, sketchRoom } from "../../../../support/plans/planned-rooms.ts";
import type { Given } from "./recorded-server.ts";
import { ME, member, OTHER, PLAIN, recordedServer, SLIDING } from "./recorded-server.ts";

const notFound: Given = { status: 404, body: { errcode: "M_NOT_FOUND" } };
const users = (count: number) => Array.from({ length: count }, (_, index) => `@u${index}:x.example`);

function snapshotOf(rooms: Record<string, number>): AccountSnapshot {
  return account(
    ME,
    Object.entries(rooms).map(([roomId, joinedCount]) => sketchRoom({ roomId, joinedCount, members: {} })),
  );
}

function need(roomId: string, userIds: string[], isAnyoneNeeded = false): MembersNeeded {
  return { roomId, userIds, isAnyoneNeeded, purpose: "route" };
}

describe("withNeededMembers", () => {
  it("asks for five members of a room of 50,000 by name", async () => {
    const { reader, asked } = recordedServer(({ path }) =>
      path.endsWith("@u1:x.example")
        ? { json: member("@u1:x.example", "join", { displayname: "One" }) }
        : notFound,
    );
    const snapshot = await withNeededMembers(reader, {
      snapshot: snapshotOf({ "!big": 50_000 }),
      needs: [need("!big", users(5))],
      features: PLAIN,
    });
    expect(asked).toHaveLength(5);
    expect(asked.every(({ path }) => path.startsWith("v3/rooms/!big/state/m.room.member/"))).toBe(true);
    const members = snapshot.rooms.get("!big")?.members;
    expect(members?.get("@u1:x.example")).toEqual({
      membership: "join",
      displayName: "One",
      lastActiveAt: null,
    });
    expect(members?.get("@u0:x.example")?.membership).toBe("leave");
  });

  it("reads the list of a small room at once, but one by one if it is larger than expected", async () => {
    for (const isLarge of [false, true]) {
      const joined = Object.fromEntries(
        users(isLarge ? 200_000 : 3).map((userId) => [userId, { display_name: null }]),
      );
      const { reader, asked } = recordedServer(({ path }) =>
        path.endsWith("joined_members") ? { json: { joined } } : notFound,
      );
      const snapshot = await withNeededMembers(reader, {
        snapshot: snapshotOf({ "!r": 30 }),
        needs: [need("!r", users(4))],
        features: PLAIN,
      });
      expect(asked).toHaveLength(isLarge ? 5 : 1);
      expect(snapshot.rooms.get("!r")?.members.get("@u3:x.example")?.membership).toBe("leave");
    }
  });

  it("asks for 250 rooms in three requests by sliding sync, of members only", async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `!r${index}`);
    const { reader, asked } = recordedServer(({ body }) => ({
      json: {
        pos: "1",
        rooms: Object.fromEntries(
          Object.keys(body.room_subscriptions).map((id) => [
            id,
            { required_state: [member("@u1:x.example", "join")] },
          ]),
        ),
      },
    }));
    const snapshot = await withNeededMembers(reader, {
      snapshot: snapshotOf(Object.fromEntries(ids.map((id) => [id, 1_000]))),
      needs: ids.map((id) => need(id, users(2))),
      features: SLIDING,
    });
    expect(asked).toHaveLength(3);
    expect(asked[0]?.body.room_subscriptions["!r0"]).toEqual({
      required_state: users(2).map((userId) => ["m.room.member", userId]),
      timeline_limit: 0,
    });
    expect(asked[0]?.body.extensions).toEqual({});
    expect(
      [...(snapshot.rooms.get("!r249")?.members ?? [])].map(([userId, { membership }]) => [
        userId,
        membership,
      ]),
    ).toEqual([
      ["@u0:x.example", "leave"],
      ["@u1:x.example", "join"],
    ]);
  });

  it("reads rooms one by one that sliding sync does not answer for", async () => {
    for (const broken of [
      { json: { pos: "1", rooms: { "!other": {} } } },
      { status: 400, body: { errcode: "M_UNKNOWN" } },
    ] satisfies Given[]) {
      const { reader, asked } = recordedServer(({ path }) =>
        path.endsWith("/sync")
          ? broken
          : path.includes("/rooms/")
            ? { json: { membership: "ban" } }
            : undefined,
      );
      const snapshot = await withNeededMembers(reader, {
        snapshot: snapshotOf({ "!r": 9 }),
        needs: [need("!r", users(1))],
        features: SLIDING,
      });
      const ofRooms = asked.filter(({ path }) => !path.endsWith("whoami"));
      expect(ofRooms).toHaveLength(2);
      expect(snapshot.rooms.get("!r")?.members.get("@u0:x.example")?.membership).toBe("ban");
    }
  });

  it("reads the last member events of a large room if any member will do", async () => {
    const chunk = [
      member("@u1:x.example", "leave"),
      member("@u1:x.example", "join"),
      member("@u2:x.example", "join"),
      null,
    ];
    const { reader, asked } = recordedServer(() => ({ json: { chunk } }));
    const snapshot = await withNeededMembers(reader, {
      snapshot: snapshotOf({ "!r": 9_000 }),
      needs: [need("!r", [], true)],
      features: SLIDING,
    });
    expect(asked.map(({ path, query }) => [path, query.get("filter")])).toEqual([
      ["v3/rooms/!r/messages", '{"types":["m.room.member"]}'],
    ]);
    expect(
      [...(snapshot.rooms.get("!r")?.members ?? [])].map(([userId, { membership }]) => [userId, membership]),
    ).toEqual([
      ["@u1:x.example", "leave"],
      ["@u2:x.example", "join"],
    ]);
  });

  it("fails if the account cannot be read either", async () => {
    const { reader } = recordedServer(() => ({ status: 500 }));
    await expect(
      withNeededMembers(reader, {
        snapshot: snapshotOf({ "!r": 9 }),
        needs: [need("!r", users(1))],
        features: PLAIN,
      }),
    ).rejects.toThrow();
  });
});

describe("readOutsideRoom", () => {
  const find = async (answer: (path: string) => Given | undefined) => {
    const server = recordedServer(({ path }) => answer(path));
    const room = await readOutsideRoom(
      server.reader,
      { roomId: "!new", via: ["a.example", "b.example"] },
      snapshotOf({}),
      OTHER,
    );
    return { ...server, room };
  };
  const summary: Given = {
    json: { room_id: "!new", room_version: "11", join_rule: "knock", num_joined_members: 7 },
  };

  it("asks through the servers named", async () => {
    const { room, asked } = await find((path) => (path.startsWith("v1/room_summary") ? summary : undefined));
    expect(asked[0]?.query.getAll("via")).toEqual(["a.example", "b.example"]);
    expect(room).toMatchObject({
      joinRules: { value: { joinRule: "knock" } },
      powerLevels: { kind: "unread" },
      joinedCount: 7,
    });
  });

  it("uses the unstable path of older servers", async () => {
    const { room, asked } = await find((path) => (path.startsWith("unstable/") ? summary : undefined));
    expect(asked.map(({ path }) => path)).toEqual([
      "v1/room_summary/!new",
      "unstable/im.nheko.summary/summary/!new",
    ]);
    expect(room?.roomId).toBe("!new");
  });

  it.each<[string, Given | undefined]>([
    ["has no summaries", undefined],
    ["does not find it", notFound],
    ["may not tell", { status: 403, body: { errcode: "M_FORBIDDEN" } }],
    ["cannot reach the other server", { status: 502 }],
    ["is slow", new UnreachableError("timeout", "h")],
    ["sends a page", { status: 403, text: "<html>" }],
    ["sends too much", new UnreachableError("too_large", "h")],
    ["sends a list", "[]"],
    ["passes on that another server knows no token", { status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } }],
  ])("returns nothing if the server %s", async (_, answer) => {
    expect((await find(() => answer)).room).toBeNull();
  });

  it("is ended by an abort", async () => {
    const ending = new AbortController();
    const server = recordedServer(() => {
      ending.abort();
      return new UnreachableError("aborted", "h");
    }, ending.signal);
    const room = { roomId: "!new", via: [] };
    await expect(readOutsideRoom(server.reader, room, snapshotOf({}), OTHER)).rejects.toMatchObject({
      reason: "aborted",
    });
  });

  it("stops asking after many time-outs", async () => {
    const server = recordedServer(() => new UnreachableError("timeout", "h"));
    for (let index = 0; index < 100; index += 1)
      await readOutsideRoom(server.reader, { roomId: `!new${index}`, via: [] }, snapshotOf({}), OTHER);
    expect(server.asked).toHaveLength(24);
  });
});
