import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { profileFieldStep } from "../../../../../src/platforms/matrix/categories/profile/step.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { Answer, AnswerTable } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
  withoutSource,
} from "../../../../support/fakes/scripted-context.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import { member, OWN_MEMBER, problem, SOURCE_MEMBER_SEEN } from "./entry-answers.ts";

const SPACE = "!space:old.example";
const JOIN = `target POST /join/${ROOM}`;
const KNOCK = `target POST /knock/${ROOM}`;
const LEAVE = `target POST /rooms/${ROOM}/leave`;
const SUMMARY = `target GET /_matrix/client/v1/room_summary/${ROOM}`;
const FORBIDDEN = refused(403, "M_FORBIDDEN");

/** The steps of a move whose old account is known from files only. */
describe("without the old account", () => {
  const joining = { roomId: ROOM, via: ["one.example", "two.example"], through: null };

  it.each<{ kind: "accept_invite" | "join"; outcome: object }>([
    { kind: "join", outcome: { status: "failed", problem: problem("refused") } },
    { kind: "accept_invite", outcome: { status: "retry", problem: problem("refused") } },
  ])("a refused $kind is judged by the new account's server alone", async ({ kind, outcome }) => {
    const { context, lines } = scriptedContext({ [JOIN]: FORBIDDEN });
    expect(await roomSteps[kind].run({ ...joining, kind }, withoutSource(context))).toEqual(outcome);
    expect(lines()).toEqual([JOIN]);
  });

  it.each<{ name: string; answer: Answer; outcome: object }>([
    {
      name: "no server of the room",
      answer: refused(404, "M_UNKNOWN"),
      outcome: { status: "failed", problem: problem("unreachable_server") },
    },
    {
      name: "only servers that are gone",
      answer: refused(502, "M_UNKNOWN"),
      outcome: { status: "failed", problem: problem("unreachable_server") },
    },
    { name: "a slow server", answer: refused(504, "M_UNKNOWN"), outcome: { status: "wait" } },
    { name: "a limit", answer: refused(429, "M_LIMIT_EXCEEDED"), outcome: { status: "wait" } },
  ])("an entry that is only tried is not repeated unless it may come: $name", async ({ answer, outcome }) => {
    const script = { [JOIN]: answer, [KNOCK]: answer, [OWN_MEMBER]: NOT_INSIDE, [SUMMARY]: NOT_FOUND };
    for (const kind of ["join", "join_restricted", "knock"] as const) {
      const { context, savedUndos } = scriptedContext(script);
      const tried = { ...joining, kind, isTry: true };
      expect(await roomSteps[kind].run(tried, withoutSource(context))).toMatchObject(outcome);
      expect(savedUndos.at(-1)).toBeNull();
    }
  });

  it("a knock is sent, and its look asks the new account's server", async () => {
    const knock = { roomId: ROOM, via: ["one.example"] };
    const first = scriptedContext({ [KNOCK]: DONE });
    expect(await roomSteps.knock.run(knock, withoutSource(first.context))).toEqual({
      status: "needs_moderator",
    });
    const again = scriptedContext({ [SUMMARY]: content({ membership: "knock" }) }, { canSkipCheck: false });
    expect(await roomSteps.knock.run(knock, withoutSource(again.context))).toEqual({
      status: "needs_moderator",
    });
    expect([...first.lines(), ...again.lines()]).toEqual([KNOCK, SUMMARY]);
  });

  it("a knock is withdrawn unless it was answered", async () => {
    const open = scriptedContext({ [OWN_MEMBER]: NOT_INSIDE, [LEAVE]: DONE });
    expect(await roomSteps.knock.undo({ roomId: ROOM }, withoutSource(open.context))).toEqual({
      status: "done",
    });
    const declined = scriptedContext({ [OWN_MEMBER]: NOT_INSIDE, [LEAVE]: FORBIDDEN });
    expect(await roomSteps.knock.undo({ roomId: ROOM }, withoutSource(declined.context))).toEqual({
      status: "already_done",
    });
    const answered = scriptedContext({ [OWN_MEMBER]: member("join") });
    expect(await roomSteps.knock.undo({ roomId: ROOM }, withoutSource(answered.context))).toEqual({
      status: "already_done",
    });
  });

  it("a step of the old account fails at once and asks nobody to sign in", async () => {
    const { context, lines } = scriptedContext({}, { side: "source" });
    expect(await roomSteps.invite.run({ roomId: ROOM }, withoutSource(context))).toEqual({
      status: "failed",
      problem: problem("not_signed_in", null),
    });
    expect(lines()).toEqual([]);
  });
});

const RULES = `target GET /rooms/${ROOM}/state/m.room.join_rules`;
const LEVELS = `target GET /rooms/${ROOM}/state/m.room.power_levels`;
const JOINED_MEMBERS = `target GET /rooms/${ROOM}/joined_members`;
const restricted = content({
  join_rule: "restricted",
  allow: [{ type: "m.room_membership", room_id: SPACE }],
});
const SPACE_MEMBER = `target GET /rooms/${SPACE}/state/m.room.member/${TARGET}`;

/** The room shows the old account as joined, with all power, though nobody can use it. */
const SEEN_ROOM: AnswerTable = {
  [OWN_MEMBER]: member("join"),
  [SOURCE_MEMBER_SEEN]: member("join"),
  [JOINED_MEMBERS]: content({ joined: { [TARGET]: {}, [SOURCE]: {}, [ADMIN]: {} } }),
  [`target GET /rooms/${ROOM}/state/m.room.create`]: content({ room_version: "11" }),
  [`target GET /rooms/${ROOM}/state/m.room.server_acl`]: NOT_FOUND,
  [LEVELS]: content({ users: { [SOURCE]: 100 } }),
  [RULES]: content({ join_rule: "public" }),
  [LEAVE]: DONE,
};

const LEFT: { name: string; script: AnswerTable }[] = [
  { name: "it is public", script: {} },
  {
    name: "a space that the new account is in opens it",
    script: { [RULES]: restricted, [SPACE_MEMBER]: member("join") },
  },
];

const KEPT: { name: string; script: AnswerTable; reason: string }[] = [
  {
    name: "a person would have to invite again",
    script: { [RULES]: content({ join_rule: "invite" }) },
    reason: "needs_invitation",
  },
  { name: "it has no rule", script: { [RULES]: NOT_FOUND }, reason: "needs_invitation" },
  {
    name: "a person would have to answer a knock again",
    script: { [RULES]: content({ join_rule: "knock" }) },
    reason: "needs_invitation",
  },
  {
    name: "the new account is not in the space that opens it",
    script: { [RULES]: restricted, [SPACE_MEMBER]: NOT_INSIDE },
    reason: "needs_invitation",
  },
  {
    name: "only the two accounts are in it",
    script: { [JOINED_MEMBERS]: content({ joined: { [TARGET]: {}, [SOURCE]: {} } }) },
    reason: "last_member",
  },
  {
    name: "nobody but the two accounts has power",
    script: { [LEVELS]: content({ users: { [SOURCE]: 100, [TARGET]: 100 } }) },
    reason: "last_admin",
  },
];

describe("without the old account, an undo", () => {
  const undo = { roomId: ROOM };

  it.each(LEFT)("leaves a room: $name", async ({ script }) => {
    const { context } = scriptedContext({ ...SEEN_ROOM, ...script });
    expect(await roomSteps.join.undo(undo, withoutSource(context))).toEqual({ status: "done" });
  });

  it.each(KEPT)("stays unless that is confirmed: $name", async ({ script, reason }) => {
    const asked = scriptedContext({ ...SEEN_ROOM, ...script });
    expect(await roomSteps.accept_invite.undo(undo, withoutSource(asked.context))).toEqual({
      status: "failed",
      problem: problem(reason, null),
    });
    expect(asked.writes()).toEqual([]);
    const confirmed = scriptedContext({ ...SEEN_ROOM, ...script });
    const anyway = { ...undo, leavesAnyway: true };
    expect(await roomSteps.accept_invite.undo(anyway, withoutSource(confirmed.context))).toEqual({
      status: "done",
    });
  });
});

const AVATAR = { key: "avatar_url", value: "mxc://old.example/face", before: null };
const DOWNLOAD = "target GET /_matrix/client/v1/media/download/old.example/face";
const PROFILE = `target GET /profile/${TARGET}`;
const PNG: Answer = { bytes: Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), type: "image/png" };

describe("without the old account, its picture", () => {
  const scripted = (download: Answer) =>
    scriptedContext({
      [PROFILE]: NOT_FOUND,
      "target GET /_matrix/client/v1/media/config": content({}),
      [DOWNLOAD]: download,
      "target POST /_matrix/media/v3/upload": content({ content_uri: "mxc://new.example/copy" }),
      [`target PUT /profile/${TARGET}/avatar_url`]: DONE,
    });

  it("is the copy that the new account's server has", async () => {
    const { context, writes } = scripted(PNG);
    expect(await profileFieldStep.run(AVATAR, withoutSource(context))).toMatchObject({ status: "done" });
    expect(writes()).toEqual(["POST /_matrix/media/v3/upload", `PUT /profile/${TARGET}/avatar_url`]);
  });

  it.each<{ name: string; download: Answer }>([
    { name: "has none", download: refused(404, "M_NOT_FOUND") },
    { name: "tries the server that is gone", download: refused(502, "M_UNKNOWN") },
    { name: "waits for the server that is gone", download: new UnreachableError("timeout", "new.example") },
  ])("is gone if that server $name", async ({ download }) => {
    const { context, writes } = scripted(download);
    expect(await profileFieldStep.run(AVATAR, withoutSource(context))).toEqual({
      status: "failed",
      problem: problem("gone", null),
    });
    expect(writes()).toEqual([]);
  });

  it("waits for a limit of that server", async () => {
    const { context } = scripted(refused(429, "M_LIMIT_EXCEEDED"));
    expect(await profileFieldStep.run(AVATAR, withoutSource(context))).toMatchObject({
      status: "wait",
      waitingFor: "limit",
    });
  });
});
