import { describe, expect, it } from "vitest";
import type { SentRequest } from "../../bench/move-case.ts";
import { neededRequests } from "../../bench/needed-requests.ts";
import { phasesOf } from "../../bench/phases.ts";

const V3 = "/_matrix/client/v3";
const moved = { userId: "@a:old", planAt: 0, startAt: 2, endAt: 100, state: "over", rooms: [], steps: [] };

function sent(side: "source" | "target", line: string, sentAt: number, status = 200): SentRequest {
  const [method = "", path = ""] = line.split(" ");
  const userId = side === "source" ? "@a:old" : "@a:new";
  const answer = { contentType: null, body: null, status, sentAt, answeredAt: sentAt + 1, bytes: 10 };
  return {
    side,
    userId,
    method: method === "GET" || method === "PUT" ? method : "POST",
    path: V3 + path,
    ...answer,
  };
}

describe("the fewest requests of a move", () => {
  it("are the writes that were accepted and the looks that they need, in the order that rooms demand", () => {
    const requests = [
      sent("source", "POST /sync", 1),
      sent("target", "PUT /profile/@a:new/displayname", 3),
      sent("source", "POST /rooms/!a/invite", 4, 429),
      sent("source", "POST /rooms/!a/invite", 5),
      sent("source", "GET /rooms/!a/state/m.room.member/@a:new", 6),
      sent("target", "POST /join/!a?via=old", 7),
      sent("source", "GET /rooms/!a/state/m.room.power_levels", 8),
      sent("source", "PUT /rooms/!a/state/m.room.power_levels", 9),
      sent("target", "PUT /user/@a:new/rooms/!a/tags/u.x", 10),
    ];
    const units = neededRequests({ moved: [moved], requests });
    expect(units.map(({ requests: own, after }) => [own.map(({ sentAt }) => sentAt), after])).toEqual([
      [[3], []],
      [[5], []],
      [[7], ["profile @a:new", "invite !a"]],
      [[8, 9], ["join !a"]],
      [[10], ["join !a"]],
    ]);
  });

  it("lead through the room whose members are let in", () => {
    const step = {
      kind: "join_restricted",
      roomId: "!b",
      needsRoom: "!a",
      limits: [],
      side: "target",
      state: "done",
    } as const;
    const requests = [sent("target", "POST /join/!a", 3), sent("target", "POST /join/!b", 4)];
    const [, inside] = neededRequests({
      moved: [{ ...moved, steps: [{ ...step, limits: [], attempts: 1, outcome: "done" }] }],
      requests,
    });
    expect(inside?.after).toContain("join !a");
  });
});

describe("the phases of a move", () => {
  it("are reading for the plan, reading again, the moves from the first write to the last, and the last reading", () => {
    const requests = [
      sent("source", "POST /sync", 1),
      sent("source", "POST /sync", 3),
      sent("target", "POST /join/!a", 10),
      sent("source", "GET /rooms/!a/state/m.room.power_levels", 12),
      sent("source", "PUT /rooms/!a/state/m.room.power_levels", 20),
      sent("source", "POST /sync", 30),
    ];
    const { plan, start, moves, end } = phasesOf(moved, requests);
    expect(
      [plan, start, moves, end].map(({ ms, requests: own }) => [ms, own.map(({ sentAt }) => sentAt)]),
    ).toEqual([
      [2, [1]],
      [8, [3]],
      [11, [10, 12, 20]],
      [79, [30]],
    ]);
  });
});
