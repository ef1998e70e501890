import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import type { FileRoom } from "../../../../src/model/room-file.ts";
import type { RouteRefusal } from "../../../../src/model/route-refusals.ts";
import type { Reason, Route, Status } from "../../../../src/model/routes.ts";
import { entrySteps } from "../../../../src/platforms/matrix/planning/room-steps.ts";
import { RecentLooks } from "../../../../src/platforms/matrix/reading/recent-looks.ts";
import type { World } from "./decided-by-files.ts";
import {
  ANN,
  DEAD,
  GONE,
  ROOM,
  SPACE,
  decided,
  invited,
  joined,
  room,
  rowOf,
  summary,
} from "./decided-by-files.ts";
import { ME, OTHER } from "./reading/recorded-server.ts";

interface Case extends Omit<World, "rooms"> {
  name: string;
  room?: Partial<FileRoom>;
  others?: readonly FileRoom[];
  route: Route;
  status?: Status;
  reason?: Reason["code"];
  helpers?: readonly string[];
  through?: string;
  isTried?: boolean;
}

const TABLE: Case[] = [
  { name: "joined", target: { join: { [ROOM]: joined } }, route: "joined", status: "done" },
  { name: "invited", target: { invite: { [ROOM]: invited } }, route: "accept_invite", status: "planned" },
  { name: "shown as public", summaries: { [ROOM]: summary("public") }, route: "join", status: "planned" },
  {
    name: "public in the file, and shown as closed",
    room: { joinRule: "public", helpers: [ANN] },
    summaries: { [ROOM]: summary("invite") },
    route: "ask_moderator",
    helpers: [ANN.userId],
  },
  {
    name: "closed in the file, and shown as public",
    room: { joinRule: "invite" },
    summaries: { [ROOM]: summary("public") },
    route: "join",
    isTried: false,
  },
  {
    name: "not shown, public in the file",
    room: { joinRule: "public" },
    route: "join",
    status: "planned",
    isTried: true,
  },
  {
    name: "not shown, restricted in the file",
    room: { joinRule: "restricted", allow: ["!elsewhere:x"] },
    route: "join",
    isTried: true,
  },
  { name: "not shown, without a rule in the file", route: "join", isTried: true },
  {
    name: "not shown, with an unknown rule in the file",
    room: { joinRule: "org.example.magic" },
    route: "join",
    isTried: true,
  },
  {
    name: "not shown, without a version in the file",
    room: { version: null, joinRule: "public" },
    route: "join",
    isTried: true,
  },
  {
    name: "not shown, closed in the file",
    room: { joinRule: "invite", helpers: [GONE, ANN] },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "no_invite_power",
    helpers: [ANN.userId],
  },
  {
    name: "closed, with helpers on the dead server alone",
    room: { joinRule: "invite", helpers: [GONE] },
    route: "impossible",
    status: "skipped",
    reason: "no_helper",
  },
  { name: "closed, without helpers", room: { joinRule: "invite" }, route: "impossible", reason: "no_helper" },
  {
    name: "not shown, with knocking in the file",
    room: { joinRule: "knock", helpers: [ANN] },
    route: "knock",
    status: "planned",
    helpers: [ANN.userId],
  },
  {
    name: "shown with knocking",
    room: { helpers: [ANN] },
    summaries: { [ROOM]: summary("knock") },
    route: "knock",
  },
  {
    name: "shown with knocking, without helpers in the file",
    summaries: { [ROOM]: summary("knock") },
    route: "knock",
    status: "planned",
    helpers: [],
  },
  {
    name: "shown as closed except for members of an unknown room or who knock, without helpers",
    summaries: { [ROOM]: summary("knock_restricted", { allowed_room_ids: ["!elsewhere:x"] }) },
    route: "knock",
    status: "planned",
  },
  {
    name: "restricted, through a room of the file that is open",
    room: { joinRule: "restricted", allow: [SPACE] },
    others: [room({ roomId: SPACE })],
    summaries: {
      [ROOM]: summary("restricted", { allowed_room_ids: [SPACE] }),
      [SPACE]: summary("public", { room_type: "m.space" }),
    },
    route: "join_restricted",
    through: SPACE,
  },
  {
    name: "restricted, through a room that only the new account is in",
    summaries: { [ROOM]: summary("restricted", { allowed_room_ids: ["!mine:new.example"] }) },
    target: { join: { "!mine:new.example": joined } },
    route: "join_restricted",
    through: "!mine:new.example",
  },
  {
    name: "restricted, through a closed space with a helper",
    others: [room({ roomId: SPACE, joinRule: "invite", helpers: [ANN] })],
    summaries: { [ROOM]: summary("restricted", { allowed_room_ids: [SPACE] }), [SPACE]: summary("invite") },
    route: "ask_moderator",
    reason: "space_unreachable",
    through: SPACE,
    helpers: [ANN.userId],
  },
  {
    name: "of a version that the new server does not know",
    room: { version: "99", joinRule: "public" },
    route: "impossible",
    reason: "room_version",
  },
  {
    name: "only invited, with the inviter in the file",
    room: { membership: "invite", joinRule: "invite", helpers: [ANN] },
    route: "ask_moderator",
    reason: "source_not_joined",
    helpers: [ANN.userId],
  },
  {
    name: "replaced, and the replacement is shown as public",
    room: { successor: "!next:third.example" },
    summaries: { "!next:third.example": summary("public") },
    route: "successor",
    status: "planned",
  },
  {
    name: "replaced, and nothing shows the closed replacement",
    room: { joinRule: "invite", successor: "!next:third.example", helpers: [ANN] },
    route: "successor",
  },
  {
    name: "named by an alias that no server resolves",
    room: { roomId: "#gone:old.example", alias: "#gone:old.example" },
    route: "impossible",
    reason: "unreachable_server",
  },
];

describe("a room of an old account that only files describe", () => {
  it.each(TABLE)("$name: $route", async ({ room: changes = {}, others = [], ...expected }) => {
    const { plan } = await decided({ ...expected, rooms: [room(changes), ...others] });
    const row = rowOf(plan.rooms, changes.roomId ?? ROOM);
    expect(row.route).toBe(expected.route);
    if (expected.status !== undefined) expect(row.status).toBe(expected.status);
    if (expected.reason !== undefined) expect(row.reason?.code).toBe(expected.reason);
    if (expected.helpers !== undefined)
      expect(row.helpers.map(({ userId }) => userId)).toEqual(expected.helpers);
    if (expected.through !== undefined) expect(row.through).toBe(expected.through);
    if (expected.isTried !== undefined)
      expect(plan.triedRoomIds).toEqual(expected.isTried ? [row.roomId] : []);
    expect(row.via).not.toContain(DEAD);
    expect(plan.rooms.map(({ roomId }) => roomId)).toEqual(
      [room(changes), ...others].map(({ roomId }) => roomId),
    );
  });

  it("that is restricted is tried even if the room that opens it is not entered", async () => {
    const rooms = [room({ joinRule: "restricted", allow: [SPACE] }), room({ roomId: SPACE })];
    const { plan } = await decided({ rooms });
    expect(rowOf(plan.rooms)).toMatchObject({
      route: "join_restricted",
      routes: ["join_restricted", "join", "ask_moderator"],
      through: SPACE,
      isTry: true,
    });
    expect(entrySteps(rowOf(plan.rooms), "join_restricted")).toMatchObject([{ payload: { isTry: true } }]);
  });

  it("is tried once: a refused try is not planned again", async () => {
    const { plan: first } = await decided({ rooms: [room({ helpers: [ANN] })] });
    const refusal: RouteRefusal = {
      ...{ route: "join", code: "refused", who: "room", serverText: "You are not invited", at: 0 },
      facts: rowOf(first.rooms).facts,
    };
    const { plan } = await decided({ rooms: [room({ helpers: [ANN] })], refusals: [refusal] });
    expect(rowOf(plan.rooms)).toMatchObject({ route: "ask_moderator", reason: { code: "refused" } });
    expect(plan.triedRoomIds).toEqual([]);
  });

  it("is planned again after a refused try, once a server shows that it is open", async () => {
    const rooms = [room({ joinRule: "public", helpers: [ANN] })];
    const { plan: first } = await decided({ rooms });
    const refusal: RouteRefusal = {
      ...{ route: "join", code: "unreachable_server", who: "room", serverText: null, at: 0 },
      facts: rowOf(first.rooms).facts,
    };
    const { plan } = await decided({
      rooms,
      refusals: [refusal],
      summaries: { [ROOM]: summary("public") },
    });
    expect(rowOf(plan.rooms)).toMatchObject({ route: "join", status: "planned" });
  });

  it("that was replaced has the server of its replacement as a way in", async () => {
    const { plan } = await decided({ rooms: [room({ successor: "!next:fourth.example" })] });
    expect(rowOf(plan.replacements, "!next:fourth.example").via).toEqual(["third.example", "fourth.example"]);
  });

  it("has the servers of its ID, its helpers and the file as ways in, without the dead one", async () => {
    const rooms = [
      room({
        roomId: "!x:fourth.example",
        via: [DEAD, "third.example", "10.0.0.1"],
        helpers: [GONE, { ...ANN, userId: "@ann:fifth.example" }],
      }),
    ];
    const { plan } = await decided({ rooms });
    expect(rowOf(plan.rooms, "!x:fourth.example").via).toEqual([
      "third.example",
      "fifth.example",
      "fourth.example",
      "10.0.0.1",
    ]);
  });

  it("names at most ten helpers in the order of the file, bots and the two accounts left out", async () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ ...ANN, userId: `@p${index}:third.example` }));
    const others = [ME, OTHER, "@mover:bot.example", "@draupnir:third.example"].map((userId) => ({
      ...ANN,
      userId,
    }));
    const { plan } = await decided({ rooms: [room({ joinRule: "invite", helpers: [...others, ...many] })] });
    const row = rowOf(plan.rooms);
    expect(row.helpers.map(({ userId }) => userId)).toEqual(many.slice(0, 10).map(({ userId }) => userId));
    expect(row.moreHelpers).toBe(2);
  });

  it("gives its power to nobody, and nothing is missing because of it", async () => {
    const { plan } = await decided({ rooms: [room({ power: 100 })], target: { join: { [ROOM]: joined } } });
    expect(rowOf(plan.rooms)).toMatchObject({
      power: { source: 100 },
      grant: { outcome: "none", isAboveDefault: false },
    });
    expect(rowOf(plan.rooms).warnings).toEqual([]);
  });
});

describe("a plan of a space", () => {
  it("covers what the new account's server shows below it", async () => {
    const link = (roomId: string) => ({ type: "m.space.child", state_key: roomId, content: { via: ["x"] } });
    const { plan } = await decided({
      rooms: [room(), room({ roomId: SPACE }), room({ roomId: "!other:x.example" })],
      hierarchies: { [SPACE]: [{ room_id: SPACE, children_state: [link(ROOM)] }] },
      filters: { ...NO_FILTERS, spaces: [SPACE] },
    });
    expect(plan.rooms.map(({ route }) => route)).toEqual(["join", "join", "excluded"]);
  });
});

describe("the looks at rooms of files", () => {
  it("ask once about each room that the new account is not in, through living servers", async () => {
    const rooms = [room(), room({ roomId: "!in:old.example" }), room({ roomId: "!asked:old.example" })];
    const target = { join: { "!in:old.example": joined }, invite: { "!asked:old.example": invited } };
    const { asked } = await decided({ rooms, target });
    expect(asked.map(({ path, query }) => `${path} ${query.getAll("via").join()}`)).toEqual([
      `v1/room_summary/${ROOM} third.example`,
    ]);
  });

  it("of the last minutes count, unless they are wanted anew", async () => {
    let now = 0;
    const recent = new RecentLooks(() => now);
    const world = {
      rooms: [room(), room({ roomId: "!b:old.example" })],
      summaries: { [ROOM]: summary("public") },
    };
    const asked = async (isAnew: boolean) => {
      const { plan, asked: requests } = await decided({ ...world, looks: recent.of("me", { isAnew }) });
      expect(plan.rooms.map(({ route }) => route)).toEqual(["join", "join"]);
      expect(plan.triedRoomIds).toEqual(["!b:old.example"]);
      return requests.length;
    };
    expect(await asked(true)).toBe(2);
    expect(await asked(false)).toBe(0);
    expect(await asked(true)).toBe(2);
    now = 15 * 60_000;
    expect(await asked(false)).toBe(2);
  });

  it("find in a space what the summaries do not say", async () => {
    const { plan } = await decided({
      rooms: [room(), room({ roomId: SPACE })],
      summaries: { [SPACE]: summary("public", { room_type: "m.space" }) },
      hierarchies: { [SPACE]: [{ room_id: ROOM, ...summary("public"), name: "From the space" }] },
    });
    expect(rowOf(plan.rooms)).toMatchObject({ route: "join", name: "From the space" });
    expect(plan.triedRoomIds).toEqual([]);
  });

  it("go on after many rooms that no server knows", async () => {
    const rooms = Array.from({ length: 60 }, (_, index) => room({ roomId: `!r${index}:old.example` }));
    const last = "!r59:old.example";
    const { plan } = await decided({ rooms, summaries: { [last]: summary("public") } });
    expect(plan.triedRoomIds).toHaveLength(59);
    expect(rowOf(plan.rooms, last).route).toBe("join");
  });
});
