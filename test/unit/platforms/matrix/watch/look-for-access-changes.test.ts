import { describe, expect, it } from "vitest";
import type { AccessChanges } from "../../../../../src/model/room-routes.ts";
import type { WatchedRoom } from "../../../../../src/platforms/matrix/watch/access-change.ts";
import { lookForAccessChanges } from "../../../../../src/platforms/matrix/watch/look-for-access-changes.ts";
import type { Answer, AnswerTable, ScriptedRequest } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

const SYNC = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";
const SLIDING = { unstableFeatures: { "org.matrix.simplified_msc3575": true } };
const PLAIN = { unstableFeatures: {} };

function watched(roomId: string, more: Partial<WatchedRoom> = {}): WatchedRoom {
  return { roomId, isSourceJoined: true, isBanned: false, refused: [], ...more };
}

function event(type: string, body: unknown, stateKey = "") {
  return { type, state_key: stateKey, sender: SOURCE, content: body };
}

const SOURCE_IN = event("m.room.member", { membership: "join" }, SOURCE);
const rule = (join_rule: string, ...allow: string[]) =>
  event("m.room.join_rules", {
    join_rule,
    allow: allow.map((room_id) => ({ type: "m.room_membership", room_id })),
  });
const target = (membership: string) => event("m.room.member", { membership }, TARGET);

async function look(
  script: AnswerTable,
  rooms: readonly WatchedRoom[],
  {
    features = SLIDING,
    inside = [],
  }: { features?: { unstableFeatures: Record<string, boolean> }; inside?: string[] } = {},
): Promise<{ changes: AccessChanges; sent: readonly ScriptedRequest[]; lines: string[] }> {
  const { context, requests: sent, lines } = scriptedContext(script);
  const changes = await lookForAccessChanges({
    source: { client: context.client.source, userId: SOURCE, features },
    target: { client: context.client.target, userId: TARGET, features },
    rooms,
    isJoined: (roomId) => inside.includes(roomId),
  });
  return { changes, sent, lines: lines() };
}

/** The change that one look finds in a room with this state. The source has joined it. */
async function signOf(
  state: readonly unknown[],
  more: Partial<WatchedRoom> = {},
  inside: string[] = [],
): Promise<unknown> {
  const answer = content({ pos: "1", rooms: { "!a": { required_state: state } } });
  const { changes } = await look({ [`source POST ${SYNC}`]: answer }, [watched("!a", more)], { inside });
  return changes.get("!a");
}

describe("a look by sliding sync", () => {
  it("is one request for all rooms, and takes nothing from a client of the person", async () => {
    const rooms = Object.fromEntries(
      ["!a", "!b", "!c"].map((id) => [id, { required_state: [SOURCE_IN, rule("invite")] }]),
    );
    const { sent, changes } = await look({ [`source POST ${SYNC}`]: content({ pos: "1", rooms }) }, [
      watched("!a"),
      watched("!b"),
      watched("!c"),
    ]);
    expect(changes).toEqual(new Map());
    expect(sent).toHaveLength(1);
    const required_state = [
      ["m.room.member", TARGET],
      ["m.room.member", SOURCE],
      ["m.room.join_rules", ""],
      ["m.room.server_acl", ""],
    ];
    const subscription = { required_state, timeline_limit: 0 };
    expect(sent[0]?.body).toEqual({
      conn_id: expect.stringMatching(/^migrator-watch-/),
      room_subscriptions: { "!a": subscription, "!b": subscription, "!c": subscription },
      extensions: {},
    });
    expect([...(sent[0]?.query ?? [])]).toEqual([["timeout", "0"]]);
  });

  it("sends nothing without rooms", async () => {
    expect((await look({}, [])).lines).toEqual([]);
  });

  it.each<{ name: string; state: readonly unknown[]; sign: object | undefined }>([
    {
      name: "an invitation",
      state: [target("invite"), rule("invite")],
      sign: { kind: "open", route: "accept_invite", through: null },
    },
    { name: "the target inside", state: [target("join"), rule("invite")], sign: { kind: "joined" } },
    { name: "a ban", state: [target("ban"), rule("public")], sign: { kind: "banned" } },
    { name: "a public room", state: [rule("public")], sign: { kind: "open", route: "join", through: null } },
    {
      name: "a room open through one the target is in",
      state: [rule("restricted", "!x", "!in")],
      sign: openThrough("!in"),
    },
    { name: "the same with knocking", state: [rule("knock_restricted", "!in")], sign: openThrough("!in") },
    {
      name: "a room open through one the target is not in",
      state: [rule("restricted", "!x")],
      sign: undefined,
    },
    { name: "a knock that waits", state: [target("knock"), rule("knock")], sign: undefined },
    { name: "a knock that was refused", state: [target("leave"), rule("knock")], sign: undefined },
    { name: "no join rules", state: [], sign: undefined },
    { name: "join rules that cannot be read", state: [event("m.room.join_rules", 7)], sign: undefined },
    {
      name: "an ACL that shuts the target's server out",
      state: [rule("public"), event("m.room.server_acl", { allow: ["*"], deny: ["new.example"] })],
      sign: undefined,
    },
  ])("shows $name", async ({ state, sign }) => {
    expect(await signOf([SOURCE_IN, ...state], {}, ["!in"])).toEqual(sign);
  });

  it("reports a ban once, and its end", async () => {
    expect(await signOf([SOURCE_IN, target("ban")], { isBanned: true })).toBeUndefined();
    expect(await signOf([SOURCE_IN, target("leave"), rule("invite")], { isBanned: true })).toEqual({
      kind: "unbanned",
    });
    expect(await signOf([SOURCE_IN, target("leave"), rule("public")], { isBanned: true })).toMatchObject({
      kind: "open",
    });
  });

  it("does not report a route that was refused", async () => {
    expect(await signOf([SOURCE_IN, rule("public")], { refused: ["join"] })).toBeUndefined();
    expect(await signOf([SOURCE_IN, target("invite")], { refused: ["join"] })).toMatchObject({
      route: "accept_invite",
    });
  });

  it("does not believe the state of a room that the source has left", async () => {
    expect(
      await signOf([event("m.room.member", { membership: "leave" }, SOURCE), target("invite")]),
    ).toBeUndefined();
    expect(await signOf([target("invite")])).toBeUndefined();
  });

  it("reports no room that was not asked for, and survives junk", async () => {
    const rooms = {
      "!stranger": { required_state: [SOURCE_IN, target("invite")] },
      "!a": 7,
      "!b": { required_state: "x" },
    };
    const { changes } = await look({ [`source POST ${SYNC}`]: content({ pos: "1", rooms }) }, [
      watched("!a"),
      watched("!b"),
    ]);
    expect(changes).toEqual(new Map());
  });

  it("asks the target for the rooms that the source is not in", async () => {
    const invited = { invite_state: [event("m.room.create", {}), target("invite")] };
    const told = { membership: "invite", stripped_state: [event("m.room.create", {})] };
    const rooms = {
      "!a": invited,
      "!spam": invited,
      "!b": { invite_state: [target("knock")] },
      "!told": told,
    };
    const { changes, sent } = await look({ [`target POST ${SYNC}`]: content({ pos: "1", rooms }) }, [
      watched("!a", { isSourceJoined: false }),
      watched("!b", { isSourceJoined: false }),
      watched("!c", { isSourceJoined: false }),
      watched("!told", { isSourceJoined: false }),
    ]);
    const open = { kind: "open", route: "accept_invite", through: null };
    expect(Object.fromEntries(changes)).toEqual({ "!a": open, "!told": open });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toMatchObject({
      lists: { invites: { ranges: [[0, 499]], filters: { is_invite: true }, timeline_limit: 0 } },
      extensions: {},
    });
  });
});

describe("a look without sliding sync", () => {
  const MEMBER = `source GET /rooms/!a/state/m.room.member/${TARGET}`;
  const RULES = "source GET /rooms/!a/state/m.room.join_rules";
  const ACL = "source GET /rooms/!a/state/m.room.server_acl";
  const OWN = `target GET /rooms/!a/state/m.room.member/${TARGET}`;
  const invite = content({ join_rule: "invite" });

  it.each<{ name: string; script: AnswerTable; sign: object | undefined }>([
    { name: "nothing new", script: { [MEMBER]: NOT_FOUND, [RULES]: invite }, sign: undefined },
    {
      name: "no rules at all",
      script: { [MEMBER]: content({ membership: "leave" }), [RULES]: NOT_FOUND },
      sign: undefined,
    },
    {
      name: "the target inside",
      script: { [MEMBER]: content({ membership: "join" }), [RULES]: invite },
      sign: { kind: "joined" },
    },
    {
      name: "an invitation",
      script: { [MEMBER]: content({ membership: "invite" }), [RULES]: invite, [ACL]: NOT_FOUND },
      sign: { kind: "open", route: "accept_invite", through: null },
    },
    {
      name: "a public room",
      script: { [MEMBER]: NOT_FOUND, [RULES]: content({ join_rule: "public" }), [ACL]: NOT_FOUND },
      sign: { kind: "open", route: "join", through: null },
    },
    {
      name: "a public room whose ACL shuts the server out",
      script: {
        [MEMBER]: NOT_FOUND,
        [RULES]: content({ join_rule: "public" }),
        [ACL]: content({ allow: ["old.example"] }),
      },
      sign: undefined,
    },
    { name: "a room that the source has left", script: { [MEMBER]: NOT_INSIDE }, sign: undefined },
  ])("shows $name in two requests, three where it opens", async ({ script, sign }) => {
    const { changes, lines } = await look(script, [watched("!a")], { features: PLAIN });
    expect(changes.get("!a")).toEqual(sign);
    expect(lines).toEqual(Object.keys(script));
  });

  it.each<[Answer, object | undefined]>([
    [content({ membership: "join" }), { kind: "joined" }],
    [NOT_INSIDE, undefined],
    [NOT_FOUND, undefined],
  ])("asks the target for its own membership elsewhere", async (given, sign) => {
    const { changes, lines } = await look({ [OWN]: given }, [watched("!a", { isSourceJoined: false })], {
      features: PLAIN,
    });
    expect(changes.get("!a")).toEqual(sign);
    expect(lines).toEqual([OWN]);
  });

  it("throws refusals of the server: a failed look shows nothing", async () => {
    await expect(
      look({ [MEMBER]: refused(401, "M_UNKNOWN_TOKEN") }, [watched("!a")], { features: PLAIN }),
    ).rejects.toThrow("M_UNKNOWN_TOKEN");
  });
});

function openThrough(through: string) {
  return { kind: "open", route: "join_restricted", through };
}
