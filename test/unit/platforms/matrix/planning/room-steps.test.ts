import { describe, expect, it } from "vitest";
import { routeOfStep } from "../../../../../src/model/room-routes.ts";
import { ROUTES } from "../../../../../src/model/routes.ts";
import { STEP_KINDS, stages } from "../../../../../src/model/step.ts";
import type { PlannedRoom } from "../../../../../src/platforms/matrix/planning/planned-room.ts";
import { entrySteps, powerStep } from "../../../../../src/platforms/matrix/planning/room-steps.ts";
import {
  joinPayload,
  knockPayload,
  powerLevelPayload,
} from "../../../../../src/platforms/matrix/planning/step-payloads.ts";
import { ADMIN, SOURCE, TARGET, plan, rowOf, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

const ROOM = "!room:old.example";

function roomWith(sketch: Parameters<typeof sketchRoom>[0]): PlannedRoom {
  return rowOf(plan([sketchRoom(sketch)]));
}

const strangers = roomWith({ rule: "public" });
const neighbours = roomWith({ rule: "public", members: { [ADMIN]: "join", "@kim:new.example": "join" } });

describe("the steps into a room", () => {
  it.each([
    ["accept_invite", ["accept_invite"]],
    ["join", ["join"]],
    ["join_restricted", ["join_restricted"]],
    ["invite", ["invite", "join_invited"]],
    ["knock", ["knock"]],
    ["joined", []],
    ["ask_moderator", []],
    ["successor", []],
    ["impossible", []],
    ["excluded", []],
  ] as const)("are for %s: %j", (route, kinds) => {
    const steps = entrySteps(strangers, route);
    expect(steps.map(({ kind }) => kind)).toEqual(kinds);
    for (const { kind, key, stage, roomId } of steps) {
      expect([key, stage, roomId]).toEqual([`${kind}:${ROOM}`, stages.rooms, ROOM]);
      expect(routeOfStep(kind)).toBe(route);
    }
  });

  it.each([
    { route: "accept_invite", room: strangers, limits: ["joins", "remote_joins"] },
    { route: "accept_invite", room: neighbours, limits: ["joins", "messages"] },
    { route: "join", room: strangers, limits: ["joins", "remote_joins"] },
    { route: "join", room: neighbours, limits: ["joins", "messages"] },
    { route: "join_restricted", room: strangers, limits: ["joins", "remote_joins"] },
    { route: "join_restricted", room: neighbours, limits: ["joins", "messages"] },
    { route: "knock", room: strangers, limits: ["messages"] },
  ] as const)("take by $route what the server asks for", ({ route, room, limits }) => {
    const [step] = entrySteps(room, route);
    expect(step).toMatchObject({ side: "target", limits, after: null });
  });

  it("invite as the source, then join as the target, by the scarcer kind of join if the room is new to its server", () => {
    expect(entrySteps(strangers, "invite")).toMatchObject([
      {
        key: `invite:${ROOM}`,
        side: "source",
        limits: ["invitations", "messages"],
        after: null,
        payload: { roomId: ROOM },
      },
      { side: "target", limits: ["joins", "remote_joins"], after: `invite:${ROOM}` },
    ]);
    expect(entrySteps(neighbours, "invite")[1]).toMatchObject({ limits: ["joins", "messages"] });
  });

  it("wait for the room that opens a restricted one", () => {
    const space = sketchRoom({ roomId: "!space:old.example", rule: "public" });
    const allow = [{ type: "m.room_membership", room_id: "!space:old.example" }];
    const room = rowOf(plan([space, sketchRoom({ rule: "restricted", allow })]), ROOM);
    const [step] = entrySteps(room, room.route);
    expect(step).toMatchObject({ kind: "join_restricted", needsRoom: "!space:old.example" });
    expect(joinPayload.parse(step?.payload)).toEqual({
      kind: "join_restricted",
      roomId: ROOM,
      via: room.via,
      through: "!space:old.example",
    });
    expect(entrySteps(room, "invite").map(({ needsRoom }) => needsRoom)).toEqual([null, null]);
  });

  it("plan a knock without words, which it gets when it runs", () => {
    expect(knockPayload.parse(entrySteps(strangers, "knock")[0]?.payload)).toEqual({
      roomId: ROOM,
      via: ["old.example"],
    });
  });

  it("have the same keys when they are planned again", () => {
    const keys = ROUTES.flatMap((route) => entrySteps(strangers, route).map(({ key }) => key));
    expect(new Set(keys).size).toBe(keys.length);
    expect(ROUTES.flatMap((route) => entrySteps(strangers, route).map(({ key }) => key))).toEqual(keys);
  });
});

describe("the step that gives power", () => {
  it("is the source's, once the target is in, and knows how the room was made", () => {
    const step = powerStep(roomWith({ levels: { users: { [SOURCE]: 100 } } }));
    expect(step).toMatchObject({
      key: `power_level:${ROOM}`,
      kind: "power_level",
      side: "source",
      stage: stages.rooms,
      limits: ["messages"],
      needsRoom: ROOM,
      after: null,
    });
    expect(powerLevelPayload.parse(step?.payload)).toEqual({
      roomId: ROOM,
      level: 100,
      roomVersion: "11",
      creators: [ADMIN],
    });
  });

  it("gives the target of a creator the highest level that anything requires", () => {
    const room = roomWith({
      version: "12",
      creator: SOURCE,
      create: { additional_creators: [ADMIN] },
      levels: { invite: 60 },
    });
    expect(powerStep(room)?.payload).toEqual({
      roomId: ROOM,
      level: 60,
      roomVersion: "12",
      creators: [SOURCE, ADMIN],
    });
  });

  it.each<[string, Parameters<typeof sketchRoom>[0]]>([
    ["the source has no more than everybody", {}],
    ["the target has it already", { levels: { users: { [SOURCE]: 50, [TARGET]: 50 } } }],
    [
      "the source may not write it",
      { levels: { users: { [SOURCE]: 50 }, events: { "m.room.power_levels": 100 } } },
    ],
    ["the levels cannot be read", { levels: { users: { [SOURCE]: "much" } } }],
  ])("is none where %s", (_, sketch) => {
    expect(powerStep(roomWith(sketch))).toBeNull();
  });
});

describe("the route of a step", () => {
  it("is known for steps that belong to a route", () => {
    const others = STEP_KINDS.filter((kind) => routeOfStep(kind) === null);
    expect(others).toContain("power_level");
    expect(others).toContain("tags");
    expect(routeOfStep("join_invited")).toBe("invite");
  });
});
