import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import type { AccountToRead } from "../../../../../src/platforms/matrix/reading/read-account.ts";
import { readAccount } from "../../../../../src/platforms/matrix/reading/read-account.ts";
import type { Asked, Given } from "./recorded-server.ts";
import {
  joinedState,
  ME,
  member,
  OTHER,
  recordedServer,
  SLIDING,
  slid,
  stateEvent,
} from "./recorded-server.ts";

const SYNC = "unstable/org.matrix.simplified_msc3575/sync";

function room(...more: unknown[]) {
  return { initial: true, required_state: joinedState(...more), joined_count: 2, invited_count: 0 };
}

/**
 * Reads from a server that gives these answers to requests for the list, one after the other.
 * @param joined the IDs of the joined rooms
 */
async function readFrom(
  answers: readonly Given[],
  joined: readonly string[],
  more: Partial<AccountToRead> = {},
  others: (asked: Asked) => Given | undefined = () => undefined,
) {
  const left = [...answers];
  const server = recordedServer((asked) => {
    if (asked.path === SYNC) return left.shift();
    if (asked.path === "v3/joined_rooms") return { json: { joined_rooms: joined } };
    return others(asked);
  });
  const reading = await readAccount(server.reader, {
    userId: ME,
    otherUserId: OTHER,
    features: SLIDING,
    ...more,
  });
  return { ...server, reading, syncs: server.asked.filter(({ path }) => path === SYNC) };
}

describe("reading by sliding sync", () => {
  it("asks for exactly what a plan needs, and takes nothing from the person's own client", async () => {
    const { syncs } = await readFrom([slid({ "!a": room() }, 1)], ["!a"]);
    expect(syncs).toHaveLength(1);
    const [first] = syncs;
    if (first === undefined) throw new Error("no request was sent");
    const { body, query } = first;
    expect(query.get("timeout")).toBe("0");
    expect(body.conn_id).toMatch(/^migrator-/);
    expect(body.extensions).toEqual({ account_data: { enabled: true } });
    expect(body.lists.rooms).toMatchObject({ ranges: [[0, 499]], timeline_limit: 0 });
    expect(body.lists.rooms.required_state).toEqual([
      ["m.room.create", ""],
      ["m.room.join_rules", ""],
      ["m.room.power_levels", ""],
      ["m.room.history_visibility", ""],
      ["m.room.server_acl", ""],
      ["m.room.tombstone", ""],
      ["m.room.encryption", ""],
      ["m.room.name", ""],
      ["m.room.canonical_alias", ""],
      ["m.room.policy", ""],
      ["io.element.functional_members", ""],
      ["m.space.child", "*"],
      ["m.space.parent", "*"],
      ["m.room.member", ME],
      ["m.room.member", OTHER],
    ]);
  });

  it("reads 1,200 rooms in three requests and reports its progress", async () => {
    const ids = Array.from({ length: 1_200 }, (_, index) => `!r${index}`);
    const page = (from: number, to: number) =>
      slid(Object.fromEntries(ids.slice(from, to).map((id) => [id, room()])), 1_200);
    const told: unknown[] = [];
    const { reading, syncs } = await readFrom([page(0, 500), page(500, 1_000), page(1_000, 1_200)], ids, {
      onProgress: (progress) => told.push(progress),
    });
    expect(syncs.map(({ body, query }) => [body.lists.rooms.ranges, query.get("pos")])).toEqual([
      [[[0, 499]], null],
      [[[0, 999]], "1"],
      [[[0, 1_499]], "1"],
    ]);
    expect(new Set(syncs.map(({ body }) => body.conn_id)).size).toBe(1);
    expect(reading.snapshot.rooms.size).toBe(1_200);
    expect(reading.requests).toBe(7);
    expect(told).toEqual([500, 1_000, 1_200].map((read) => ({ read, total: 1_200 })));
  });

  it("distinguishes joined, invited, knocked, banned and kicked rooms", async () => {
    const { reading } = await readFrom(
      [
        slid(
          {
            "!joined": room(member(OTHER, "ban")),
            "!invited": {
              invite_state: [stateEvent("m.room.create", { room_version: "9" }), member(ME, "invite")],
            },
            "!merged": { stripped_state: [member(ME, "invite")] },
            "!knocked": { invite_state: [member(ME, "knock")] },
            "!bare": { invite_state: [stateEvent("m.room.name", { name: "x" })] },
            "!said": { membership: "invite" },
            "!banned": { required_state: [stateEvent("m.room.create", {}), member(ME, "ban")] },
            "!kicked": { required_state: [stateEvent("m.room.create", {}), member(ME, "leave")] },
          },
          8,
        ),
      ],
      ["!joined"],
    );
    expect([...reading.snapshot.rooms].map(([roomId, { membership }]) => [roomId, membership])).toEqual([
      ["!joined", "join"],
      ["!invited", "invite"],
      ["!merged", "invite"],
      ["!knocked", "knock"],
      ["!bare", "invite"],
      ["!said", "invite"],
      ["!banned", "ban"],
      ["!kicked", "leave"],
    ]);
    const { rooms } = reading.snapshot;
    expect(rooms.get("!joined")).toMatchObject({
      otherMember: { value: { membership: "ban" } },
      joinRules: { kind: "absent" },
    });
    expect(rooms.get("!invited")).toMatchObject({
      otherMember: { kind: "unread" },
      joinRules: { kind: "unread" },
    });
  });

  it("keeps account data, tags and the own name in a room", async () => {
    const extensions = {
      account_data: {
        global: [
          { type: "m.direct", content: { "@a:b.example": ["!a"] } },
          { type: "org.empty", content: null },
          null,
          { type: 5 },
        ],
        rooms: {
          "!a": [
            {
              type: "m.tag",
              content: { tags: { "m.favourite": { order: 0.5 }, "u.x": null, "u.y": { order: "1" } } },
            },
            { type: "m.fully_read", content: { event_id: "$x" } },
          ],
          "!b": [{ type: "m.tag", content: { tags: null } }],
          "!c": null,
        },
      },
    };
    const own = {
      required_state: [
        stateEvent("m.room.create", {}),
        member(ME, "join", { displayname: "Me!", avatar_url: "mxc://a/b" }),
      ],
    };
    const { reading } = await readFrom([slid({ "!a": own }, 1, { extensions })], ["!a"]);
    expect([...reading.snapshot.accountData]).toEqual([
      ["m.direct", { "@a:b.example": ["!a"] }],
      ["org.empty", {}],
    ]);
    expect(reading.roomTags).toEqual(
      new Map([
        [
          "!a",
          [
            { name: "m.favourite", order: 0.5 },
            { name: "u.x", order: null },
            // As text, as some clients wrote it.
            { name: "u.y", order: 1 },
          ],
        ],
      ]),
    );
    expect(reading.roomAccountData).toEqual(
      new Map([["!a", new Map([["m.fully_read", { event_id: "$x" }]])]]),
    );
    expect(reading.roomProfiles.get("!a")).toEqual({ displayName: "Me!", avatarUrl: "mxc://a/b" });
    expect(reading.profile).toEqual({
      displayName: "Me",
      avatarUrl: null,
      fields: new Map([["m.tz", "Europe/Berlin"]]),
    });
    expect(reading.snapshot.roomVersions).toEqual(["9", "10"]);
  });

  it("starts again on a new connection when the server has forgotten the old one", async () => {
    const first = slid({ "!a": room() }, 2);
    const forgotten = { status: 400, body: { errcode: "M_UNKNOWN_POS" } };
    const { reading, syncs } = await readFrom(
      [first, forgotten, first, slid({ "!b": room() }, 2)],
      ["!a", "!b"],
      { window: 1 },
    );
    expect([...reading.snapshot.rooms.keys()]).toEqual(["!a", "!b"]);
    expect(syncs.map(({ query }) => query.get("pos"))).toEqual([null, "1", null, "1"]);
    expect(new Set(syncs.map(({ body }) => body.conn_id)).size).toBe(2);
  });

  it("asks for fewer rooms at once if an answer is too large or takes too long", async () => {
    const large = new UnreachableError("too_large", "h");
    const slow = new UnreachableError("timeout", "h");
    const { reading, syncs, waits } = await readFrom([large, slow, slid({ "!a": room() }, 1)], ["!a"]);
    expect(syncs.map(({ body }) => body.lists.rooms.ranges[0]?.[1])).toEqual([499, 99, 19]);
    expect(waits).toEqual([]);
    expect(reading.method).toBe("sliding_sync");
  });

  it("keeps a room as it was first listed when only its changes come later", async () => {
    const changed = { required_state: [stateEvent("m.room.name", { name: "new" })] };
    const pages = [slid({ "!a": room() }, 2), slid({ "!a": changed, "!b": room() }, 2)];
    const { reading } = await readFrom(pages, ["!a", "!b"], { window: 1 });
    expect(reading.snapshot.rooms.get("!a")).toMatchObject({
      membership: "join",
      create: { kind: "present" },
    });
  });

  it("reads joined rooms that the listing left out or left empty one by one", async () => {
    const others = ({ path }: Asked): Given | undefined => {
      if (path === "v3/rooms/!lost/state/m.room.create")
        return { json: stateEvent("m.room.create", { room_version: "7" }) };
      if (path === `v3/rooms/!lost/state/m.room.member/${OTHER}`) return { json: { membership: "invite" } };
      if (path === "v3/rooms/!empty/state")
        return { json: joinedState(stateEvent("m.room.name", { name: "Here" })) };
      if (path.startsWith("v3/rooms/!secret/")) return { status: 403, body: { errcode: "M_FORBIDDEN" } };
      return path.includes("/state/") ? { status: 404, body: { errcode: "M_NOT_FOUND" } } : undefined;
    };
    const listed = slid({ "!a": room(), "!empty": { membership: "join", joined_count: 2 } }, 2);
    const { reading } = await readFrom([listed], ["!a", "!empty", "!lost", "!secret"], {}, others);
    const { rooms } = reading.snapshot;
    expect(rooms.get("!lost")).toMatchObject({
      membership: "join",
      create: { value: { roomVersion: "7", sender: ME } },
      otherMember: { value: { membership: "invite" } },
      joinRules: { kind: "absent" },
    });
    expect(rooms.get("!empty")).toMatchObject({ name: { value: "Here" }, joinedCount: 2 });
    expect(rooms.get("!secret")).toMatchObject({
      membership: "join",
      create: { kind: "unread" },
      joinRules: { kind: "unread" },
    });
    expect(reading.unreadableRoomIds).toEqual(["!secret"]);
  });

  it("reads a joined room that it lists as an invitation, once", async () => {
    const others = ({ path }: Asked): Given | undefined => {
      if (path.endsWith("/state/m.room.create")) return { json: stateEvent("m.room.create", {}) };
      if (path.endsWith(`/state/m.room.member/${ME}`)) return { json: member(ME, "join") };
      return path.includes("/state/") ? { status: 404, body: { errcode: "M_NOT_FOUND" } } : undefined;
    };
    const invitation = { invite_state: [member(ME, "invite")] };
    const { reading } = await readFrom([slid({ "!a": invitation }, 1)], ["!a"], {}, others);
    expect([...reading.snapshot.rooms].map(([roomId, { membership }]) => [roomId, membership])).toEqual([
      ["!a", "join"],
    ]);
  });

  it("does not ask the target's server for members of the source's", async () => {
    const { reading, syncs } = await readFrom([slid({ "!a": room() }, 1)], ["!a"], {
      isOtherMemberNeeded: false,
    });
    const members = syncs[0]?.body.lists.rooms.required_state.filter(([type]) => type === "m.room.member");
    expect(members).toEqual([["m.room.member", ME]]);
    expect(reading.snapshot.rooms.get("!a")?.otherMember).toEqual({ kind: "unread" });
  });

  it("reads a room without the member event that the server does not send while it fetches the room", async () => {
    const hanging = ({ path }: Asked): Given | undefined => {
      if (path.endsWith("/state/m.room.create")) return { json: stateEvent("m.room.create", {}) };
      if (path.endsWith("/state") || path.endsWith(`/m.room.member/${OTHER}`))
        return new UnreachableError("timeout", "old.example");
      return path.includes("/state/") ? { status: 404, body: { errcode: "M_NOT_FOUND" } } : undefined;
    };
    const small = { membership: "join", joined_count: 2 };
    const { reading } = await readFrom(
      [slid({ "!a": small }, 1)],
      ["!a"],
      { isOtherMemberNeeded: false },
      hanging,
    );
    expect([reading.unreadableRoomIds, reading.snapshot.rooms.get("!a")?.create.kind]).toEqual([
      [],
      "present",
    ]);
  });

  it.each([
    {
      shown: "shows rooms after all",
      children: [stateEvent("m.space.child", { via: ["old.example"] }, "!a")],
      looked: 5,
    },
    { shown: "is empty", children: [], looked: 3 },
  ])(
    "looks into spaces when none of them shows a room, and into all of five when one $shown",
    async ({ children, looked }) => {
      const space = joinedState(...children).with(0, stateEvent("m.room.create", { type: "m.space" }));
      const ids = ["!s1", "!s2", "!s3", "!s4", "!s5"];
      const listed = Object.fromEntries(
        ids.map((id) => [id, { required_state: space.slice(0, 2), joined_count: 1 }]),
      );
      const others = ({ path }: Asked): Given | undefined =>
        path.endsWith("/state") ? { json: space } : undefined;
      const { reading, asked } = await readFrom([slid(listed, 5)], ids, {}, others);
      expect(asked.filter(({ path }) => path.endsWith("/state"))).toHaveLength(looked);
      expect(reading.snapshot.rooms.get("!s5")?.spaceChildren).toEqual(
        children.map((child) => child.state_key),
      );
    },
  );

  it("reads the time of the last event only when asked to", async () => {
    const active = {
      ...room(),
      bump_stamp: 77,
      timeline: [{ type: "m.room.message", origin_server_ts: 123 }],
    };
    const { reading, syncs } = await readFrom(
      [slid({ "!a": active, "!b": { ...room(), bump_stamp: 9 } }, 2)],
      ["!a", "!b"],
      {
        withLastActivity: true,
      },
    );
    expect(syncs[0]?.body.lists.rooms.timeline_limit).toBe(1);
    expect([...reading.snapshot.rooms.values()].map((each) => each.lastActivityAt)).toEqual([123, null]);
  });
});

describe("a hostile sliding-sync answer", () => {
  it("is read as far as it makes sense", async () => {
    const rooms = {
      "!null": null,
      "!text": "x",
      "!list": [1, 2],
      "!odd": {
        required_state: [
          null,
          5,
          [],
          { type: 1, state_key: "" },
          { type: "m.room.name" },
          ...joinedState({ type: "m.room.name", state_key: "", content: "x" }),
        ],
        joined_count: "many",
        invited_count: -1,
        heroes: [null, { user_id: 4 }, { user_id: "@h:x.example", displayname: { evil: 1 } }],
        timeline: "x",
      },
    };
    const { reading } = await readFrom([slid(rooms, 4, { extensions: [] })], ["!odd"]);
    expect(reading.snapshot.rooms.get("!odd")).toMatchObject({
      membership: "join",
      name: { kind: "malformed" },
      joinedCount: null,
      invitedCount: null,
      heroes: [{ userId: "@h:x.example", displayName: null }],
    });
    expect(reading.snapshot.rooms.get("!null")?.membership).toBeNull();
  });

  it("ends although it counts rooms without end", async () => {
    const endless = slid({ "!a": room() }, 1_000_000_000);
    const { reading, syncs } = await readFrom([endless, endless, endless], ["!a"]);
    expect(syncs).toHaveLength(2);
    expect(reading.snapshot.rooms.size).toBe(1);
  });

  it("may nest as deeply as it likes", async () => {
    const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
    const text = `{"pos":"1","lists":{"rooms":{"count":1}},"rooms":{"!a":{"required_state":[
      {"type":"m.room.create","state_key":"","sender":"${ME}","content":{"room_version":"9","x":${deep}}},
      {"type":"m.room.power_levels","state_key":"","content":{"users":${deep}}},
      {"type":"m.room.member","state_key":"${ME}","content":{"membership":"join","y":${deep}}}]}},
      "extensions":{"account_data":{"global":[{"type":"bad","content":${deep}},{"type":"good","content":{}}],
      "rooms":{"!a":[{"type":"worse","content":{"z":[${deep}]}}]}}}}`;
    const { reading } = await readFrom([text], ["!a"]);
    expect(reading.snapshot.rooms.get("!a")).toMatchObject({ create: { value: { roomVersion: "9" } } });
    expect([...reading.snapshot.accountData.keys()]).toEqual(["good"]);
    expect(reading.unreadableAccountData).toEqual([
      { roomId: null, type: "bad" },
      { roomId: "!a", type: "worse" },
    ]);
  });
});

describe("hostile account data", () => {
  const listing = (global: unknown[]) =>
    readFrom([slid({}, 0, { extensions: { account_data: { global } } })], []);

  it("is left out alone if it has more values than any client keeps", async () => {
    const huge = Array.from({ length: 250_000 }, () => "a text of some length");
    const { reading } = await listing([
      { type: "org.huge", content: { huge } },
      { type: "m.direct", content: { "@a:b.example": ["!a"] } },
    ]);
    expect([...reading.snapshot.accountData.keys()]).toEqual(["m.direct"]);
    expect(reading.unreadableAccountData).toEqual([{ roomId: null, type: "org.huge" }]);
  });

  it("is kept up to a size in all", async () => {
    const content = { list: Array.from({ length: 80_000 }, () => "a text of some length") };
    const { reading } = await listing(
      Array.from({ length: 9 }, (_, index) => ({ type: `org.type${index}`, content })),
    );
    expect(reading.snapshot.accountData.size).toBe(6);
    expect(reading.unreadableAccountData).toHaveLength(3);
  });
});
