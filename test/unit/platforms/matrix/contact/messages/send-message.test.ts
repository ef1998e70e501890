import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../../../src/model/step-outcome.ts";
import { UnreachableError } from "../../../../../../src/network/unreachable-error.ts";
import { sendMessageStep } from "../../../../../../src/platforms/matrix/contact/messages/send-message.ts";
import type { SendMessagePayload } from "../../../../../../src/platforms/matrix/contact/payloads.ts";
import type { Answer, ScriptedRequest } from "../../../../../support/fakes/scripted-context.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../../support/fakes/scripted-context.ts";
import { problem } from "../../steps/entry-answers.ts";

const HELPER = "@admin:old.example";
const ENCRYPTION = `source GET /rooms/${ROOM}/state/m.room.encryption`;
const MEMBERS = `source GET /rooms/${ROOM}/joined_members`;
const SEND = `source PUT /rooms/${ROOM}/send/m.room.message/step-1`;

const LOST = new UnreachableError("reset", "old.example");

const PAYLOAD: SendMessagePayload = {
  roomId: ROOM,
  text: "Please let me in.",
  mentions: [HELPER],
  maxJoined: null,
  purpose: { kind: "announce" },
};

function members(count: number): Answer {
  return content({
    joined: Object.fromEntries(Array.from({ length: count }, (_, index) => [`@${index}:x`, {}])),
  });
}

function failed(code: string, serverText: string | null = null): object {
  return { status: "failed", problem: problem(code, serverText) };
}

describe("a message in a room", () => {
  it("is sent by the acting account, and mentions nobody else", async () => {
    const { context, requests, lines } = scriptedContext(
      { [ENCRYPTION]: NOT_FOUND, [SEND]: DONE },
      { side: "source" },
    );
    expect(await sendMessageStep.run(PAYLOAD, context)).toEqual({ status: "done" });
    expect(lines()).toEqual([ENCRYPTION, SEND]);
    expect(requests[1]?.body).toEqual({
      msgtype: "m.text",
      body: "Please let me in.",
      "m.mentions": { user_ids: [HELPER] },
    });
  });

  it("says that it mentions nobody, so that clients look for no names in it", async () => {
    const { context, requests } = scriptedContext(
      { [ENCRYPTION]: NOT_FOUND, [SEND]: DONE },
      { side: "source" },
    );
    await sendMessageStep.run({ ...PAYLOAD, mentions: [] }, context);
    expect(requests[1]?.body).toMatchObject({ "m.mentions": {} });
  });

  it("is the same message on every try", async () => {
    const answers = { [ENCRYPTION]: NOT_FOUND, [SEND]: [new UnreachableError("reset", "x"), DONE] };
    const { context, writes } = scriptedContext(answers, { side: "source" });
    await sendMessageStep.run(PAYLOAD, context);
    expect(await sendMessageStep.run(PAYLOAD, { ...context, canSkipCheck: false })).toEqual({
      status: "done",
    });
    expect(new Set(writes()).size).toBe(1);
  });

  it.each<{ name: string; first: Answer; outcome: object }>([
    { name: "was lost, so the helper counts as asked", first: LOST, outcome: { status: "done" } },
    {
      name: "was a server error, so the helper counts as asked",
      first: refused(502, "M_UNKNOWN"),
      outcome: { status: "done" },
    },
    { name: "was a limit", first: refused(429, "M_LIMIT_EXCEEDED"), outcome: { status: "already_done" } },
  ])("is not sent again once the room is open, where the first answer $name", async ({ first, outcome }) => {
    const purpose = {
      ...{ kind: "ask", way: "direct", userIds: [HELPER], roomIds: ["!waits:x"], followers: [] },
    } as const;
    const joined = content({ membership: "join" });
    const server = ({ path, method }: ScriptedRequest): Answer | undefined =>
      method === "PUT" ? first : path.startsWith("/rooms/!waits:x") ? joined : undefined;
    const { context, savedUndos, writes } = scriptedContext(server, { side: "source" });
    await sendMessageStep.run({ ...PAYLOAD, purpose }, context);
    const again = { ...context, canSkipCheck: false, savedUndo: savedUndos.at(-1) };
    expect(await sendMessageStep.run({ ...PAYLOAD, purpose }, again)).toEqual(outcome);
    expect(writes()).toHaveLength(1);
  });

  it("counts as sent if its answer was lost and the room is another one since", async () => {
    const answers = { [MEMBERS]: members(2), [ENCRYPTION]: [NOT_FOUND, content({})], [SEND]: LOST };
    const { context, savedUndos } = scriptedContext(answers, { side: "source" });
    const payload = { ...PAYLOAD, maxJoined: 2 };
    await sendMessageStep.run(payload, context);
    const again = { ...context, savedUndo: savedUndos.at(-1) };
    expect(await sendMessageStep.run(payload, again)).toEqual({ status: "done" });
    expect(await sendMessageStep.run({ ...payload, maxJoined: 1 }, again)).toEqual({ status: "done" });
  });

  it.each<{ name: string; joined: Answer; outcome: object }>([
    { name: "as many members as it may have", joined: members(50), outcome: { status: "done" } },
    { name: "more members", joined: members(51), outcome: failed("room_grew") },
    {
      name: "more members than can be read",
      joined: { bytes: "x".repeat(1_100_000) },
      outcome: failed("room_grew"),
    },
    { name: "another room by now", joined: NOT_INSIDE, outcome: failed("no_power", "User not in room") },
  ])("counts who has joined right before: $name", async ({ joined, outcome }) => {
    const answers = { [MEMBERS]: joined, [ENCRYPTION]: NOT_FOUND, [SEND]: DONE };
    const { context, writes } = scriptedContext(answers, { side: "source" });
    expect(await sendMessageStep.run({ ...PAYLOAD, maxJoined: 50 }, context)).toEqual(outcome);
    expect(writes().length).toBe("problem" in outcome ? 0 : 1);
  });

  it.each<{ name: string; encryption: Answer; outcome: Partial<StepOutcome> }>([
    {
      name: "is encrypted by now",
      encryption: content({ algorithm: "a" }),
      outcome: failed("room_encrypted"),
    },
    {
      name: "is encrypted in a way that cannot be read",
      encryption: content({}),
      outcome: failed("room_encrypted"),
    },
    { name: "is not shown", encryption: NOT_INSIDE, outcome: failed("no_power", "User not in room") },
    { name: "cannot be read", encryption: refused(500, "M_UNKNOWN"), outcome: { status: "retry" } },
  ])("is never sent in plain text to a room that $name", async ({ encryption, outcome }) => {
    const { context, writes } = scriptedContext({ [ENCRYPTION]: encryption }, { side: "source" });
    expect(await sendMessageStep.run(PAYLOAD, context)).toMatchObject(outcome);
    expect(writes()).toEqual([]);
  });

  it.each<{ name: string; given: Answer; outcome: object }>([
    {
      name: "the account may not speak",
      given: refused(403, "M_FORBIDDEN"),
      outcome: failed("no_power", "words"),
    },
    { name: "it is too long", given: refused(413, "M_TOO_LARGE"), outcome: failed("refused", "words") },
    {
      name: "a limit",
      given: { status: 429, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 4_000 } },
      outcome: { status: "wait", waitingFor: "limit", waitMs: 4_000, problem: null },
    },
    {
      name: "the session has ended",
      given: refused(401, "M_UNKNOWN_TOKEN"),
      outcome: { status: "needs_user", problem: problem("session_ended") },
    },
  ])("is told when the server refuses it: $name", async ({ given, outcome }) => {
    const { context } = scriptedContext({ [ENCRYPTION]: NOT_FOUND, [SEND]: given }, { side: "source" });
    expect(await sendMessageStep.run(PAYLOAD, context)).toEqual(outcome);
  });
});
