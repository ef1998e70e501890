import { describe, expect, it } from "vitest";
import { NO_HISTORY } from "../../../../../src/model/room-history.ts";
import { proposeKnocks } from "../../../../../src/platforms/matrix/contact/knock.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import {
  ADMIN,
  SOURCE_MAY_INVITE,
  account,
  plan,
  SOURCE,
  TARGET,
  sketchRoom,
  targetRoom,
} from "../../../../support/plans/planned-rooms.ts";

const REASON = "It is me";

interface Scene {
  rooms: readonly RoomSketch[];
  /** The new account's membership by room ID. A `leave` is the answer of somebody in the room. */
  target?: Readonly<Record<string, "knock" | "leave" | "join" | "invite">>;
  /** Rooms at which an earlier run knocked. */
  knocked?: readonly string[];
  named?: readonly string[];
}

function proposalFor({ rooms, target = {}, knocked = [], named = [] }: Scene) {
  const snapshots = rooms.map((sketch) => {
    const membership = target[sketch.roomId ?? ""];
    // Its sender is the room's admin.
    const member = membership === undefined ? {} : { [`m.room.member/${TARGET}`]: { membership } };
    return sketchRoom({ ...sketch, state: { ...sketch.state, ...member } });
  });
  const decided = plan(snapshots, {
    targetRooms: Object.entries(target).map(([roomId, membership]) => targetRoom(roomId, membership)),
    histories: new Map(knocked.map((roomId) => [roomId, { ...NO_HISTORY, hasKnocked: true }])),
  });
  return proposeKnocks({ decided, source: account(SOURCE, snapshots) }, { rooms: named }, REASON);
}

const CHOIR = "!choir:old.example";
const knockable: RoomSketch = { roomId: CHOIR, rule: "knock" };

describe("a proposal to knock", () => {
  it("knocks at every room that takes knocks and has no cheaper way in", () => {
    const { facts, steps, rooms } = proposalFor({
      rooms: [
        knockable,
        { roomId: "!open:old.example", rule: "public" },
        { roomId: "!closed:old.example", rule: "invite" },
      ],
    });
    expect(facts).toMatchObject({ knocks: [{ room: { roomId: CHOIR }, reason: REASON }], left: [] });
    expect(steps).toMatchObject([
      { key: `knock:${CHOIR}`, kind: "knock", side: "target", limits: ["messages"], roomId: CHOIR },
    ]);
    expect(rooms).toMatchObject([{ roomId: CHOIR, route: "knock", status: "planned" }]);
  });

  it("stores the reason that was shown with the step", () => {
    const { steps, exact } = proposalFor({ rooms: [knockable] });
    expect(steps).toMatchObject([{ payload: { roomId: CHOIR, via: ["old.example"], reason: REASON } }]);
    expect(exact).toEqual({ reason: REASON, rooms: [CHOIR] });
  });

  it.each([
    { what: "a pending knock", target: "knock", named: false, why: "pending" },
    { what: "a pending knock at a named room", target: "knock", named: true, why: "pending" },
    { what: "a declined knock", target: "leave", named: false, why: "declined" },
  ] as const)("leaves $what alone", ({ target, named, why }) => {
    const { facts, steps } = proposalFor({
      rooms: [knockable],
      target: { [CHOIR]: target },
      knocked: [CHOIR],
      named: named ? [CHOIR] : [],
    });
    expect(facts).toMatchObject({ knocks: [], left: [{ room: { roomId: CHOIR }, why }] });
    expect(steps).toEqual([]);
  });

  it("repeats a declined knock at a named room, whose row is then without the refusal", () => {
    const { facts, rooms } = proposalFor({
      rooms: [knockable],
      target: { [CHOIR]: "leave" },
      knocked: [CHOIR],
      named: [CHOIR],
    });
    expect(facts.knocks).toMatchObject([{ room: { reason: { code: "refused", by: { userId: ADMIN } } } }]);
    expect(rooms).toMatchObject([{ status: "planned", planned: { row: { route: "knock", reason: null } } }]);
  });

  it.each([
    { what: "anyone may join", room: { rule: "public" }, why: "open" },
    { what: "the old account may invite", room: { rule: "knock", levels: SOURCE_MAY_INVITE }, why: "open" },
    { what: "nobody may knock", room: { rule: "invite" }, why: "not_knockable" },
    {
      what: "the new server is shut out",
      room: { rule: "knock", state: { "m.room.server_acl": { allow: ["*"], deny: ["new.example"] } } },
      why: "not_knockable",
    },
  ])("does not knock at a named room where $what", ({ room, why }) => {
    const { facts } = proposalFor({ rooms: [{ ...knockable, ...room }], named: [CHOIR] });
    expect(facts).toMatchObject({ knocks: [], left: [{ why }] });
  });

  it("does not knock where the new account is already in", () => {
    const { facts } = proposalFor({ rooms: [knockable], target: { [CHOIR]: "join" }, named: [CHOIR] });
    expect(facts).toMatchObject({ knocks: [], left: [{ why: "joined" }] });
  });

  it("knocks at the replacement of a named upgraded room, and reports it in the row of that room", () => {
    const { facts, rooms } = proposalFor({
      rooms: [
        {
          roomId: "!before:old.example",
          state: { "m.room.tombstone": { replacement_room: CHOIR } },
        },
        { ...knockable, create: { predecessor: { room_id: "!before:old.example" } } },
      ],
      named: ["!before:old.example"],
    });
    expect(facts.knocks).toMatchObject([{ room: { roomId: CHOIR } }]);
    expect(rooms.map(({ roomId }) => roomId)).toEqual(["!before:old.example", CHOIR]);
  });
});
