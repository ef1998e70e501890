import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import {
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import { TARGET } from "../../../../support/plans/planned-rooms.ts";
import { member, problem, SEEN_MEMBER } from "./entry-answers.ts";

const INVITE = `source POST /rooms/${ROOM}/invite`;

describe("inviting", () => {
  const payload = { roomId: ROOM };

  it("is one request and never makes a direct chat of the room", async () => {
    const { context, requests } = scriptedContext({ [INVITE]: DONE });
    expect(await roomSteps.invite.run(payload, context)).toEqual({ status: "done", undo: { roomId: ROOM } });
    expect(requests).toMatchObject([{ side: "source", body: { user_id: TARGET } }]);
    expect(requests[0]?.body).toEqual({ user_id: TARGET });
  });

  it.each<{ membership: string; outcome: object }>([
    { membership: "invite", outcome: { status: "already_done" } },
    { membership: "join", outcome: { status: "already_done" } },
    { membership: "ban", outcome: { status: "failed", problem: problem("refused", null) } },
  ])("invites nobody on a later try whose membership is $membership", async ({ membership, outcome }) => {
    const { context, lines } = scriptedContext(
      { [SEEN_MEMBER]: member(membership) },
      { canSkipCheck: false },
    );
    expect(await roomSteps.invite.run(payload, context)).toEqual(outcome);
    expect(lines()).toEqual([SEEN_MEMBER]);
  });

  it.each(["leave", "knock"])("invites on a later try whose membership is %s", async (membership) => {
    const { context, lines } = scriptedContext(
      { [SEEN_MEMBER]: member(membership), [INVITE]: DONE },
      { canSkipCheck: false },
    );
    expect(await roomSteps.invite.run(payload, context)).toMatchObject({ status: "done" });
    expect(lines()).toEqual([SEEN_MEMBER, INVITE]);
  });

  const limited = refused(502, "M_UNKNOWN", "Can't connect to server new.example");
  const waitForLimit = { status: "wait", waitingFor: "limit", waitMs: null };
  const failed = { status: "failed", problem: problem("refused") };

  it.each<{ name: string; given: Answer; seen: Answer | null; outcome: object }>([
    { name: "too little power", given: refused(403, "M_FORBIDDEN"), seen: NOT_FOUND, outcome: failed },
    {
      name: "already inside",
      given: refused(403, "M_FORBIDDEN"),
      seen: member("join"),
      outcome: { status: "already_done" },
    },
    {
      name: "already invited",
      given: refused(403, "M_FORBIDDEN"),
      seen: member("invite"),
      outcome: { status: "already_done" },
    },
    { name: "banned, here", given: refused(403, "M_FORBIDDEN"), seen: member("ban"), outcome: failed },
    { name: "banned", given: refused(403, "M_BAD_STATE"), seen: null, outcome: failed },
    { name: "unfederatable", given: refused(403, "M_UNKNOWN"), seen: null, outcome: failed },
    { name: "version", given: refused(400, "M_UNSUPPORTED_ROOM_VERSION"), seen: null, outcome: failed },
    {
      name: "blocked",
      given: refused(403, "M_INVITE_BLOCKED"),
      seen: null,
      outcome: { status: "failed", problem: problem("invite_blocked") },
    },
    {
      name: "blocked, by its earlier name",
      given: refused(403, "ORG.MATRIX.MSC4155.M_INVITE_BLOCKED"),
      seen: null,
      outcome: { status: "failed", problem: problem("invite_blocked") },
    },
    {
      name: "limit of the own server",
      given: refused(429, "M_LIMIT_EXCEEDED"),
      seen: null,
      outcome: { status: "wait", waitingFor: "limit" },
    },
    {
      name: "limit of the other server",
      given: limited,
      seen: NOT_FOUND,
      outcome: { ...waitForLimit, problem: problem("server_trouble", "Can't connect to server new.example") },
    },
    {
      name: "the same as 500",
      given: refused(500, "M_UNKNOWN"),
      seen: member("leave"),
      outcome: waitForLimit,
    },
    {
      name: "error, but it was done",
      given: limited,
      seen: member("invite"),
      outcome: { status: "done", undo: { roomId: ROOM } },
    },
    {
      name: "error, and the source is not in the room",
      given: refused(500, "M_UNKNOWN"),
      seen: NOT_INSIDE,
      outcome: failed,
    },
    { name: "error, and a ban", given: refused(500, "M_UNKNOWN"), seen: member("ban"), outcome: failed },
    {
      name: "refusal that comes as 500",
      given: refused(500, "M_FORBIDDEN"),
      seen: NOT_FOUND,
      outcome: failed,
    },
    {
      name: "one more than the account may send",
      given: {
        status: 403,
        json: { errcode: "M_USER_LIMIT_EXCEEDED", error: "words", info_uri: "https://old.example/limits" },
      },
      seen: null,
      outcome: {
        status: "held",
        problem: { ...problem("account_limit"), page: "https://old.example/limits" },
      },
    },
    {
      name: "no answer in time",
      given: new UnreachableError("timeout", "old.example"),
      seen: null,
      outcome: { status: "wait", waitingFor: "server", isSlow: true },
    },
    {
      name: "no connection",
      given: new UnreachableError("refused", "old.example"),
      seen: null,
      outcome: { status: "wait", waitingFor: "server" },
    },
    {
      name: "session's end",
      given: refused(401, "M_UNKNOWN_TOKEN"),
      seen: null,
      outcome: { status: "needs_user" },
    },
  ])("says what it means: $name", async ({ given, seen, outcome }) => {
    const { context, lines } = scriptedContext({
      [INVITE]: given,
      ...(seen === null ? {} : { [SEEN_MEMBER]: seen }),
    });
    expect(await roomSteps.invite.run(payload, context)).toMatchObject(outcome);
    expect(lines()).toEqual(seen === null ? [INVITE] : [INVITE, SEEN_MEMBER]);
  });
});
