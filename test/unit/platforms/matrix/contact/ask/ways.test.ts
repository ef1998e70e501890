import { describe, expect, it, test } from "vitest";
import { NO_HISTORY } from "../../../../../../src/model/room-history.ts";
import type { AskOrder } from "../../../../../../src/platforms/contact.ts";
import {
  asked,
  chatWith,
  closedRoom,
  messagesOf,
  notAskedOf,
  planned,
} from "../../../../../support/contact/planned-ask.ts";
import type { RoomSketch } from "../../../../../support/plans/planned-rooms.ts";
import { TARGET, membershipRule } from "../../../../../support/plans/planned-rooms.ts";

const [ANN, BOB, CLEO, DAN] = ["@ann:a.example", "@bob:b.example", "@cleo:c.example", "@dan:d.example"];
const HALL = "!hall:old.example";
const CHAT = "!chat:old.example";
const ENCRYPTED = { "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" } };

describe("the way to ask", () => {
  interface Case {
    name: string;
    hall?: RoomSketch;
    chat?: RoomSketch;
    /** Other rooms with the same helper. */
    others?: RoomSketch[];
    direct?: Record<string, string[]>;
    way?: AskOrder["way"];
    asks: string | null;
  }
  const withAnn = { [ANN]: [CHAT] };
  const small = { joinedCount: 50 };
  const inChat = `direct ${CHAT}`;
  const inRoom = `room ${HALL}`;
  const cases: Case[] = [
    { name: "is a direct chat of the two", chat: {}, direct: withAnn, hall: small, asks: inChat },
    {
      name: "is not a direct chat that is encrypted",
      chat: { state: ENCRYPTED },
      direct: withAnn,
      asks: "new_direct",
    },
    {
      name: "is not a direct chat with a third member",
      chat: { joinedCount: 3 },
      direct: withAnn,
      asks: "new_direct",
    },
    {
      name: "is not a direct chat that the partner has left",
      chat: { joinedCount: 1, members: {} },
      direct: withAnn,
      asks: "new_direct",
    },
    {
      name: "is not a direct chat that the old account has left",
      chat: { membership: "leave" },
      direct: withAnn,
      asks: "new_direct",
    },
    {
      name: "is not a direct chat in which the old account may not write",
      chat: { levels: { events_default: 50 } },
      direct: withAnn,
      asks: "new_direct",
    },
    {
      name: "is not a direct chat with somebody else",
      chat: { members: { [BOB]: "join" } },
      direct: { [BOB]: [CHAT] },
      asks: "new_direct",
    },
    { name: "is a small room itself", hall: small, asks: inRoom },
    { name: "is not a room with more than 50 members", hall: { joinedCount: 51 }, asks: "new_direct" },
    { name: "is not an encrypted room", hall: { ...small, state: ENCRYPTED }, asks: "new_direct" },
    {
      name: "is not a room in which the old account may not write",
      hall: { ...small, levels: { invite: 50, users: { [ANN]: 100 }, events: { "m.room.message": 50 } } },
      asks: "new_direct",
    },
    {
      name: "is a room in which messages need less power than other events",
      hall: {
        ...small,
        levels: { invite: 50, users: { [ANN]: 100 }, events_default: 50, events: { "m.room.message": 0 } },
      },
      asks: inRoom,
    },
    {
      name: "is not a room whose ACL denies the old server",
      hall: { ...small, state: { "m.room.server_acl": { allow: ["*"], deny: ["old.example"] } } },
      asks: "new_direct",
    },
    { name: "is not a space", hall: { ...small, create: { type: "m.space" } }, asks: "new_direct" },
    {
      name: "is not a room if the same helper is asked about another",
      hall: small,
      others: [closedRoom("!yard:x", [ANN], small)],
      asks: "new_direct",
    },
    { name: "is not a room if a direct chat was chosen", hall: small, way: "direct", asks: "new_direct" },
    {
      name: "is an existing direct chat if a direct chat was chosen",
      hall: small,
      chat: {},
      direct: withAnn,
      way: "direct",
      asks: inChat,
    },
    {
      name: "is the room if that was chosen, although there is a chat",
      hall: small,
      chat: {},
      direct: withAnn,
      way: "room",
      asks: inRoom,
    },
    { name: "is none if the room was chosen and is too large", way: "room", asks: null },
  ];

  test.each(cases)("$name", ({ hall = {}, chat, others = [], direct = {}, way = null, asks }) => {
    const rooms = [
      closedRoom(HALL, [ANN], hall),
      ...(chat === undefined ? [] : [chatWith(CHAT, ANN, chat)]),
      ...others,
    ];
    const plan = planned(rooms, { direct, way });
    const about = [HALL, ...others.map(({ roomId }) => roomId)];
    expect(messagesOf(plan)).toEqual(asks === null ? [] : [{ to: ANN, way: asks, about }]);
    expect(notAskedOf(plan)).toEqual(asks === null ? { [HALL]: "way_impossible" } : {});
  });

  it("is a direct chat that waits itself", () => {
    const waiting = closedRoom(CHAT, [ANN], { joinedCount: 2 });
    const scene = { direct: { [ANN]: [CHAT] } };
    expect(messagesOf(planned([waiting], scene))).toEqual([{ to: ANN, way: inChat, about: [CHAT] }]);
    const encrypted = planned([{ ...waiting, state: ENCRYPTED }], scene);
    expect(messagesOf(encrypted)).toEqual([{ to: ANN, way: "new_direct", about: [CHAT] }]);
    expect(encrypted.chats.encrypted).toEqual(new Set([ANN]));
  });

  it("is a direct chat of three that waits itself, but not for other rooms", () => {
    const waiting = closedRoom(CHAT, [ANN], { joinedCount: 3 });
    const scene = { direct: { [BOB]: [CHAT] }, way: "direct" } as const;
    expect(messagesOf(planned([waiting], scene))).toEqual([{ to: ANN, way: inChat, about: [CHAT] }]);
    const both = [waiting, closedRoom(HALL, [ANN])];
    expect(messagesOf(planned(both, scene))).toEqual([{ to: ANN, way: "new_direct", about: [CHAT, HALL] }]);
  });

  it("in a room mentions two more who can help, and nobody who is asked elsewhere", () => {
    const rooms = [
      closedRoom(HALL, [ANN, BOB, CLEO, DAN, "@eve:e.example"], small),
      closedRoom("!yard:x", [BOB]),
    ];
    const [first] = planned(rooms).questions;
    expect(first?.alsoMentioned.map(({ userId }) => userId)).toEqual([CLEO, DAN]);
  });

  it("inside rooms asks each helper in one room only, if rooms were chosen", () => {
    const rooms = ["!1:x", "!2:x", "!3:x"].map((roomId) => closedRoom(roomId, [ANN, BOB], small));
    const plan = planned(rooms, { way: "room" });
    expect(messagesOf(plan)).toEqual([
      { to: ANN, way: "room !1:x", about: ["!1:x"] },
      { to: BOB, way: "room !2:x", about: ["!2:x"] },
    ]);
    expect(notAskedOf(plan)).toEqual({ "!3:x": "helper_taken" });
  });
});

describe("the rooms of a question", () => {
  const knockable = closedRoom("!knock:x", [ANN], { rule: "knock" });

  it("are those that wait for a moderator, and those that can be knocked at", () => {
    const plan = planned([
      closedRoom(HALL, [ANN]),
      knockable,
      { roomId: "!open:x", rule: "public" },
      closedRoom("!mine:x", [ANN], { levels: { invite: 0, users: { [ANN]: 100 } } }),
    ]);
    expect(messagesOf(plan)).toEqual([{ to: ANN, way: "new_direct", about: [HALL] }]);
    expect(plan.knocks.map(({ roomId }) => roomId)).toEqual(["!knock:x"]);
    expect(plan.notAsked).toEqual([]);
  });

  it("leave out a knock that was declined, and one that is not answered yet", () => {
    // Its sender is the room's creator, not the new account.
    const byCreator = { [`m.room.member/${TARGET}`]: { membership: "leave" } };
    const declined = closedRoom("!declined:x", [ANN], { rule: "knock", state: byCreator });
    const pending = closedRoom("!pending:x", [ANN], { rule: "knock", target: "knock" });
    const history = { ...NO_HISTORY, hasKnocked: true };
    const plan = planned([declined, pending], { input: { histories: new Map([["!declined:x", history]]) } });
    expect(notAskedOf(plan)).toEqual({
      "!declined:x": "knock_declined",
      "!pending:x": "knock_pending",
    });
    expect([plan.questions, plan.knocks]).toEqual([[], []]);
  });

  it("include a named one whose knock waits for an answer", () => {
    const pending = closedRoom("!pending:x", [ANN], { rule: "knock", target: "knock" });
    const plan = planned([pending, closedRoom(HALL, [BOB])], { rooms: ["!pending:x"] });
    expect(plan.questions.map(({ rooms }) => rooms.map(({ help }) => help))).toEqual([["accept_knock"]]);
  });

  it("are the named ones, and it is said if one does not wait", () => {
    const open = { roomId: "!open:x", rule: "public" };
    const plan = planned([closedRoom(HALL, [ANN]), closedRoom("!yard:x", [BOB]), open], {
      rooms: ["!yard:x", "!open:x"],
    });
    expect(messagesOf(plan)).toEqual([{ to: BOB, way: "new_direct", about: ["!yard:x"] }]);
    expect(notAskedOf(plan)).toEqual({ "!open:x": "not_waiting" });
  });

  test.each([
    { name: "invite", room: closedRoom(HALL, [ANN]), help: "invite" },
    { name: "lift a ban", room: closedRoom(HALL, [ANN], { target: "ban" }), help: "unban" },
    {
      name: "let the new server take part",
      room: closedRoom(HALL, [ANN], {
        state: { "m.room.server_acl": { allow: ["*"], deny: ["new.example"] } },
      }),
      help: "change_acl",
    },
    {
      name: "open the space",
      room: closedRoom(HALL, [ANN], { rule: "restricted", allow: membershipRule("!space:x") }),
      others: [closedRoom("!space:x", [ANN], { create: { type: "m.space" } })],
      help: "open_space",
    },
  ])("ask helpers to $name", ({ room, others = [], help }) => {
    const plan = planned([room, ...others], { rooms: [HALL] });
    expect(plan.questions.flatMap(({ rooms }) => rooms.map((each) => each.help))).toEqual([help]);
  });

  it("are asked about as the replacements that they have", () => {
    const old = closedRoom(HALL, [ANN], {
      state: { "m.room.tombstone": { replacement_room: "!newer:old.example" } },
    });
    const newer = closedRoom("!newer:old.example", [BOB]);
    const plan = planned([old, newer], { rooms: [HALL] });
    expect(messagesOf(plan)).toEqual([{ to: BOB, way: "new_direct", about: ["!newer:old.example"] }]);
  });

  it("say whom the records rest for", () => {
    const records = { asked: [asked(HALL, ANN)] };
    expect(notAskedOf(planned([closedRoom(HALL, [ANN, BOB])], { records, rooms: [HALL] }))).toEqual({
      [HALL]: "asked_recently",
    });
  });
});
