import { describe, expect, it } from "vitest";
import type { RouteRefusal } from "../../../../../src/model/route-refusals.ts";
import type { WatchedRoom } from "../../../../../src/platforms/matrix/watch/access-change.ts";
import { content, NOT_FOUND } from "../../../../support/fakes/scripted-context.ts";
import {
  ANSWERED,
  NOTHING,
  OPEN,
  PUBLIC,
  SOURCE_IN,
  SYNC,
  acl,
  answeredTo,
  changeIn,
  event,
  look,
  openThrough,
  refusalOf,
  rule,
  target,
  watched,
  withoutFacts,
} from "../../../../support/fakes/watched-rooms.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

describe("a look by sliding sync", () => {
  it("is one request to each account for all rooms, and takes nothing from a client of the person", async () => {
    const ids = ["!a", "!b", "!c"];
    const rooms = Object.fromEntries(ids.map((id) => [id, { required_state: [SOURCE_IN, rule("invite")] }]));
    const { sent, changes, sides } = await look(
      { [`source POST ${SYNC}`]: content({ pos: "1", rooms }), [`target POST ${SYNC}`]: NOTHING },
      ids.map((id) => watched(id)),
    );
    expect([changes, sides]).toEqual([new Map(), { source: ANSWERED, target: ANSWERED }]);
    const subscription = (required_state: unknown) => ({ required_state, timeline_limit: 0 });
    const bySource = subscription([
      ["m.room.member", TARGET],
      ["m.room.member", SOURCE],
      ["m.room.join_rules", ""],
      ["m.room.server_acl", ""],
    ]);
    const byTarget = subscription([["m.room.member", TARGET]]);
    expect(sent.map(({ side, body }) => ({ side, body }))).toEqual([
      {
        side: "source",
        body: {
          conn_id: expect.stringMatching(/^migrator-watch-/),
          room_subscriptions: { "!a": bySource, "!b": bySource, "!c": bySource },
          extensions: {},
        },
      },
      {
        side: "target",
        body: {
          conn_id: expect.stringMatching(/^migrator-watch-/),
          lists: { invites: expect.objectContaining({ ranges: [[0, 499]], filters: { is_invite: true } }) },
          room_subscriptions: { "!a": byTarget, "!b": byTarget, "!c": byTarget },
          extensions: {},
        },
      },
    ]);
    expect(sent.map(({ query }) => [...query])).toEqual([[["timeout", "0"]], [["timeout", "0"]]]);
  });

  it("sends nothing without rooms", async () => {
    expect((await look({}, [])).lines).toEqual([]);
  });

  it.each<{
    name: string;
    state: readonly unknown[];
    room?: Partial<WatchedRoom>;
    change: object | undefined;
  }>([
    { name: "an invitation", state: [target("invite"), rule("invite")], change: OPEN },
    { name: "the target inside", state: [target("join"), rule("invite")], change: { kind: "joined" } },
    { name: "a ban", state: [target("ban"), rule("public")], change: { kind: "banned" } },
    {
      name: "nothing in a room that is known to ban the target",
      state: [target("ban")],
      room: { reason: "target_banned" },
      change: undefined,
    },
    {
      name: "the end of a ban",
      state: [target("leave"), rule("invite")],
      room: { reason: "target_banned" },
      change: { kind: "unbanned" },
    },
    {
      name: "a public room after a ban",
      state: [target("leave"), rule("public")],
      room: { reason: "target_banned" },
      change: PUBLIC,
    },
    { name: "a public room", state: [rule("public")], change: PUBLIC },
    {
      name: "a room open through one the target is in",
      state: [rule("restricted", ["!x", "!in"])],
      change: openThrough("!in"),
    },
    {
      name: "the same with knocking",
      state: [rule("knock_restricted", ["!in"])],
      change: openThrough("!in"),
    },
    {
      name: "nothing in a room open through one the target is not in",
      state: [rule("restricted", ["!x"])],
      change: undefined,
    },
    {
      name: "nothing where a knock waits",
      state: [target("knock", { sender: TARGET }), rule("knock")],
      room: { hasKnocked: true },
      change: undefined,
    },
    {
      name: "a declined knock",
      state: [target("leave"), rule("knock")],
      room: { hasKnocked: true },
      change: { kind: "knock_declined" },
    },
    {
      name: "nothing where the account withdrew its knock itself",
      state: [target("leave", { sender: TARGET }), rule("knock")],
      room: { hasKnocked: true },
      change: undefined,
    },
    {
      name: "nothing where somebody removed the account before its knock",
      state: [target("leave", { sentAt: 5 }), rule("knock")],
      room: {
        hasKnocked: true,
        facts: answeredTo({ member: { value: `leave ${ADMIN}`, sentAt: 5, position: null } }),
      },
      change: undefined,
    },
    { name: "nothing without join rules", state: [], change: undefined },
    {
      name: "nothing where join rules cannot be read",
      state: [event("m.room.join_rules", [])],
      change: undefined,
    },
    {
      name: "nothing where an ACL shuts the target's server out",
      state: [rule("public"), acl(["new.example"])],
      room: { reason: "server_acl" },
      change: undefined,
    },
    {
      name: "an ACL that no longer shuts the target's server out",
      state: [rule("invite"), acl(["other.example"])],
      room: { reason: "server_acl" },
      change: { kind: "acl_lifted" },
    },
    {
      name: "an ACL that is gone",
      state: [rule("invite")],
      room: { reason: "server_acl" },
      change: { kind: "acl_lifted" },
    },
    {
      name: "an ACL that no longer shuts the source's server out",
      state: [rule("invite"), acl([])],
      room: { reason: "source_server_acl" },
      change: { kind: "acl_lifted" },
    },
    {
      name: "nothing where an ACL still shuts the source's server out",
      state: [rule("invite"), acl(["old.example"])],
      room: { reason: "source_server_acl" },
      change: undefined,
    },
    {
      name: "nothing in a public room from which somebody removed the target",
      state: [rule("public"), target("leave")],
      room: { wasRemoved: true },
      change: undefined,
    },
    {
      name: "an invitation after somebody removed the target",
      state: [rule("public"), target("invite")],
      room: { wasRemoved: true },
      change: OPEN,
    },
  ])("shows $name", async ({ state, room, change }) => {
    expect(await changeIn(state, room, { inside: ["!in"] })).toEqual(change);
  });

  const invited = (sentAt: number) => ({ member: { value: `invite ${ADMIN}`, sentAt, position: null } });
  const isPublic = (sentAt: number) => ({ joinRule: { value: "public", sentAt, position: null } });
  it.each<{ name: string; refusal: RouteRefusal; state: readonly unknown[]; change: object | undefined }>([
    {
      name: "the same invitation",
      refusal: refusalOf("accept_invite", answeredTo(invited(5))),
      state: [target("invite", { sentAt: 5 })],
      change: undefined,
    },
    {
      name: "the same invitation, sent again",
      refusal: refusalOf("accept_invite", answeredTo(invited(5))),
      state: [target("invite", { sentAt: 9 })],
      change: OPEN,
    },
    {
      name: "an invitation by somebody else",
      refusal: refusalOf("accept_invite", answeredTo(invited(5))),
      state: [target("invite", { sentAt: 5, sender: "@other:old.example" })],
      change: OPEN,
    },
    {
      name: "an invitation after a join was refused",
      refusal: refusalOf("join", answeredTo(isPublic(5))),
      state: [rule("public", [], { sentAt: 5 }), target("invite")],
      change: OPEN,
    },
    {
      name: "the same public room",
      refusal: refusalOf("join", answeredTo(isPublic(5))),
      state: [rule("public", [], { sentAt: 5 })],
      change: undefined,
    },
    {
      name: "a room made public again",
      refusal: refusalOf("join", answeredTo(isPublic(5))),
      state: [rule("public", [], { sentAt: 9 })],
      change: PUBLIC,
    },
    {
      name: "a public room with another ACL",
      refusal: refusalOf(
        "join",
        answeredTo({ ...isPublic(5), serverAcl: { value: "none", sentAt: null, position: null } }),
      ),
      state: [rule("public", [], { sentAt: 5 }), acl(["other.example"])],
      change: PUBLIC,
    },
    {
      name: "an older row, and an invitation from before",
      refusal: { ...refusalOf("accept_invite", null), at: 7 },
      state: [target("invite", { sentAt: 5 })],
      change: undefined,
    },
    {
      name: "an older row, and an invitation since",
      refusal: { ...refusalOf("accept_invite", null), at: 7 },
      state: [target("invite", { sentAt: 9 })],
      change: OPEN,
    },
  ])("weighs a refusal against $name", async ({ refusal, state, change }) => {
    expect(await changeIn(state, { refusals: [refusal] })).toEqual(change);
  });

  it("leaves a room alone for a day that was refused three times, however it changes", async () => {
    const refusals = [1, 2, 3].map((at) => ({ ...refusalOf("join", answeredTo(isPublic(at))), at }));
    const state = [rule("public", [], { sentAt: 9 })];
    expect(await changeIn(state, { refusals }, { now: 10 })).toBeUndefined();
    expect(await changeIn(state, { refusals }, { now: 2 * 24 * 3_600_000 })).toEqual(PUBLIC);
  });

  it("does not believe the state of a room that the source has left", async () => {
    const left = event("m.room.member", { membership: "leave" }, SOURCE);
    for (const state of [[left, target("invite")], [target("invite")]]) {
      const answer = content({ pos: "1", rooms: { "!a": { required_state: state } } });
      const script = { [`source POST ${SYNC}`]: answer, [`target POST ${SYNC}`]: NOTHING };
      expect((await look(script, [watched("!a")], { readsRooms: null })).changes).toEqual(new Map());
    }
  });

  it("reports no room that was not asked for, and survives junk", async () => {
    const rooms = {
      "!stranger": { required_state: [SOURCE_IN, target("invite")] },
      "!a": 7,
      "!b": { required_state: "x" },
    };
    const answer = content({ pos: "1", rooms });
    const script = { [`source POST ${SYNC}`]: answer, [`target POST ${SYNC}`]: answer };
    const { changes } = await look(script, [watched("!a"), watched("!b")], { readsRooms: null });
    expect(changes).toEqual(new Map());
  });

  it("reads a room by itself that the source's server leaves out", async () => {
    const member = (userId: string) => `source GET /rooms/!a/state/m.room.member/${userId}`;
    const script = {
      [`source POST ${SYNC}`]: NOTHING,
      [`target POST ${SYNC}`]: NOTHING,
      [member(SOURCE)]: content(SOURCE_IN.content),
      [member(TARGET)]: NOT_FOUND,
      "source GET /rooms/!a/state/m.room.join_rules": content({ join_rule: "public" }),
      "source GET /rooms/!a/state/m.room.server_acl": NOT_FOUND,
    };
    expect(withoutFacts((await look(script, [watched("!a")])).changes.get("!a"))).toEqual(PUBLIC);
    expect((await look(script, [watched("!a")], { readsRooms: null })).lines).toHaveLength(2);
  });
});
