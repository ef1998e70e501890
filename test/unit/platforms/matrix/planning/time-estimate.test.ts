import { describe, expect, it } from "vitest";
import { roomRequestCounts } from "../../../../../src/platforms/matrix/planning/request-counts.ts";
import { estimateTime } from "../../../../../src/platforms/matrix/planning/time-estimate.ts";
import { ADMIN, SOURCE, TARGET, plan, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

const NOTHING = { invitations: 0, joinsNewToServer: 0, otherJoins: 0, sourceWrites: 0, targetWrites: 0 };
const MINUTE_MS = 60_000;

describe("the expected time", () => {
  it.each<{ name: string; requestCounts: Partial<typeof NOTHING>; expectedMs: number }>([
    { name: "nothing", requestCounts: {}, expectedMs: 0 },
    {
      name: "a burst of each",
      requestCounts: { invitations: 5, joinsNewToServer: 10, sourceWrites: 5 },
      expectedMs: 0,
    },
    { name: "one invitation beyond the burst", requestCounts: { invitations: 6 }, expectedMs: 333_333 },
    {
      name: "seventeen invitations",
      requestCounts: { invitations: 17, joinsNewToServer: 30 },
      expectedMs: 4_000_000,
    },
    {
      name: "sixty invitations",
      requestCounts: { invitations: 60, joinsNewToServer: 60 },
      expectedMs: 18_333_333,
    },
    { name: "two hundred remote joins", requestCounts: { joinsNewToServer: 200 }, expectedMs: 19_000_000 },
    { name: "two hundred local joins", requestCounts: { otherJoins: 200 }, expectedMs: 1_900_000 },
    { name: "power levels of two hundred rooms", requestCounts: { sourceWrites: 200 }, expectedMs: 950_000 },
  ])("for $name", ({ requestCounts, expectedMs }) =>
    expect(estimateTime({ ...NOTHING, ...requestCounts }, false).expectedMs).toBe(expectedMs),
  );

  it("is that of the slowest kind, since the kinds run in parallel", () => {
    const estimate = estimateTime(
      { ...NOTHING, invitations: 17, joinsNewToServer: 50, sourceWrites: 20 },
      false,
    );
    expect(Math.round(estimate.expectedMs / MINUTE_MS)).toBe(67);
    expect(
      estimate.limits.map((limit) => [limit.server, limit.setting, limit.spent, limit.durationMs]),
    ).toEqual([
      ["source", "rc_invites.per_user", 17, 4_000_000],
      ["target", "rc_invites.per_user", 17, 4_000_000],
      ["source", "rc_invites.per_issuer", 17, 23_333],
      ["source", "rc_message", 37, 135_000],
      ["target", "rc_joins.local", 50, 400_000],
      ["target", "rc_joins.remote", 50, 4_000_000],
    ]);
  });

  it("names what each admin can raise and the time that it saves, alone and together", () => {
    const { remedies } = estimateTime(
      { ...NOTHING, invitations: 60, joinsNewToServer: 80, sourceWrites: 20 },
      false,
    );
    expect(remedies).toEqual([
      {
        server: "source",
        means: "config_or_override",
        settings: [
          { setting: "rc_invites.per_user", perSecond: 0.003, burstCount: 60 },
          { setting: "rc_invites.per_issuer", perSecond: 0.3, burstCount: 60 },
          { setting: "rc_message", perSecond: 0.2, burstCount: 80 },
        ],
        expectedMs: 18_333_333,
        expectedMsSoFar: 18_333_333,
      },
      {
        server: "target",
        means: "config",
        settings: [{ setting: "rc_invites.per_user", perSecond: 0.003, burstCount: 60 }],
        expectedMs: 18_333_333,
        expectedMsSoFar: 7_000_000,
      },
      {
        server: "target",
        means: "config_or_override",
        settings: [
          { setting: "rc_joins.local", perSecond: 0.1, burstCount: 80 },
          { setting: "rc_joins.remote", perSecond: 0.01, burstCount: 80 },
        ],
        expectedMs: 18_333_333,
        expectedMsSoFar: 0,
      },
    ]);
  });

  it("counts the limit on invitations once if both accounts share a server", () => {
    const { limits, remedies } = estimateTime({ ...NOTHING, invitations: 60, otherJoins: 60 }, true);
    expect(limits.filter((limit) => limit.setting === "rc_invites.per_user")).toHaveLength(1);
    expect(remedies.map((remedy) => [remedy.server, remedy.expectedMs])).toEqual([
      ["source", 500_000],
      ["target", 18_333_333],
    ]);
  });
});

describe("the requests that a plan takes", () => {
  it("counts each kind from the rows", () => {
    const able = { invite: 50, users: { [SOURCE]: 100 } };
    const made = plan([
      sketchRoom({ roomId: "!1:x", rule: "public" }),
      sketchRoom({ roomId: "!2:x", rule: "public", members: { "@friend:new.example": "join" } }),
      sketchRoom({ roomId: "!3:x", levels: able }),
      sketchRoom({ roomId: "!4:x", target: "invite", levels: { ...able, users: { [ADMIN]: 100 } } }),
      sketchRoom({ roomId: "!5:x", rule: "knock" }),
      sketchRoom({ roomId: "!6:x", members: {} }),
    ]);
    expect(roomRequestCounts(made.rooms)).toEqual({
      invitations: 1,
      joinsNewToServer: 3,
      otherJoins: 1,
      sourceWrites: 1,
      targetWrites: 0,
    });
  });

  it("counts what the target writes into rooms", () => {
    const steps = [{ limits: ["messages"] }, { limits: [] }, { limits: ["messages"] }] as const;
    expect(roomRequestCounts([], steps)).toEqual({ ...NOTHING, targetWrites: 2 });
  });

  it("knows that every room is on the server already if both accounts share it", () => {
    const made = plan([sketchRoom({ rule: "public" })], {
      target: { userId: "@new:old.example", rooms: new Map(), accountData: new Map(), roomVersions: ["11"] },
    });
    expect(roomRequestCounts(made.rooms)).toMatchObject({ joinsNewToServer: 0, otherJoins: 1 });
    expect(TARGET).not.toBe("@new:old.example");
  });
});
