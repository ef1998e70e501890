import { describe, expect, it, test } from "vitest";
import type { MessageToHelper } from "../../../../../../src/platforms/matrix/contact/ask/steps.ts";
import { questionOf, stepOfMessage } from "../../../../../../src/platforms/matrix/contact/ask/steps.ts";
import { openChatStep } from "../../../../../../src/platforms/matrix/contact/chats/open-chat.ts";
import { afterChat } from "../../../../../../src/platforms/matrix/contact/follow-up.ts";
import { sendMessageStep } from "../../../../../../src/platforms/matrix/contact/messages/send-message.ts";
import type { HelperToAsk } from "../../../../../../src/platforms/matrix/contact/payloads.ts";
import { content, DONE, NOT_FOUND, scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { TARGET } from "../../../../../support/plans/planned-rooms.ts";

const HALL = "!hall:old.example";
const YARD = "!yard:old.example";

function helper(userId: string, more: Partial<HelperToAsk> = {}): HelperToAsk {
  return { userId, way: "new_direct", chatRoomId: null, roomIds: [HALL], text: "T", reason: "R", ...more };
}

function message(more: Partial<MessageToHelper> = {}): MessageToHelper {
  return { ...helper("@ann:a.example"), alsoMentioned: [], followers: [], ...more };
}

const refused = { status: "failed", problem: { code: "partner_refused", serverText: null } } as const;
const silent = { status: "failed", problem: { code: "unreachable_server", serverText: null } } as const;

describe("the step of a question", () => {
  it("opens a chat that is not encrypted, with the text and the reason", () => {
    expect(stepOfMessage("source", message())).toMatchObject({
      ...{ key: "open_chat:@ann:a.example", kind: "open_chat", side: "source", roomId: null },
      limits: ["room_creation", "messages"],
      payload: { partner: "@ann:a.example", isEncrypted: false, text: "T", reason: "R" },
    });
  });

  it("sends a message to an existing chat, and mentions nobody", () => {
    const step = stepOfMessage("source", message({ way: "direct", chatRoomId: "!chat:x", reason: null }));
    expect(step).toMatchObject({
      ...{ key: "send_message:@ann:a.example", kind: "send_message", side: "source", limits: ["messages"] },
      payload: { roomId: "!chat:x", text: "T", mentions: [], maxJoined: 2 },
    });
  });

  it("sends a message about a direct chat to those who are in it, who may be more than two", () => {
    const step = stepOfMessage("source", message({ way: "direct", chatRoomId: HALL, reason: null }));
    expect(step.payload).toMatchObject({ roomId: HALL, mentions: [], maxJoined: 50 });
  });

  it("sends a message to at most 50 members of a room, and mentions everybody who counts as asked", () => {
    const alsoMentioned = ["@bob:b.example", "@cleo:c.example"];
    const step = stepOfMessage(
      "source",
      message({ way: "room", chatRoomId: HALL, reason: null, alsoMentioned }),
    );
    const everybody = ["@ann:a.example", ...alsoMentioned];
    expect(step.payload).toMatchObject({
      ...{ roomId: HALL, mentions: everybody, maxJoined: 50 },
      purpose: { kind: "ask", way: "room", userIds: everybody, roomIds: [HALL] },
    });
  });
});

describe("a chat that does not come about", () => {
  const followers = [
    helper("@bob:b.example", { roomIds: [HALL] }),
    helper("@cleo:c.example", { way: "direct", chatRoomId: "!chat:x", reason: null }),
  ];
  const first = stepOfMessage("source", message({ roomIds: [HALL, YARD], followers }));

  test.each([
    { title: "because the helper refuses", outcome: refused, isRecorded: true },
    { title: "because their server is silent", outcome: silent, isRecorded: false },
  ])("is followed by the next helper, $title", ({ outcome, isRecorded }) => {
    const { contact, steps } = afterChat(first, outcome);
    expect(contact.filter(({ kind }) => kind === "asked")).toEqual(
      isRecorded
        ? [
            {
              ...{ kind: "asked", roomIds: [HALL, YARD], userIds: ["@ann:a.example"] },
              ...{ way: "new_direct", result: "refused", chatRoomId: null },
            },
          ]
        : [],
    );
    expect(steps.map(({ key }) => key)).toEqual(["open_chat:@bob:b.example"]);
    expect(steps.flatMap((second) => afterChat(second, outcome).steps)).toMatchObject([
      { key: "send_message:@cleo:c.example", payload: { roomId: "!chat:x", purpose: { followers: [] } } },
    ]);
  });

  it("is followed by the next helper as the account that asked", () => {
    const asNew = stepOfMessage("target", message({ followers }));
    const [second] = afterChat(asNew, refused).steps;
    expect([asNew, second].map((step) => step?.side)).toEqual(["target", "target"]);
    expect(second && afterChat(second, refused).steps).toMatchObject([{ side: "target" }]);
  });

  it("ends there if nobody follows, or if the helper was not the cause", () => {
    expect(afterChat(stepOfMessage("source", message()), refused).steps).toEqual([]);
    const gone = { status: "failed", problem: { code: "gone", serverText: null } } as const;
    expect(afterChat(first, gone).steps).toEqual([]);
  });
});

describe("a question that waited", () => {
  const seenIn = (roomId: string): string => `source GET /rooms/${roomId}/state/m.room.member/${TARGET}`;
  const inside = content({ membership: "join" });
  const asking = (more: Partial<MessageToHelper>): unknown =>
    stepOfMessage("source", message({ roomIds: [HALL, YARD], ...more })).payload;

  test.each([
    { title: "a new chat", step: openChatStep, payload: asking({}) },
    {
      title: "a message",
      step: sendMessageStep,
      payload: asking({ way: "direct", chatRoomId: "!chat:x", reason: null }),
    },
  ])(
    "is not sent as $title if somebody has let the new account into all of its rooms",
    async ({ step, payload }) => {
      const answers = { [seenIn(HALL)]: inside, [seenIn(YARD)]: content({ membership: "invite" }) };
      const { context, writes } = scriptedContext(answers, { side: "source" });
      expect(await step.run(payload, { ...context, canSkipCheck: false })).toEqual({
        status: "already_done",
      });
      expect(writes()).toEqual([]);
    },
  );

  it("is not sent by the new account if that is in all of its rooms, as its own server says", async () => {
    const ownly = (roomId: string): string => `target GET /rooms/${roomId}/state/m.room.member/${TARGET}`;
    const { context, writes } = scriptedContext(
      { [ownly(HALL)]: inside, [ownly(YARD)]: inside },
      { side: "target" },
    );
    expect(await openChatStep.run(asking({}), { ...context, canSkipCheck: false })).toEqual({
      status: "already_done",
    });
    expect(writes()).toEqual([]);
  });

  it("is sent as long as one of its rooms waits", async () => {
    const payload = asking({ way: "direct", chatRoomId: "!chat:x", reason: null });
    const { context } = scriptedContext(
      {
        ...{ [seenIn(HALL)]: inside, [seenIn(YARD)]: NOT_FOUND },
        "source GET /rooms/!chat:x/joined_members": content({ joined: { "@ann:a.example": {} } }),
        "source GET /rooms/!chat:x/state/m.room.encryption": NOT_FOUND,
        "source PUT /rooms/!chat:x/send/m.room.message/step-1": DONE,
      },
      { side: "source" },
    );
    expect(await sendMessageStep.run(payload, { ...context, canSkipCheck: false })).toEqual({
      status: "done",
    });
  });

  it("leaves no record if it was not needed", () => {
    expect(afterChat({ side: "source", payload: asking({}) }, { status: "already_done" })).toEqual({
      contact: [],
      steps: [],
    });
  });
});

describe("the questions in the summary of a run", () => {
  const step = stepOfMessage("source", message({ roomIds: [HALL, YARD] }));

  it("are those that were sent, and those that could not be", () => {
    const sent = { ...step, state: "done", outcome: { status: "done" } } as const;
    const asked = { userIds: ["@ann:a.example"], way: "new_direct", rooms: 2 };
    expect(questionOf(sent)).toEqual({ ...asked, result: "sent" });
    expect(questionOf({ ...step, state: "failed", outcome: refused })).toEqual({
      ...asked,
      result: "partner_refused",
    });
    expect(questionOf({ ...step, state: "done", outcome: { status: "already_done" } })).toEqual({
      ...asked,
      result: "not_needed",
    });
  });

  it("are not those that have not ended", () => {
    expect(questionOf({ ...step, state: "pending", outcome: null })).toBeNull();
    expect(questionOf({ ...step, state: "dropped", outcome: null })).toBeNull();
  });
});
