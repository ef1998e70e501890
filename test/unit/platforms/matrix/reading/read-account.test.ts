import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { KNOWN_TYPES } from "../../../../../src/platforms/matrix/categories/account-data/treatment.ts";
import { withOtherMembers } from "../../../../../src/platforms/matrix/reading/other-member.ts";
import { readAccount } from "../../../../../src/platforms/matrix/reading/read-account.ts";
import type { Asked, Given } from "./recorded-server.ts";
import {
  joinedState,
  ME,
  member,
  OTHER,
  PLAIN,
  recordedServer,
  SLIDING,
  slid,
  stateEvent,
} from "./recorded-server.ts";

const account = { userId: ME, otherUserId: OTHER, features: PLAIN };
const notFound: Given = { status: 404, body: { errcode: "M_NOT_FOUND" } };

/** No state and no account data. */
function nothing({ path }: Asked): Given | undefined {
  return path.includes("/rooms/") || path.includes("/account_data/") ? notFound : undefined;
}

const DENDRITE_SYNC: Given = {
  json: {
    next_batch: "s1",
    account_data: { events: [{ type: "m.direct", content: {} }] },
    presence: null,
    rooms: {
      join: {
        "!a": {
          state: { events: joinedState() },
          timeline: { events: [stateEvent("m.room.name", { name: "Latest" })] },
          summary: {
            "m.heroes": ["@h:x.example", 4],
            "m.joined_member_count": 2,
            "m.invited_member_count": 1,
          },
          account_data: { events: [{ type: "m.tag", content: { tags: { "m.lowpriority": {} } } }] },
        },
        "!b": { state: { events: joinedState(member(OTHER, "join")) }, account_data: null, summary: null },
      },
      invite: { "!i": { invite_state: { events: [member(ME, "invite")] } }, "!j": null },
      knock: { "!k": { knock_state: { events: [member(ME, "knock")] } } },
      leave: { "!l": {}, "!m": { state: { events: [member(ME, "ban")] } } },
    },
  },
};

function serve(
  sync: (asked: Asked) => Given | undefined,
  joined: string[],
  others: (asked: Asked) => Given | undefined = () => undefined,
  signal?: AbortSignal,
) {
  return recordedServer((asked) => {
    if (asked.path === "v3/sync") return sync(asked);
    if (asked.path === "v3/joined_rooms") return { json: { joined_rooms: joined } };
    return others(asked);
  }, signal);
}

describe("reading by one initial sync", () => {
  it("asks once, without since, and reads all rooms", async () => {
    const { reader, asked } = serve(() => DENDRITE_SYNC, ["!a", "!b"]);
    const reading = await readAccount(reader, account);
    const syncs = asked.filter(({ path }) => path === "v3/sync");
    expect(syncs).toHaveLength(1);
    expect(syncs[0]?.query.has("since")).toBe(false);
    expect(syncs[0]?.query.get("set_presence")).toBe("offline");
    expect(JSON.parse(syncs[0]?.query.get("filter") ?? "")).toMatchObject({
      presence: { types: [] },
      room: { include_leave: false, timeline: { limit: 1, types: [] }, state: { lazy_load_members: true } },
    });
    expect(reading).toMatchObject({ method: "sync", requests: 5, gaps: [] });
    expect([...reading.snapshot.rooms].map(([roomId, room]) => [roomId, room.membership])).toEqual([
      ["!a", "join"],
      ["!b", "join"],
      ["!i", "invite"],
      ["!j", "invite"],
      ["!k", "knock"],
      ["!l", "leave"],
      ["!m", "ban"],
    ]);
    expect(reading.snapshot.rooms.get("!a")).toMatchObject({
      name: { value: "Latest" },
      otherMember: { kind: "unread" },
      joinRules: { kind: "absent" },
      joinedCount: 2,
      invitedCount: 1,
      heroes: [{ userId: "@h:x.example" }],
      tags: ["m.lowpriority"],
    });
    expect(reading.snapshot.rooms.get("!b")).toMatchObject({
      otherMember: { value: { membership: "join" } },
    });
  });

  it("reads an empty account, in every form of an empty answer", async () => {
    for (const json of [
      {},
      { rooms: null, account_data: null },
      { rooms: { join: null, invite: {} } },
      { rooms: [] },
    ]) {
      const { reader } = serve(() => ({ json }), []);
      const reading = await readAccount(reader, account);
      expect(reading.snapshot.rooms.size).toBe(0);
      expect(reading.method).toBe("sync");
    }
  });

  it("then asks for the other account's membership only if no answer showed it", async () => {
    const { reader, asked } = serve(
      () => DENDRITE_SYNC,
      ["!a", "!b"],
      ({ path }) => (path.includes("/state/") ? notFound : undefined),
    );
    const { snapshot } = await readAccount(reader, account);
    const other = { ...snapshot, userId: OTHER, rooms: new Map() };
    const filled = await withOtherMembers(reader, snapshot, other);
    expect(asked.filter(({ path }) => path.includes("/state/")).map(({ path }) => path)).toEqual([
      `v3/rooms/!a/state/m.room.member/${OTHER}`,
    ]);
    expect(filled.rooms.get("!a")?.otherMember).toEqual({ kind: "absent" });
    const seen = { ...other, rooms: new Map([...snapshot.rooms].slice(0, 1)) };
    expect(await withOtherMembers(reader, snapshot, seen)).toBe(snapshot);
    // A room that the other account has left may have banned it.
    const left = new Map(
      [...seen.rooms].map(([id, room]) => [id, { ...room, membership: "leave" as const }]),
    );
    expect(await withOtherMembers(reader, snapshot, { ...seen, rooms: left })).not.toBe(snapshot);
  });

  it("is used if sliding sync is announced but does not work", async () => {
    for (const broken of [notFound, { status: 500 }, "[]", { json: { pos: "1" } }] satisfies Given[]) {
      const { reader } = recordedServer(({ path }) => {
        if (path.endsWith("simplified_msc3575/sync")) return broken;
        if (path === "v3/sync") return DENDRITE_SYNC;
        return path === "v3/joined_rooms" ? { json: { joined_rooms: ["!a", "!b"] } } : undefined;
      });
      expect((await readAccount(reader, { ...account, features: SLIDING })).method).toBe("sync");
    }
  });
});

describe("reading room by room", () => {
  const state: Record<string, Given> = {
    "m.room.create": { json: stateEvent("m.room.create", { type: "m.space", room_version: "9" }) },
    "m.room.name": { json: { name: "Club" } },
    [`m.room.member/${ME}`]: { json: member(ME, "join") },
  };
  const pieces = ({ path }: Asked): Given | undefined => {
    if (path === "v1/rooms/!a/hierarchy")
      return {
        json: {
          rooms: [
            { room_id: "!a", children_state: [stateEvent("m.space.child", { via: ["x.example"] }, "!b")] },
          ],
        },
      };
    const [, wanted = ""] = path.split("v3/rooms/!a/state/");
    return path.startsWith("v3/rooms/!a/state/") ? (state[wanted] ?? notFound) : undefined;
  };

  it("asks for each piece if there is no sync at all, and reports the gaps", async () => {
    const account_data = (asked: Asked): Given | undefined => {
      if (asked.path.endsWith("account_data/m.direct")) return { json: { "@x:y.example": ["!a"] } };
      if (asked.path.endsWith("!a/tags")) return { json: { tags: null } };
      return asked.path.includes("account_data") ? notFound : pieces(asked);
    };
    const { reader, asked } = serve(() => notFound, ["!a"], account_data);
    const reading = await readAccount(reader, account);
    expect(reading).toMatchObject({ method: "per_room", gaps: ["pending_rooms", "further_account_data"] });
    expect(reading.snapshot.rooms.get("!a")).toMatchObject({
      membership: "join",
      name: { value: "Club" },
      joinRules: { kind: "absent" },
      otherMember: { kind: "absent" },
      spaceChildren: ["!b"],
    });
    expect(reading.snapshot.accountData.get("m.direct")).toEqual({ "@x:y.example": ["!a"] });
    expect(asked.filter(({ path }) => path.includes("/rooms/!a/state/"))).toHaveLength(13);
  });

  it("still reads invitations from a sync without the rooms' state if the whole is too large", async () => {
    const large = new UnreachableError("too_large", "h");
    const isWhole = ({ query }: Asked) => query.get("filter")?.includes("m.room.create") === true;
    const { reader } = serve(
      (asked) => (isWhole(asked) ? large : DENDRITE_SYNC),
      ["!a"],
      (asked) =>
        asked.path === "v3/rooms/!a/state"
          ? { json: joinedState(member("@h:x.example", "join")) }
          : pieces(asked),
    );
    const reading = await readAccount(reader, account);
    expect(reading).toMatchObject({ method: "per_room", gaps: [] });
    expect(reading.snapshot.rooms.get("!i")?.membership).toBe("invite");
    expect(reading.snapshot.rooms.get("!a")).toMatchObject({
      joinRules: { kind: "absent" },
      joinedCount: 2,
      tags: ["m.lowpriority"],
    });
  });

  it.each<[string, Given]>([
    ["is refused without a reason", { status: 404, body: {} }],
    ["is refused", { status: 403, body: { errcode: "M_FORBIDDEN" } }],
    ["fails", { status: 500, body: {} }],
    ["is a page", { status: 404, text: "<html>" }],
    ["is cut", "{"],
    ["never comes", new UnreachableError("timeout", "h")],
    ["is too large", new UnreachableError("too_large", "h")],
    [
      "names a problem of an account of another server",
      { status: 403, body: { errcode: "M_USER_SUSPENDED" } },
    ],
  ])("has one unreadable room if a piece of it %s", async (_, given) => {
    const one = (asked: Asked) => {
      if (asked.path.endsWith("/!a/state/m.room.server_acl")) return given;
      if (asked.path.includes("/rooms/!b/state/m.room.create")) return { json: { room_version: "9" } };
      return pieces(asked) ?? nothing(asked);
    };
    const { reader } = serve(() => notFound, ["!a", "!b"], one);
    const { snapshot, unreadableRoomIds } = await readAccount(reader, account);
    expect(unreadableRoomIds).toEqual(["!a"]);
    expect(snapshot.rooms.get("!a")).toMatchObject({ membership: "join", powerLevels: { kind: "unread" } });
    expect(snapshot.rooms.get("!b")).toMatchObject({ membership: "join", powerLevels: { kind: "absent" } });
  });

  it("ends if the account is suspended", async () => {
    const suspended: Given = { status: 403, body: { errcode: "M_USER_SUSPENDED" } };
    const one = (asked: Asked) =>
      asked.path.endsWith("whoami") || asked.path.endsWith("m.room.create") ? suspended : nothing(asked);
    const { reader } = serve(() => notFound, ["!a"], one);
    await expect(readAccount(reader, account)).rejects.toMatchObject({ errcode: "M_USER_SUSPENDED" });
  });

  it("takes a bounded number of requests if no room is shown in time", async () => {
    const joined = Array.from({ length: 300 }, (_, index) => `!r${index}`);
    const hanging = ({ path }: Asked) =>
      path.includes("/state/") ? new UnreachableError("timeout", "h") : undefined;
    const { reader, asked } = serve(() => DENDRITE_SYNC, joined, hanging);
    const { unreadableRoomIds } = await readAccount(reader, account);
    expect(unreadableRoomIds).toEqual(joined);
    expect(asked.filter(({ path }) => path.includes("/state/")).length).toBeLessThan(30);
  });

  it("reads the sender of a creation from the whole state if the server sends no whole events", async () => {
    const content = { room_version: "12" };
    const one = (asked: Asked): Given | undefined => {
      if (asked.path.endsWith("state/m.room.create")) return { json: content };
      if (asked.path === "v3/rooms/!a/state") return { json: [stateEvent("m.room.create", content)] };
      return nothing(asked);
    };
    const { reader } = serve(() => notFound, ["!a"], one);
    const { snapshot } = await readAccount(reader, account);
    expect(snapshot.rooms.get("!a")?.create).toMatchObject({ value: { sender: ME } });
  });

  it("cannot read a room whose creator nobody names", async () => {
    const one = (asked: Asked): Given | undefined =>
      asked.path.endsWith("state/m.room.create") ? { json: { room_version: "12" } } : nothing(asked);
    const { reader } = serve(() => notFound, ["!a"], one);
    expect((await readAccount(reader, account)).unreadableRoomIds).toEqual(["!a"]);
  });

  it("reads large account data, and leaves out what is larger than any", async () => {
    const emotes = { images: { a: { url: "x".repeat(1_200_000) } } };
    const one = (asked: Asked): Given | undefined => {
      if (asked.path.endsWith("/im.ponies.user_emotes")) return { json: emotes };
      return asked.path.endsWith("/m.policies") ? new UnreachableError("too_large", "h") : nothing(asked);
    };
    const { reader } = serve(() => notFound, [], one);
    const { snapshot, unreadableAccountData } = await readAccount(reader, account);
    expect(snapshot.accountData.get("im.ponies.user_emotes")).toEqual(emotes);
    expect(unreadableAccountData).toEqual([{ roomId: null, type: "m.policies" }]);
  });

  it("asks for every type that the bot is known to move", async () => {
    const { reader, asked } = serve(() => notFound, ["!a"], nothing);
    await readAccount(reader, account);
    const types = new Set(asked.map(({ path }) => path.split("/account_data/")[1]));
    expect(KNOWN_TYPES.filter((type) => !types.has(type))).toEqual([]);
  });
});

describe("a reading that fails", () => {
  it.each<[string, Given]>([
    ["v3/capabilities", { status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } }],
    ["v3/pushrules/", { status: 500 }],
    ["v3/joined_rooms", { status: 502 }],
    ["v3/sync", { status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } }],
    ["v3/sync", new UnreachableError("refused", "h")],
  ])("throws what %s threw and returns nothing", async (path, given) => {
    const { reader } = recordedServer((asked) => {
      if (asked.path === path) return given;
      if (asked.path === "v3/sync") return DENDRITE_SYNC;
      return asked.path === "v3/joined_rooms" ? { json: { joined_rooms: [] } } : undefined;
    });
    await expect(readAccount(reader, account)).rejects.toThrow();
  });

  it("waits out limits and temporary failures and counts each request", async () => {
    const failures: Given[] = [
      { status: 429, headers: { "retry-after": "3" } },
      { status: 503 },
      new UnreachableError("reset", "h"),
    ];
    const { reader, waits } = serve(() => failures.shift() ?? DENDRITE_SYNC, ["!a", "!b"]);
    const reading = await readAccount(reader, account);
    expect(waits).toEqual([3_000, 1_000, 2_000]);
    expect(reading.requests).toBe(8);
  });

  it("ends when it is aborted in the middle", async () => {
    const ending = new AbortController();
    const { reader, asked } = serve(
      () => {
        ending.abort();
        return { status: 500 };
      },
      [],
      undefined,
      ending.signal,
    );
    await expect(readAccount(reader, account)).rejects.toMatchObject({ reason: "aborted" });
    expect(asked.filter(({ path }) => path === "v3/sync")).toHaveLength(1);
  });
});

describe("sliding sync of an account without rooms", () => {
  it("is one request", async () => {
    const { reader } = recordedServer(({ path }) =>
      path.endsWith("simplified_msc3575/sync")
        ? slid({}, 0)
        : path === "v3/joined_rooms"
          ? { json: {} }
          : undefined,
    );
    expect((await readAccount(reader, { ...account, features: SLIDING })).requests).toBe(5);
  });
});
