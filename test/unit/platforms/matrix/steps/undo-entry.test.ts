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
import { member, NOT_MISSED, OWN_MEMBER, problem, SEEN_MEMBER, SOURCE_MEMBER } from "./entry-answers.ts";

const SUMMARY = `target GET /_matrix/client/v1/room_summary/${ROOM}`;
const LEAVE = `target POST /rooms/${ROOM}/leave`;

describe("leaving again", () => {
  const undo = { roomId: ROOM };

  it.each(["accept_invite", "join", "join_restricted", "join_invited"] as const)(
    "follows %s",
    async (kind) => {
      const { context, writes } = scriptedContext({
        ...NOT_MISSED,
        [OWN_MEMBER]: member("join"),
        [LEAVE]: DONE,
      });
      expect(await roomSteps[kind].undo(undo, context)).toEqual({ status: "done" });
      expect(writes()).toEqual([`POST /rooms/${ROOM}/leave`]);
    },
  );

  it.each([member("leave"), member("ban"), NOT_INSIDE, NOT_FOUND])(
    "has nothing to do outside the room",
    async (seen) => {
      const { context, lines } = scriptedContext({ [OWN_MEMBER]: seen });
      expect(await roomSteps.join.undo(undo, context)).toEqual({ status: "already_done" });
      expect(lines()).toEqual([OWN_MEMBER]);
    },
  );

  it.each<{ kind: "invite" | "knock"; membership: string; isLeaving: boolean }>([
    { kind: "invite", membership: "invite", isLeaving: true },
    { kind: "invite", membership: "join", isLeaving: false },
    { kind: "invite", membership: "leave", isLeaving: false },
    { kind: "knock", membership: "knock", isLeaving: true },
    { kind: "knock", membership: "invite", isLeaving: false },
    { kind: "knock", membership: "join", isLeaving: false },
  ])(
    "takes back $kind with the membership $membership: $isLeaving",
    async ({ kind, membership, isLeaving }) => {
      const seen = isLeaving ? [member(membership), member("leave")] : member(membership);
      const { context, lines } = scriptedContext({ ...NOT_MISSED, [SEEN_MEMBER]: seen, [LEAVE]: DONE });
      expect(await roomSteps[kind].undo(undo, context)).toEqual({
        status: isLeaving ? "done" : "already_done",
      });
      expect(lines().includes(LEAVE)).toBe(isLeaving);
    },
  );

  it.each([DONE, refused(404, "M_UNKNOWN", "Not a known room")])(
    "says when a room does not hear that a knock is over",
    async (answer) => {
      const { context } = scriptedContext({ [SEEN_MEMBER]: member("knock"), [LEAVE]: answer });
      expect(await roomSteps.knock.undo(undo, context)).toEqual({
        status: "retry",
        problem: problem("no_power", null),
      });
    },
  );

  it("asks the target's server where the source has left the room", async () => {
    const joined = scriptedContext({ [SEEN_MEMBER]: NOT_INSIDE, [OWN_MEMBER]: member("join") });
    expect(await roomSteps.invite.undo(undo, joined.context)).toEqual({ status: "already_done" });
    const gone = refused(404, "M_UNKNOWN", "Not a known room");
    const unknown = scriptedContext({
      [SEEN_MEMBER]: NOT_INSIDE,
      [SOURCE_MEMBER]: NOT_INSIDE,
      [OWN_MEMBER]: NOT_INSIDE,
      [SUMMARY]: content({ membership: "leave" }),
      [LEAVE]: gone,
    });
    expect(await roomSteps.invite.undo(undo, unknown.context)).toEqual({ status: "already_done" });
  });

  it.each<{ name: string; seen: Answer; source: Answer; summary: Answer }>([
    {
      name: "its server says so",
      seen: NOT_INSIDE,
      source: NOT_INSIDE,
      summary: content({ membership: "invite" }),
    },
    { name: "its server has no summaries", seen: NOT_INSIDE, source: NOT_INSIDE, summary: NOT_FOUND },
    {
      name: "the source still sees the room as it left it",
      seen: member("invite"),
      source: member("leave"),
      summary: content({ membership: "invite" }),
    },
  ])("keeps an invitation to a room that the source has left, unless confirmed: $name", async (given) => {
    const script = {
      [SEEN_MEMBER]: given.seen,
      [SOURCE_MEMBER]: given.source,
      [OWN_MEMBER]: NOT_INSIDE,
      [SUMMARY]: given.summary,
      [LEAVE]: DONE,
    };
    const plain = scriptedContext(script);
    expect(await roomSteps.invite.undo(undo, plain.context)).toEqual({
      status: "failed",
      problem: problem("source_not_joined", null),
    });
    expect(plain.writes()).toEqual([]);
    const confirmed = scriptedContext(script);
    const anyway = { ...undo, leavesAnyway: true };
    expect(await roomSteps.invite.undo(anyway, confirmed.context)).toEqual({ status: "done" });
  });

  it("takes the payload of a knock, because a knock has no undo record", async () => {
    const { context } = scriptedContext({ [SEEN_MEMBER]: [member("knock"), member("leave")], [LEAVE]: DONE });
    const payload = { roomId: ROOM, via: ["one.example"], reason: null };
    expect(await roomSteps.knock.undo(payload, context)).toEqual({ status: "done" });
  });

  it.each([
    refused(403, "M_FORBIDDEN", "The target user is not invited"),
    refused(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM"),
    refused(404, "M_NOT_FOUND"),
  ])("has nothing left to do where an invitation cannot be declined", async (answer) => {
    const { context } = scriptedContext({
      ...NOT_MISSED,
      [SEEN_MEMBER]: member("invite"),
      [LEAVE]: answer,
    });
    expect(await roomSteps.invite.undo(undo, context)).toEqual({ status: "already_done" });
  });

  it("passes on what goes wrong", async () => {
    const { context } = scriptedContext({
      ...NOT_MISSED,
      [OWN_MEMBER]: member("join"),
      [LEAVE]: refused(429, "M_LIMIT_EXCEEDED"),
    });
    expect(await roomSteps.join.undo(undo, context)).toMatchObject({ status: "wait", waitingFor: "limit" });
  });
});
