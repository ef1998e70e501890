import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../../src/model/step-outcome.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { StepContext } from "../../../../../src/platforms/matrix/steps/step-context.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";

const SPACE = "!space:old.example";
const JOIN = `target POST /join/${ROOM}`;
const INVITE = `source POST /rooms/${ROOM}/invite`;
const KNOCK = `target POST /knock/${ROOM}`;
const LEAVE = `target POST /rooms/${ROOM}/leave`;
const OWN_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const SEEN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const SUMMARY = `target GET /_matrix/client/v1/room_summary/${ROOM}`;

const timeout = new UnreachableError("timeout", "new.example");
const dendrite: Answer = { status: 500, json: { message: "Internal Server Error" } };
const slow = refused(504, "M_UNKNOWN");
const nobodyAnswers = refused(502, "M_UNKNOWN", "Failed to make_join via any server");

type JoinKind = "accept_invite" | "join" | "join_restricted" | "join_invited";

function joining(kind: JoinKind) {
  return {
    kind,
    roomId: ROOM,
    via: ["one.example", "two.example"],
    through: kind === "join_restricted" ? SPACE : null,
  };
}

function member(membership: string): Answer {
  return content({ membership });
}

function problem(code: string, serverText: unknown = "words") {
  return { code, serverText };
}

function waitForRoom(serverText: unknown = "words") {
  return {
    status: "wait",
    waitingFor: "room",
    waitMs: null,
    problem: problem("unreachable_server", serverText),
  };
}

describe("joining", () => {
  it("is one request, with the servers under both names and nothing that would stand in the member event", async () => {
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
    ["left", member("leave")],
    ["not a member", NOT_FOUND],
    ["shown nothing", NOT_INSIDE],
  ])("joins on a later try when it is %s, by another server first", async (_, seen) => {
    const { context, requests } = scriptedContext(
      { [OWN_MEMBER]: seen, [JOIN]: DONE },
      { canSkipCheck: false },
    );
    expect(await roomSteps.join.run(joining("join"), context)).toMatchObject({ status: "done" });
    expect(requests[1]?.query.getAll("via")).toEqual(["two.example", "one.example"]);
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

  it.each<[string, JoinKind, Answer, object]>([
    ["forbidden", "join", refused(403, "M_FORBIDDEN"), { status: "failed", problem: problem("refused") }],
    ["banned", "join", refused(403, "M_BAD_STATE"), { status: "failed", problem: problem("refused") }],
    [
      "blocked by the server's admin",
      "join",
      refused(403, "M_UNKNOWN", "This room has been blocked on this server"),
      {
        status: "failed",
        problem: problem("blocked_by_server", "This room has been blocked on this server"),
      },
    ],
    [
      "refused without a code",
      "join",
      refused(403, "M_UNKNOWN"),
      { status: "failed", problem: problem("refused") },
    ],
    [
      "vouched for by nobody",
      "join_restricted",
      refused(400, "M_UNABLE_TO_GRANT_JOIN"),
      { status: "failed", problem: problem("refused") },
    ],
    [
      "unseen in the room that opens it",
      "join_restricted",
      refused(400, "M_UNABLE_TO_AUTHORISE_JOIN"),
      { status: "failed", problem: problem("refused") },
    ],
    [
      "vouched for by no server",
      "join_restricted",
      nobodyAnswers,
      { status: "failed", problem: problem("refused", "Failed to make_join via any server") },
    ],
    ["out of reach", "join", nobodyAnswers, waitForRoom("Failed to make_join via any server")],
    ["without a server to join through", "join", refused(404, "M_UNKNOWN"), waitForRoom()],
    ["slow to answer", "join", slow, waitForRoom()],
    ["out of reach, restricted", "join_restricted", slow, waitForRoom()],
    ["refused by Dendrite", "join", dendrite, waitForRoom("500 M_UNKNOWN")],
    ["without an answer in time", "join", timeout, waitForRoom("new.example: timeout")],
    ["unknown", "join", refused(404, "M_NOT_FOUND"), { status: "failed", problem: problem("refused") }],
    [
      "of an unknown version",
      "join",
      refused(400, "M_INCOMPATIBLE_ROOM_VERSION"),
      { status: "failed", problem: problem("refused") },
    ],
    [
      "too large",
      "join",
      refused(400, "M_RESOURCE_LIMIT_EXCEEDED"),
      { status: "failed", problem: problem("refused") },
    ],
    ["limited", "join", refused(429, "M_LIMIT_EXCEEDED"), { status: "wait", waitingFor: "limit" }],
    ["asking for consent", "join", refused(403, "M_CONSENT_NOT_GIVEN"), { status: "needs_user" }],
    ["for a suspended account", "join", refused(403, "M_USER_SUSPENDED"), { status: "needs_user" }],
    ["after the session's end", "join", refused(401, "M_UNKNOWN_TOKEN"), { status: "needs_user" }],
    [
      "answered by a proxy",
      "join",
      { status: 502, bytes: "<html>" },
      { status: "wait", waitingFor: "server" },
    ],
    [
      "cut off",
      "join",
      new UnreachableError("reset", "new.example"),
      { status: "wait", waitingFor: "server" },
    ],
  ])("says what it means when the room is %s", async (_, kind, given, outcome) => {
    const { context, lines } = scriptedContext({ [JOIN]: given, [OWN_MEMBER]: NOT_INSIDE });
    expect(await roomSteps[kind].run(joining(kind), context)).toMatchObject(outcome);
    const isUnclear = given === dendrite || given === slow;
    expect(lines()).toEqual(isUnclear ? [JOIN, OWN_MEMBER] : [JOIN]);
  });

  describe("that a server forbids which has not heard yet", () => {
    const forbidden = refused(403, "M_FORBIDDEN");

    it.each<[JoinKind, string, Answer]>([
      ["join_invited", "invite", member("invite")],
      ["accept_invite", "invite", member("invite")],
    ])("is tried again for %s while the room shows the invitation", async (kind, _, seen) => {
      const { context } = scriptedContext({ [JOIN]: forbidden, [SEEN_MEMBER]: seen });
      expect(await roomSteps[kind].run(joining(kind), context)).toEqual({
        status: "retry",
        problem: problem("refused"),
      });
    });

    it.each<[JoinKind, Answer]>([
      ["join_invited", member("leave")],
      ["accept_invite", NOT_INSIDE],
    ])("has failed for %s when there is none", async (kind, seen) => {
      const { context } = scriptedContext({ [JOIN]: forbidden, [SEEN_MEMBER]: seen });
      expect(await roomSteps[kind].run(joining(kind), context)).toEqual({
        status: "failed",
        problem: problem("refused"),
      });
    });

    it("is tried again for a restricted room while the target is in the room that opens it", async () => {
      const inside = scriptedContext({ [JOIN]: forbidden }, { isInside: (roomId) => roomId === SPACE });
      expect(await roomSteps.join_restricted.run(joining("join_restricted"), inside.context)).toMatchObject({
        status: "retry",
      });
      const outside = scriptedContext({ [JOIN]: forbidden }, { isInside: () => false });
      expect(await roomSteps.join_restricted.run(joining("join_restricted"), outside.context)).toMatchObject({
        status: "failed",
      });
    });
  });
});

describe("inviting", () => {
  const payload = { roomId: ROOM };

  it("is one request and never makes a direct chat of the room", async () => {
    const { context, requests } = scriptedContext({ [INVITE]: DONE });
    expect(await roomSteps.invite.run(payload, context)).toEqual({ status: "done", undo: { roomId: ROOM } });
    expect(requests).toMatchObject([{ side: "source", body: { user_id: TARGET } }]);
    expect(requests[0]?.body).toEqual({ user_id: TARGET });
  });

  it.each<[string, object]>([
    ["invite", { status: "already_done" }],
    ["join", { status: "already_done" }],
    ["ban", { status: "failed", problem: problem("refused", null) }],
  ])("invites nobody on a later try whose membership is %s", async (membership, outcome) => {
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

  it.each<[string, Answer, Answer | null, object]>([
    ["too little power", refused(403, "M_FORBIDDEN"), NOT_FOUND, failed],
    ["already inside", refused(403, "M_FORBIDDEN"), member("join"), { status: "already_done" }],
    ["already invited", refused(403, "M_FORBIDDEN"), member("invite"), { status: "already_done" }],
    ["banned, here", refused(403, "M_FORBIDDEN"), member("ban"), failed],
    ["banned", refused(403, "M_BAD_STATE"), null, failed],
    ["unfederatable", refused(403, "M_UNKNOWN"), null, failed],
    ["version", refused(400, "M_UNSUPPORTED_ROOM_VERSION"), null, failed],
    [
      "blocked",
      refused(403, "M_INVITE_BLOCKED"),
      null,
      { status: "failed", problem: problem("invite_blocked") },
    ],
    [
      "blocked, by its earlier name",
      refused(403, "ORG.MATRIX.MSC4155.M_INVITE_BLOCKED"),
      null,
      { status: "failed", problem: problem("invite_blocked") },
    ],
    [
      "limit of the own server",
      refused(429, "M_LIMIT_EXCEEDED"),
      null,
      { status: "wait", waitingFor: "limit" },
    ],
    [
      "limit of the other server",
      limited,
      NOT_FOUND,
      { ...waitForLimit, problem: problem("server_trouble", "Can't connect to server new.example") },
    ],
    ["the same as 500", refused(500, "M_UNKNOWN"), member("leave"), waitForLimit],
    ["error, but it was done", limited, member("invite"), { status: "done", undo: { roomId: ROOM } }],
    ["error, and the source is not in the room", refused(500, "M_UNKNOWN"), NOT_INSIDE, failed],
    ["error, and a ban", refused(500, "M_UNKNOWN"), member("ban"), failed],
    ["refusal that comes as 500", refused(500, "M_FORBIDDEN"), NOT_FOUND, failed],
    [
      "no answer in time",
      new UnreachableError("timeout", "old.example"),
      null,
      waitForRoom("old.example: timeout"),
    ],
    [
      "no connection",
      new UnreachableError("refused", "old.example"),
      null,
      { status: "wait", waitingFor: "server" },
    ],
    ["session's end", refused(401, "M_UNKNOWN_TOKEN"), null, { status: "needs_user" }],
  ])("says what it means: %s", async (_, given, seen, outcome) => {
    const { context, lines } = scriptedContext({
      [INVITE]: given,
      ...(seen === null ? {} : { [SEEN_MEMBER]: seen }),
    });
    expect(await roomSteps.invite.run(payload, context)).toMatchObject(outcome);
    expect(lines()).toEqual(seen === null ? [INVITE] : [INVITE, SEEN_MEMBER]);
  });
});

describe("knocking", () => {
  const payload = { roomId: ROOM, via: ["old.example"] };

  it("asks once and leaves the answer to the people in the room", async () => {
    const { context, requests } = scriptedContext({ [KNOCK]: DONE });
    const outcome = await roomSteps.knock.run(payload, { ...context, knockReason: "It is me" });
    expect(outcome).toEqual({ status: "needs_moderator" });
    expect(requests).toMatchObject([{ side: "target", body: { reason: "It is me" } }]);
    expect([requests[0]?.query.getAll("via"), requests[0]?.query.getAll("server_name")]).toEqual([
      ["old.example"],
      ["old.example"],
    ]);
  });

  it("says nothing without words, and keeps those of a step that an earlier version stored", async () => {
    const { context, requests } = scriptedContext({ [KNOCK]: DONE });
    await roomSteps.knock.run(payload, context);
    await roomSteps.knock.run({ ...payload, reason: "Old" }, { ...context, knockReason: "New" });
    expect(requests.map(({ body }) => body)).toEqual([{}, { reason: "Old" }]);
  });

  it.each<[string, object]>([
    ["knock", { status: "needs_moderator" }],
    ["invite", { status: "needs_moderator" }],
    ["join", { status: "already_done" }],
    ["ban", { status: "failed", problem: problem("refused", null) }],
  ])("does not knock on a later try with the membership %s", async (membership, outcome) => {
    const { context, lines } = scriptedContext(
      { [SEEN_MEMBER]: member(membership) },
      { canSkipCheck: false },
    );
    expect(await roomSteps.knock.run(payload, context)).toEqual(outcome);
    expect(lines()).toEqual([SEEN_MEMBER]);
  });

  it("asks its own server where the source sees nothing", async () => {
    const waits = scriptedContext(
      { [SEEN_MEMBER]: NOT_INSIDE, [SUMMARY]: member("knock") },
      { canSkipCheck: false },
    );
    expect(await roomSteps.knock.run(payload, waits.context)).toEqual({ status: "needs_moderator" });
    for (const unknown of [
      member("leave"),
      NOT_FOUND,
      refused(400, "M_UNKNOWN"),
      refused(502, "M_UNKNOWN"),
      content({}),
    ]) {
      const asks = scriptedContext(
        { [SEEN_MEMBER]: NOT_INSIDE, [SUMMARY]: unknown, [KNOCK]: DONE },
        { canSkipCheck: false },
      );
      expect(await roomSteps.knock.run(payload, asks.context)).toEqual({ status: "needs_moderator" });
      expect(asks.lines()).toEqual([SEEN_MEMBER, SUMMARY, KNOCK]);
    }
  });

  it.each<[string, Answer, Answer | null, object]>([
    [
      "not allowed",
      refused(403, "M_FORBIDDEN"),
      NOT_FOUND,
      { status: "failed", problem: problem("refused") },
    ],
    ["let in meanwhile", refused(403, "M_FORBIDDEN"), member("invite"), { status: "needs_moderator" }],
    ["inside meanwhile", refused(403, "M_FORBIDDEN"), member("join"), { status: "already_done" }],
    [
      "not in this version",
      refused(500, "M_FORBIDDEN"),
      NOT_FOUND,
      { status: "failed", problem: problem("refused") },
    ],
    [
      "not on this server",
      refused(404, "M_UNRECOGNIZED"),
      null,
      { status: "failed", problem: problem("refused") },
    ],
    ["out of reach", refused(502, "M_UNKNOWN"), NOT_FOUND, waitForRoom()],
    [
      "out of reach, but it was done",
      refused(502, "M_UNKNOWN"),
      member("knock"),
      { status: "needs_moderator" },
    ],
    ["no answer in time", timeout, null, waitForRoom("new.example: timeout")],
    ["limited", refused(429, "M_LIMIT_EXCEEDED"), null, { status: "wait", waitingFor: "limit" }],
  ])("says what it means: %s", async (_, given, seen, outcome) => {
    const { context } = scriptedContext({
      [KNOCK]: given,
      ...(seen === null ? {} : { [SEEN_MEMBER]: seen }),
    });
    expect(await roomSteps.knock.run(payload, context)).toMatchObject(outcome);
  });
});

describe("leaving again", () => {
  const undo = { roomId: ROOM };

  it.each(["accept_invite", "join", "join_restricted", "join_invited"] as const)(
    "follows %s",
    async (kind) => {
      const { context, lines } = scriptedContext({ [OWN_MEMBER]: member("join"), [LEAVE]: DONE });
      expect(await roomSteps[kind].undo(undo, context)).toEqual({ status: "done" });
      expect(lines()).toEqual([OWN_MEMBER, LEAVE]);
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

  it.each<["invite" | "knock", string, boolean]>([
    ["invite", "invite", true],
    ["invite", "join", false],
    ["invite", "leave", false],
    ["knock", "knock", true],
    ["knock", "invite", false],
    ["knock", "join", false],
  ])("takes back %s with the membership %s: %s", async (kind, membership, isLeaving) => {
    const seen = isLeaving ? [member(membership), member("leave")] : member(membership);
    const { context, lines } = scriptedContext({ [SEEN_MEMBER]: seen, [LEAVE]: DONE });
    expect(await roomSteps[kind].undo(undo, context)).toEqual({
      status: isLeaving ? "done" : "already_done",
    });
    expect(lines().includes(LEAVE)).toBe(isLeaving);
  });

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
    const unknown = scriptedContext({ [SEEN_MEMBER]: NOT_INSIDE, [OWN_MEMBER]: NOT_INSIDE, [LEAVE]: gone });
    expect(await roomSteps.invite.undo(undo, unknown.context)).toEqual({ status: "already_done" });
  });

  it("takes the payload of a knock, of which nothing else is recorded", async () => {
    const { context } = scriptedContext({ [SEEN_MEMBER]: [member("knock"), member("leave")], [LEAVE]: DONE });
    const payload = { roomId: ROOM, via: ["one.example"], reason: null };
    expect(await roomSteps.knock.undo(payload, context)).toEqual({ status: "done" });
  });

  it("passes on what goes wrong", async () => {
    const { context } = scriptedContext({
      [OWN_MEMBER]: member("join"),
      [LEAVE]: refused(429, "M_LIMIT_EXCEEDED"),
    });
    expect(await roomSteps.join.undo(undo, context)).toMatchObject({ status: "wait", waitingFor: "limit" });
  });
});

describe("a step of the new account that asks the old one's server", () => {
  const forbidden = refused(403, "M_FORBIDDEN");
  const entered = { roomId: ROOM };
  const knock = { roomId: ROOM, via: [], reason: null };
  const requests: [
    string,
    Record<string, Answer>,
    (context: StepContext) => Promise<StepOutcome> | undefined,
  ][] = [
    [
      "after a refused join",
      { [JOIN]: forbidden },
      (context) => roomSteps.join_invited.run(joining("join_invited"), context),
    ],
    ["after a refused knock", { [KNOCK]: forbidden }, (context) => roomSteps.knock.run(knock, context)],
    ["to take an invitation back", {}, (context) => roomSteps.invite.undo(entered, context)],
    ["to take a knock back", {}, (context) => roomSteps.knock.undo(entered, context)],
  ];
  const failures: [string, Answer, object][] = [
    ["away", new UnreachableError("refused", "old.example"), { status: "wait", waitingFor: "server" }],
    ["limiting it", refused(429, "M_LIMIT_EXCEEDED"), { status: "wait", waitingFor: "limit" }],
    ["no longer knowing the session", refused(401, "M_UNKNOWN_TOKEN"), { status: "needs_user" }],
  ];

  it.each(
    requests.flatMap((step) => failures.map((failure) => [step[0], failure[0], step, failure] as const)),
  )("%s finds that one %s, and not its own", async (_when, _what, [, script, run], [, given, outcome]) => {
    const { context } = scriptedContext({ ...script, [SEEN_MEMBER]: given });
    expect(await run(context)).toMatchObject({ ...outcome, side: "source" });
  });

  it("does not take its own for the other", async () => {
    const { context } = scriptedContext({ [JOIN]: new UnreachableError("refused", "new.example") });
    expect(await roomSteps.join.run(joining("join"), context)).not.toHaveProperty("side");
    const leaving = scriptedContext({
      [SEEN_MEMBER]: member("invite"),
      [LEAVE]: refused(429, "M_LIMIT_EXCEEDED"),
    });
    expect(await roomSteps.invite.undo(entered, leaving.context)).not.toHaveProperty("side");
  });
});
