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
import { member, problem, SEEN_MEMBER, timeout, waitForRoom } from "./entry-answers.ts";

const KNOCK = `target POST /knock/${ROOM}`;

const SUMMARY = `target GET /_matrix/client/v1/room_summary/${ROOM}`;

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

  it.each<{ membership: string; outcome: object }>([
    { membership: "knock", outcome: { status: "needs_moderator" } },
    { membership: "invite", outcome: { status: "needs_moderator" } },
    { membership: "join", outcome: { status: "already_done" } },
    { membership: "ban", outcome: { status: "failed", problem: problem("refused", null) } },
  ])("does not knock on a later try with the membership $membership", async ({ membership, outcome }) => {
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

  it.each<{ name: string; given: Answer; seen: Answer | null; outcome: object }>([
    {
      name: "not allowed",
      given: refused(403, "M_FORBIDDEN"),
      seen: NOT_FOUND,
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "let in meanwhile",
      given: refused(403, "M_FORBIDDEN"),
      seen: member("invite"),
      outcome: { status: "needs_moderator" },
    },
    {
      name: "inside meanwhile",
      given: refused(403, "M_FORBIDDEN"),
      seen: member("join"),
      outcome: { status: "already_done" },
    },
    {
      name: "not in this version",
      given: refused(500, "M_FORBIDDEN"),
      seen: NOT_FOUND,
      outcome: { status: "failed", problem: problem("refused") },
    },
    {
      name: "not on this server",
      given: refused(404, "M_UNRECOGNIZED"),
      seen: null,
      outcome: { status: "failed", problem: problem("refused") },
    },
    { name: "out of reach", given: refused(502, "M_UNKNOWN"), seen: NOT_FOUND, outcome: waitForRoom() },
    {
      name: "out of reach, but it was done",
      given: refused(502, "M_UNKNOWN"),
      seen: member("knock"),
      outcome: { status: "needs_moderator" },
    },
    {
      name: "no answer in time",
      given: timeout,
      seen: null,
      outcome: { status: "wait", waitingFor: "server", isSlow: true },
    },
    {
      name: "limited",
      given: refused(429, "M_LIMIT_EXCEEDED"),
      seen: null,
      outcome: { status: "wait", waitingFor: "limit" },
    },
  ])("says what it means: $name", async ({ given, seen, outcome }) => {
    const { context } = scriptedContext({
      [KNOCK]: given,
      ...(seen === null ? {} : { [SEEN_MEMBER]: seen }),
    });
    expect(await roomSteps.knock.run(payload, context)).toMatchObject(outcome);
  });
});
