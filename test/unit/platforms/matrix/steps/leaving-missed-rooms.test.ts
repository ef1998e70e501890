import { describe, expect, it } from "vitest";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import { member, NOT_MISSED, OWN_MEMBER, SOURCE_MEMBER, SOURCE_MEMBER_SEEN } from "./entry-answers.ts";

const LEAVE = `target POST /rooms/${ROOM}/leave`;
const JOINED_MEMBERS = `target GET /rooms/${ROOM}/joined_members`;
const LEVELS = `target GET /rooms/${ROOM}/state/m.room.power_levels`;
const CREATE = `target GET /rooms/${ROOM}/state/m.room.create`;
const ACL = `target GET /rooms/${ROOM}/state/m.room.server_acl`;
const ADMIN_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${ADMIN}`;
const entered = { roomId: ROOM };

type Script = Readonly<Record<string, Answer>>;

/** Leaves the room after a join of the move, with these answers of the two servers. */
function leaveWith(script: Script, leavesAnyway = false) {
  const scripted = scriptedContext({ ...NOT_MISSED, [OWN_MEMBER]: member("join"), [LEAVE]: DONE, ...script });
  const undo = leavesAnyway ? { ...entered, leavesAnyway } : entered;
  return { outcome: roomSteps.join.undo(undo, scripted.context), writes: scripted.writes };
}

const MISSED: { name: string; script: Script; reason: string }[] = [
  {
    name: "the old account has left, and others are in it",
    script: {
      [SOURCE_MEMBER]: member("leave"),
      [JOINED_MEMBERS]: content({ joined: { [TARGET]: {}, [ADMIN]: {} } }),
    },
    reason: "source_not_joined",
  },
  {
    name: "the old account was removed, and its server shows it nothing any more",
    script: {
      [SOURCE_MEMBER]: NOT_INSIDE,
      [JOINED_MEMBERS]: content({ joined: { [TARGET]: {}, [ADMIN]: {} } }),
    },
    reason: "source_not_joined",
  },
  {
    name: "only the old account's own server still shows it in the room",
    script: {
      [SOURCE_MEMBER_SEEN]: member("ban"),
      [JOINED_MEMBERS]: content({ joined: { [TARGET]: {}, [ADMIN]: {} } }),
    },
    reason: "source_not_joined",
  },
  {
    name: "nobody else is in it",
    script: { [SOURCE_MEMBER]: member("leave"), [JOINED_MEMBERS]: content({ joined: { [TARGET]: {} } }) },
    reason: "last_member",
  },
  {
    name: "the new account alone may change permissions",
    script: { [LEVELS]: content({ users: { [TARGET]: 100 } }) },
    reason: "last_admin",
  },
  {
    name: "the other admin has left",
    script: {
      [LEVELS]: content({ users: { [TARGET]: 100, [ADMIN]: 100 } }),
      [ADMIN_MEMBER]: member("leave"),
    },
    reason: "last_admin",
  },
  {
    name: "the old account is admin on a server that the room shuts out",
    script: {
      [LEVELS]: content({ users: { [TARGET]: 100, [SOURCE]: 100 } }),
      [ACL]: content({ allow: ["*"], deny: ["old.example"] }),
    },
    reason: "last_admin",
  },
  {
    name: "nobody may change permissions, and the new account alone may do more than others",
    script: { [LEVELS]: content({ users: { [TARGET]: 50 }, events: { "m.room.power_levels": 100 } }) },
    reason: "last_admin",
  },
];

const NOT_MISSED_ROOMS: { name: string; script: Script }[] = [
  { name: "the new account has no power", script: {} },
  {
    name: "the old account has the same power",
    script: { [LEVELS]: content({ users: { [TARGET]: 100, [SOURCE]: 100 } }) },
  },
  {
    name: "another joined member has the same power",
    script: {
      [LEVELS]: content({ users: { [TARGET]: 100, [ADMIN]: 100 } }),
      [ADMIN_MEMBER]: member("join"),
    },
  },
  {
    name: "a creator of room version 12 is in it",
    script: {
      [CREATE]: content({
        type: "m.room.create",
        sender: SOURCE,
        origin_server_ts: 1,
        content: { room_version: "12" },
      }),
      [LEVELS]: content({ users: { [TARGET]: 150 } }),
    },
  },
  {
    name: "everybody may change permissions",
    script: { [LEVELS]: content({ users: { [TARGET]: 100 }, users_default: 100 }) },
  },
];

describe("an undo", () => {
  it.each(MISSED)(
    "does not leave a room where $name, but does after a typed yes",
    async ({ script, reason }) => {
      const asked = leaveWith(script);
      expect(await asked.outcome).toEqual({ status: "failed", problem: { code: reason, serverText: null } });
      expect(asked.writes()).toEqual([]);
      const confirmed = leaveWith(script, true);
      expect(await confirmed.outcome).toEqual({ status: "done" });
      expect(confirmed.writes()).toEqual([`POST /rooms/${ROOM}/leave`]);
    },
  );

  it.each(NOT_MISSED_ROOMS)("leaves a room where $name", async ({ script }) => {
    expect(await leaveWith(script).outcome).toEqual({ status: "done" });
  });

  it("does not leave while a server does not say who is in the room", async () => {
    const asked = leaveWith({ [SOURCE_MEMBER]: refused(502, "M_UNKNOWN") });
    expect(["retry", "wait"]).toContain((await asked.outcome).status);
    expect(asked.writes()).toEqual([]);
  });

  it("counts a room without levels by its creator", async () => {
    const creator = { type: "m.room.create", origin_server_ts: 1, content: { room_version: "11" } };
    const script = (sender: string): Script => ({
      [LEVELS]: NOT_FOUND,
      [CREATE]: content({ ...creator, sender }),
    });
    expect(await leaveWith(script(TARGET)).outcome).toMatchObject({ problem: { code: "last_admin" } });
    expect(await leaveWith(script(SOURCE)).outcome).toEqual({ status: "done" });
  });
});
