import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
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
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import { member, OWN_MEMBER, problem, SEEN_MEMBER, timeout, waitForRoom } from "./entry-answers.ts";

const SPACE = "!space:old.example";

const JOIN = `target POST /join/${ROOM}`;

const dendrite: Answer = { status: 500, json: { message: "Internal Server Error" } };

const slow = refused(504, "M_UNKNOWN");

const nobodyAnswers = refused(502, "M_UNKNOWN", "Failed to make_join via any server");

const NO_MORE: Answer = {
  status: 403,
  json: { errcode: "M_USER_LIMIT_EXCEEDED", error: "words", info_uri: "https://new.example/limits" },
};
const HELD = {
  status: "held",
  problem: { ...problem("account_limit"), page: "https://new.example/limits" },
};

type JoinKind = "accept_invite" | "join" | "join_restricted" | "join_invited";

function joining(kind: JoinKind) {
  return {
    kind,
    roomId: ROOM,
    via: ["one.example", "two.example"],
    through: kind === "join_restricted" ? SPACE : null,
  };
}

describe("joining", () => {
  it("is one request, with the servers under both names and nothing that would get into the member event", async () => {
    const { context, requests } = scriptedContext({ [JOIN]: DONE });
    expect(await roomSteps.join.run(joining("join"), context)).toEqual({
      status: "done",
      undo: { roomId: ROOM },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ side: "target", method: "POST", body: {} });
    expect(requests[0]?.query.getAll("via")).toEqual(["one.example", "two.example"]);
    expect(requests[0]?.query.getAll("server_name")).toEqual(["one.example", "two.example"]);
  });

  it("looks first when it may have been done, and then does nothing", async () => {
    const { context, lines } = scriptedContext({ [OWN_MEMBER]: member("join") }, { canSkipCheck: false });
    expect(await roomSteps.join.run(joining("join"), context)).toEqual({ status: "already_done" });
    expect(lines()).toEqual([OWN_MEMBER]);
  });

  it.each([
    { name: "left", seen: member("leave") },
    { name: "not a member", seen: NOT_FOUND },
    { name: "shown nothing", seen: NOT_INSIDE },
  ])("joins on a later try when it is $name", async ({ seen }) => {
    const { context, requests } = scriptedContext(
      { [OWN_MEMBER]: seen, [JOIN]: DONE },
      { canSkipCheck: false },
    );
    expect(await roomSteps.join.run(joining("join"), context)).toMatchObject({ status: "done" });
    // Nothing has failed yet, however late it is, so the planned order stays.
    expect(requests[1]?.query.getAll("via")).toEqual(["one.example", "two.example"]);
  });

  it.each([
    { failures: 0, via: ["a.example", "b.example", "c.example"] },
    { failures: 1, via: ["b.example", "c.example", "a.example"] },
    { failures: 2, via: ["c.example", "a.example", "b.example"] },
    { failures: 3, via: ["a.example", "b.example", "c.example"] },
  ])("begins with the next server after each of $failures failures", async ({ failures, via }) => {
    for (const step of ["join", "knock"] as const) {
      const { context, requests } = scriptedContext(() => undefined, { failures });
      const payload = { ...joining("join"), via: ["a.example", "b.example", "c.example"] };
      await roomSteps[step].run(payload, context);
      expect(requests[0]?.query.getAll("via")).toEqual(via);
    }
  });

  it("does not act when it cannot look", async () => {
    const { context, lines } = scriptedContext(
      { [OWN_MEMBER]: new UnreachableError("refused", "new.example") },
      { canSkipCheck: false },
    );
    expect(await roomSteps.join.run(joining("join"), context)).toMatchObject({
      status: "wait",
      waitingFor: "server",
    });
    expect(lines()).toEqual([OWN_MEMBER]);
  });

  it.each<{ name: string; kind: JoinKind; given: Answer; outcome: object }>([
    {
      name: "forbidden",
      kind: "join",
      given: refused(403, "M_FORBIDDEN"),
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "banned",
      kind: "join",
      given: refused(403, "M_BAD_STATE"),
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "blocked by the server's admin",
      kind: "join",
      given: refused(403, "M_UNKNOWN", "This room has been blocked on this server"),
      outcome: {
        status: "failed",
        problem: problem("blocked_by_server", "This room has been blocked on this server"),
      },
    },
    {
      name: "refused without a code",
      kind: "join",
      given: refused(403, "M_UNKNOWN"),
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "vouched for by nobody",
      kind: "join_restricted",
      given: refused(400, "M_UNABLE_TO_GRANT_JOIN"),
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "unseen in the room that opens it",
      kind: "join_restricted",
      given: refused(400, "M_UNABLE_TO_AUTHORISE_JOIN"),
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "vouched for by no server",
      kind: "join_restricted",
      given: nobodyAnswers,
      outcome: { status: "failed", problem: problem("refused", "Failed to make_join via any server") },
    },
    {
      name: "out of reach",
      kind: "join",
      given: nobodyAnswers,
      outcome: waitForRoom("Failed to make_join via any server"),
    },
    {
      name: "without a server to join through",
      kind: "join",
      given: refused(404, "M_UNKNOWN"),
      outcome: waitForRoom(),
    },
    { name: "slow to answer", kind: "join", given: slow, outcome: waitForRoom() },
    { name: "out of reach, restricted", kind: "join_restricted", given: slow, outcome: waitForRoom() },
    { name: "refused by Dendrite", kind: "join", given: dendrite, outcome: waitForRoom("500 M_UNKNOWN") },
    {
      name: "without an answer in time",
      kind: "join",
      given: timeout,
      outcome: { status: "wait", waitingFor: "server", isSlow: true },
    },
    {
      name: "unknown",
      kind: "join",
      given: refused(404, "M_NOT_FOUND"),
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "of an unknown version",
      kind: "join",
      given: refused(400, "M_INCOMPATIBLE_ROOM_VERSION"),
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "too large",
      kind: "join",
      given: refused(400, "M_RESOURCE_LIMIT_EXCEEDED"),
      outcome: { status: "failed", problem: problem("blocked_by_server") },
    },
    {
      name: "one more than the account may join",
      kind: "join",
      given: NO_MORE,
      outcome: HELD,
    },
    {
      name: "one more than the account may join, by the unstable name",
      kind: "join",
      given: {
        status: 403,
        json: {
          errcode: "ORG.MATRIX.MSC4335_USER_LIMIT_EXCEEDED",
          error: "words",
          "org.matrix.msc4335.info_uri": "https://new.example/limits",
        },
      },
      outcome: HELD,
    },
    {
      name: "limited",
      kind: "join",
      given: refused(429, "M_LIMIT_EXCEEDED"),
      outcome: { status: "wait", waitingFor: "limit" },
    },
    {
      name: "asking for consent",
      kind: "join",
      given: refused(403, "M_CONSENT_NOT_GIVEN"),
      outcome: { status: "needs_user" },
    },
    {
      name: "for a suspended account",
      kind: "join",
      given: refused(403, "M_USER_SUSPENDED"),
      outcome: { status: "needs_user" },
    },
    {
      name: "after the session's end",
      kind: "join",
      given: refused(401, "M_UNKNOWN_TOKEN"),
      outcome: { status: "needs_user" },
    },
    {
      name: "answered by a proxy",
      kind: "join",
      given: { status: 502, bytes: "<html>" },
      outcome: { status: "wait", waitingFor: "server" },
    },
    {
      name: "cut off",
      kind: "join",
      given: new UnreachableError("reset", "new.example"),
      outcome: { status: "wait", waitingFor: "server" },
    },
  ])("says what it means when the room is $name", async ({ kind, given, outcome }) => {
    const { context, lines } = scriptedContext({ [JOIN]: given, [OWN_MEMBER]: NOT_INSIDE });
    expect(await roomSteps[kind].run(joining(kind), context)).toMatchObject(outcome);
    const isUnclear = given === dendrite || given === slow;
    expect(lines()).toEqual(isUnclear ? [JOIN, OWN_MEMBER] : [JOIN]);
  });

  describe("of a room that the target's server keeps out", () => {
    const LEAVE = `target POST /rooms/${ROOM}/leave`;
    const invitedBy = (sender: string): Answer =>
      content({
        type: "m.room.member",
        state_key: TARGET,
        sender,
        origin_server_ts: 1,
        content: { membership: "invite" },
      });
    const tooLarge = refused(400, "M_RESOURCE_LIMIT_EXCEEDED");
    const keptOut = { status: "failed", problem: problem("blocked_by_server") };

    it("takes back the invitation of the source", async () => {
      const { context, writes } = scriptedContext({
        [JOIN]: tooLarge,
        [SEEN_MEMBER]: [invitedBy(SOURCE), member("invite")],
        [LEAVE]: DONE,
      });
      expect(await roomSteps.join_invited.run(joining("join_invited"), context)).toEqual(keptOut);
      expect(writes()).toEqual([`POST /join/${ROOM}`, `POST /rooms/${ROOM}/leave`]);
    });

    it("leaves the invitation of somebody else", async () => {
      const { context, writes } = scriptedContext({
        [JOIN]: tooLarge,
        [SEEN_MEMBER]: invitedBy("@mod:old.example"),
      });
      expect(await roomSteps.join_invited.run(joining("join_invited"), context)).toEqual(keptOut);
      expect(writes()).toEqual([`POST /join/${ROOM}`]);
    });

    it("takes it back later where a server does not answer for that", async () => {
      const { context } = scriptedContext({
        [JOIN]: tooLarge,
        [SEEN_MEMBER]: [invitedBy(SOURCE), member("invite")],
        [LEAVE]: new UnreachableError("reset", "new.example"),
      });
      expect(await roomSteps.join_invited.run(joining("join_invited"), context)).toMatchObject({
        status: "wait",
        waitingFor: "server",
      });
    });
  });

  describe("that a server forbids which has not heard yet", () => {
    const forbidden = refused(403, "M_FORBIDDEN");

    it.each<{ kind: JoinKind; field1: string; seen: Answer }>([
      { kind: "join_invited", field1: "invite", seen: member("invite") },
      { kind: "accept_invite", field1: "invite", seen: member("invite") },
    ])("is tried again for $kind while the room shows the invitation", async ({ kind, seen }) => {
      const { context } = scriptedContext({ [JOIN]: forbidden, [SEEN_MEMBER]: seen });
      expect(await roomSteps[kind].run(joining(kind), context)).toEqual({
        status: "retry",
        problem: problem("refused"),
      });
    });

    it.each<{ kind: JoinKind; seen: Answer }>([
      { kind: "join_invited", seen: member("leave") },
      { kind: "accept_invite", seen: NOT_INSIDE },
    ])("has failed for $kind when there is none", async ({ kind, seen }) => {
      const { context } = scriptedContext({ [JOIN]: forbidden, [SEEN_MEMBER]: seen });
      expect(await roomSteps[kind].run(joining(kind), context)).toEqual({
        status: "failed",
        problem: problem("refused"),
      });
    });

    it("is tried again for a restricted room while the target is in the room that opens it", async () => {
      const inside = scriptedContext({ [JOIN]: forbidden }, { isJoined: (roomId) => roomId === SPACE });
      expect(await roomSteps.join_restricted.run(joining("join_restricted"), inside.context)).toMatchObject({
        status: "retry",
      });
      const outside = scriptedContext({ [JOIN]: forbidden }, { isJoined: () => false });
      expect(await roomSteps.join_restricted.run(joining("join_restricted"), outside.context)).toMatchObject({
        status: "failed",
      });
    });
  });
});
