import { describe, expect, it } from "vitest";
import type { RawStateEvent, RoomReading } from "../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { roomSnapshot } from "../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { roomFromSummary } from "../../../../../src/platforms/matrix/rooms/room-summary.ts";
import { SOURCE, TARGET, account, plan, rowOf, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

function read(events: RawStateEvent[], more: Partial<RoomReading> = {}) {
  return roomSnapshot({
    roomId: "!r:x",
    ownUserId: SOURCE,
    otherUserId: TARGET,
    membership: "join",
    events,
    coverage: "full",
    isOtherMemberRead: true,
    ...more,
  });
}
const event = (type: string, content: unknown, stateKey = ""): RawStateEvent => ({
  type,
  state_key: stateKey,
  sender: "@x:x.example",
  content,
});

describe("a room snapshot", () => {
  it("distinguishes absent, unread and malformed", () => {
    const full = read([event("m.room.name", { name: 5 }), event("m.room.join_rules", "x")]);
    expect([full.tombstone.kind, full.otherMember.kind, full.name.kind, full.joinRules.kind]).toEqual([
      "absent",
      "absent",
      "malformed",
      "malformed",
    ]);
    const partial = read([], { coverage: "partial", isOtherMemberRead: false });
    expect([partial.tombstone.kind, partial.powerLevels.kind, partial.otherMember.kind]).toEqual([
      "unread",
      "unread",
      "unread",
    ]);
    expect(read([], { isOtherMemberRead: false }).otherMember.kind).toBe("unread");
  });

  it("does not read state with a state key as the room's", () => {
    expect(read([event("m.room.name", { name: "Choir" }, "x")]).name.kind).toBe("absent");
  });

  it.each<{ name: string; content: unknown; isChild: boolean }>([
    { name: "servers", content: { via: ["x.example"] }, isChild: true },
    { name: "an empty list of servers", content: { via: [] }, isChild: false },
    { name: "no list of servers", content: {}, isChild: false },
    { name: "one server instead of a list", content: { via: "x.example" }, isChild: false },
    { name: "a content that was redacted", content: undefined, isChild: false },
  ])("a child of a space with $name: $isChild", ({ content, isChild }) => {
    const room = read([event("m.space.child", content, "!a:x")]);
    expect(room.spaceChildren).toEqual(isChild ? ["!a:x"] : []);
  });

  it("keeps the later of two events with one key", () => {
    const room = read([
      event("m.space.child", { via: ["x"] }, "!a:x"),
      event("m.space.child", {}, "!a:x"),
      event("m.space.child", { via: ["x"] }, "!b:x"),
    ]);
    expect(room.spaceChildren).toEqual(["!b:x"]);
  });

  const junk: unknown[] = [
    null,
    undefined,
    5,
    "x",
    [],
    {},
    { membership: 5 },
    { users: [[]] },
    { allow: [{}, null, 5, { type: "m.room_membership", room_id: {} }] },
    { via: {} },
    { replacement_room: {} },
    { service_members: [5] },
  ];
  const types = [
    "m.room.create",
    "m.room.join_rules",
    "m.room.power_levels",
    "m.room.history_visibility",
    "m.room.server_acl",
    "m.room.tombstone",
    "m.room.encryption",
    "m.room.name",
    "m.room.canonical_alias",
    "m.room.policy",
    "io.element.functional_members",
    "m.space.child",
    "m.room.member",
  ];
  it.each(types)("reads any junk in %s, and plans a room with it without guessing", (type) => {
    for (const content of junk) {
      for (const stateKey of ["", SOURCE, TARGET, "!a:x"]) {
        const room = read([
          event("m.room.create", { room_version: "11" }),
          event("m.room.join_rules", { join_rule: "invite" }),
          event("m.room.power_levels", { invite: 50 }),
          event(type, content, stateKey),
        ]);
        const row = rowOf(plan([room]));
        // Only one kind of content may lead to this route: levels that read as "everything is
        // default", by which everybody may invite.
        if (row.route === "invite") expect(type).toBe("m.room.power_levels");
        else expect(["impossible", "ask_moderator"]).toContain(row.route);
      }
    }
  });

  it("reads a million entries of every list once", () => {
    const many = Array.from({ length: 1_000_000 }, (_, index) => `!${index % 1000}:x`);
    const allow = many.map((roomId) => ({ type: "m.room_membership", room_id: roomId }));
    const room = read([
      event("m.room.create", { room_version: "11" }),
      event("m.room.join_rules", { join_rule: "restricted", allow }),
      event("m.room.server_acl", { allow: many }),
      event("io.element.functional_members", { service_members: many }),
    ]);
    expect(room.joinRules.kind === "present" && room.joinRules.value.allowedRoomIds.length).toBe(1000);
    expect(rowOf(plan([room])).reason?.code).toBe("no_helper");
  });

  it("plans a room with a hundred thousand people of power", () => {
    const users = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`@u${index}:x.example`, index % 101]),
    );
    const made = plan([sketchRoom({ levels: { invite: 50, users } })], { areMembersRead: false });
    expect(made.membersNeeded[0]?.userIds).toHaveLength(200);
  });
});

describe("a room summary", () => {
  const read = (answer: unknown) => roomFromSummary("!r:x", answer, account(SOURCE, []), TARGET);
  it("sets what it shows and leaves the rest unread", () => {
    const room = read({
      room_version: "11",
      join_rule: "restricted",
      allowed_room_ids: ["!a:x", 5],
      name: "Choir",
      num_joined_members: 3,
    });
    expect(room.joinRules).toEqual({
      kind: "present",
      value: { joinRule: "restricted", allowedRoomIds: ["!a:x"] },
    });
    expect([room.powerLevels.kind, room.serverAcl.kind, room.joinedCount, room.membership]).toEqual([
      "unread",
      "unread",
      3,
      null,
    ]);
  });
  it.each([null, "x", [], { join_rule: 5, room_version: [], allowed_room_ids: {} }])(
    "makes nothing of %j",
    (answer) => {
      expect([read(answer).create.kind, read(answer).joinRules.kind]).toEqual(["unread", "unread"]);
    },
  );
  it("reads the field names of older servers", () => {
    expect(read({ "im.nheko.summary.version": "9" }).create).toMatchObject({ value: { roomVersion: "9" } });
  });
});
