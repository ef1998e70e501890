import { describe, expect, it } from "vitest";
import type { RoomPlan } from "../../../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../../../src/platforms/matrix/planning/planned-room.ts";
import type { Federation, FederationRoom } from "../../../../support/federation/federation.ts";
import * as federation from "../../../../support/federation/federation.ts";
import { VERSIONS, planFor } from "../../../../support/federation/plan-federation.ts";
import { randomFederation } from "../../../../support/federation/random-federation.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

const SEEDS = Array.from({ length: 1500 }, (_, index) => index + 1);
const EVERY_SERVER = ["old.example", "new.example", "third.example", "fourth.example"];

interface Tried {
  seed: number;
  before: Federation;
  after: Federation;
  plan: RoomPlan;
  failures: string[];
}

/** Carries out a plan, one room after the other, and collects what does not work. */
function tryOut(seed: number): Tried {
  const before = randomFederation(seed);
  const after = randomFederation(seed);
  const plan = planFor(before);
  const failures: string[] = [];
  const rows = new Map([...plan.rooms, ...plan.replacements].map((room) => [room.roomId, room]));
  for (const roomId of plan.order) {
    const row = rows.get(roomId);
    const room = after.get(roomId);
    if (row === undefined || room === undefined) failures.push(`${roomId} is not there`);
    else if (!act(after, room, row)) failures.push(`${roomId}: ${row.route} fails`);
  }
  return { seed, before, after, plan, failures };
}

function act(made: Federation, room: FederationRoom, row: PlannedRoom): boolean {
  if (row.route === "knock") return federation.mayKnock(room, TARGET, VERSIONS);
  if (row.route === "invite") {
    if (!federation.mayInviteIn(room, SOURCE)) return false;
    room.members.set(TARGET, "invite");
  }
  if (!federation.joins(made, room, TARGET, row.via, VERSIONS)) return false;
  room.members.set(TARGET, "join");
  return true;
}

function roomIn(made: Federation, roomId: string): FederationRoom {
  const room = made.get(roomId);
  if (room === undefined) throw new Error(`no room ${roomId}`);
  return room;
}

const tried = SEEDS.map(tryOut);
const rows = tried.flatMap((one) =>
  one.plan.rooms.map((row) => ({ ...one, row, room: roomIn(one.after, row.successor ?? row.roomId) })),
);

function wrong(check: (one: (typeof rows)[number]) => boolean): string[] {
  return rows
    .filter((one) => !check(one))
    .map(({ seed, row }) => `seed ${seed}: ${row.roomId} ${row.route} ${row.reason?.code ?? ""}`);
}

const others = (room: FederationRoom): string[] =>
  [...room.members.keys()].filter((userId) => userId !== SOURCE && userId !== TARGET);

/** Whether another user may give the missing help, for reasons that concern one room. */
function mayHelp(room: FederationRoom, userId: string, help: "invite" | "unban" | "change_acl"): boolean {
  if (help === "unban") return federation.mayUnbanIn(room, userId, TARGET);
  if (help === "invite") return federation.mayInviteIn(room, userId);
  const isHeard =
    federation.isServerWelcome(room, userId.slice(userId.indexOf(":") + 1)) ||
    userId.endsWith(":old.example");
  return isHeard && federation.mayChangeAclIn(room, userId);
}

describe(`${SEEDS.length} made-up federations, ${rows.length} rooms`, () => {
  it("hold every kind of outcome", () => {
    const routes = Object.groupBy(rows, ({ row }) => row.route);
    const codes = new Set(rows.map(({ row }) => row.reason?.code));
    expect(Object.keys(routes).toSorted()).toEqual(
      [
        "accept_invite",
        "ask_moderator",
        "impossible",
        "invite",
        "join",
        "join_restricted",
        "joined",
        "knock",
        "successor",
      ].toSorted(),
    );
    for (const code of [
      "no_invite_power",
      "join_rule_private",
      "unknown_join_rule",
      "not_federated",
      "server_acl",
      "source_server_acl",
      "room_version",
      "target_banned",
      "source_banned",
      "source_not_joined",
      "space_unreachable",
      "no_helper",
    ]) {
      expect(codes).toContain(code);
    }
  });

  it("have every room of the source in the plan exactly once", () => {
    for (const { before, plan } of tried) {
      const expected = [...before.values()]
        .filter((room) => ["join", "invite", "knock"].includes(room.members.get(SOURCE) ?? ""))
        .map((room) => room.roomId);
      expect(plan.rooms.map((row) => row.roomId)).toEqual(expected);
      const replacements = plan.replacements.map((row) => row.roomId);
      expect(new Set([...expected, ...replacements]).size).toBe(expected.length + replacements.length);
      expect(new Set(plan.order).size).toBe(plan.order.length);
    }
  });

  it("let every planned step succeed, in the planned order", () => {
    expect(
      tried.flatMap(({ seed, failures }) => failures.map((failure) => `seed ${seed}: ${failure}`)),
    ).toEqual([]);
  });

  it("leave no room that could have been entered without a person", () => {
    const left = wrong(({ row, room, after }) => {
      if (
        !["ask_moderator", "knock", "impossible"].includes(row.route) ||
        row.reason?.code === "source_not_joined"
      )
        return true;
      const isInvitable =
        federation.mayInviteIn(room, SOURCE) && federation.isEnterable(room, TARGET, VERSIONS);
      return !isInvitable && !federation.joins(after, room, TARGET, EVERY_SERVER, VERSIONS);
    });
    expect(left).toEqual([]);
  });

  it("never spend an invitation on a room that opens without one", () => {
    const spent = wrong(({ row, before, plan }) => {
      if (row.route !== "invite") return true;
      // Everything else is done, except this invitation.
      const made: Federation = new Map(
        [...before].map(([roomId, room]) => [roomId, { ...room, members: new Map(room.members) }]),
      );
      const steps = new Map([...plan.rooms, ...plan.replacements].map((step) => [step.roomId, step]));
      for (const roomId of plan.order) {
        const step = steps.get(roomId);
        const room = made.get(roomId);
        if (step !== undefined && room !== undefined && roomId !== row.roomId && step.route !== "knock")
          act(made, room, step);
      }
      const room = roomIn(made, row.roomId);
      return !federation.joins(made, room, TARGET, EVERY_SERVER, VERSIONS);
    });
    expect(spent).toEqual([]);
  });

  it("name only helpers who are joined and can help", () => {
    const useless = wrong(({ row, room, before }) =>
      row.helpers.every(({ userId, power }) => {
        if (userId === SOURCE || userId === TARGET) return false;
        if (row.reason?.code === "source_not_joined" && row.reason.membership === "invite")
          return room.inviters.get(SOURCE) === userId;
        const levels = [room, before.get(row.through ?? "")].map((known) =>
          known === undefined ? null : federation.levelIn(known, userId),
        );
        const named = power === "creator" ? Number.POSITIVE_INFINITY : power;
        // The replacement cannot be read. The plan names the least power that its creator has.
        if (!levels.includes(named) && !(row.route === "successor" && (levels[0] ?? 0) >= named))
          return false;
        switch (row.reason?.code) {
          case "target_banned":
            return mayHelp(room, userId, "unban");
          case "server_acl":
            return mayHelp(room, userId, "change_acl");
          case "space_unreachable": {
            const space = roomIn(before, row.through ?? "");
            return (
              mayHelp(room, userId, "invite") ||
              (["invite", "unban", "change_acl"] as const).some((help) => mayHelp(space, userId, help))
            );
          }
          default:
            return mayHelp(room, userId, "invite");
        }
      }),
    );
    expect(useless).toEqual([]);
  });

  it("let the new account in once a helper invited it, wherever only an invitation is missing", () => {
    const shut = wrong(({ row, room, after }) => {
      const isMissing =
        row.reason?.code === "no_invite_power" && (row.route === "ask_moderator" || row.route === "knock");
      if (!isMissing) return true;
      const invited = { ...room, members: new Map(room.members).set(TARGET, "invite") };
      return row.helpers.length > 0 && federation.joins(after, invited, TARGET, EVERY_SERVER, VERSIONS);
    });
    expect(shut).toEqual([]);
  });

  it("call impossible only rooms that nobody can help with", () => {
    const possible = wrong(({ row, room }) => {
      if (row.route !== "impossible") return true;
      const { reason } = row;
      if (reason?.code !== "no_helper")
        return (
          !federation.isEnterable({ ...room, members: new Map() }, TARGET, VERSIONS) ||
          reason?.code === "source_banned"
        );
      const mySelf = reason.help !== "invite" && mayHelp(room, SOURCE, reason.help);
      return !mySelf && !others(room).some((userId) => mayHelp(room, userId, reason.help));
    });
    expect(possible).toEqual([]);
  });

  it("leave to the person what only the old account itself could change", () => {
    const passed = wrong(({ row, room }) => {
      if (row.status !== "needs_you") return true;
      const help = row.reason?.code === "target_banned" ? "unban" : "change_acl";
      return (
        mayHelp(room, SOURCE, help) &&
        row.helpers.length === 0 &&
        !others(room).some((userId) => mayHelp(room, userId, help))
      );
    });
    expect(passed).toEqual([]);
  });

  it("grant power only where the old account may, and say so where it may not", () => {
    const misjudged = wrong(({ row, room, before }) => {
      const { grant } = row;
      if (row.route === "successor" || before.get(row.roomId)?.members.get(SOURCE) !== "join") return true;
      const may = federation.mayChangeLevelsIn(room, SOURCE);
      if (grant.outcome === "write")
        return (
          may &&
          grant.wanted !== "creator" &&
          federation.levelIn(room, SOURCE) >= grant.wanted &&
          grant.wanted > federation.levelIn(room, TARGET)
        );
      if (grant.outcome === "cannot_write") return !may;
      return (
        grant.outcome !== "none" ||
        grant.current === "creator" ||
        federation.levelIn(room, TARGET) >= Math.min(federation.levelIn(room, SOURCE), Number(grant.wanted))
      );
    });
    expect(misjudged).toEqual([]);
  });
});
