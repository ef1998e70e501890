import { describe, expect, it } from "vitest";
import type { StepOutcome, StepProblemCode } from "../../../../../src/model/step-outcome.ts";
import { afterChat, afterMessage } from "../../../../../src/platforms/matrix/contact/follow-up.ts";
import type { ContactPurpose } from "../../../../../src/platforms/matrix/contact/payloads.ts";

const CHAT = "!chat:old.example";
const HELPER = "@admin:far.example";
const DONE: StepOutcome = { status: "done", undo: { roomId: CHAT } };

const ASK: ContactPurpose = {
  kind: "ask",
  way: "new_direct",
  userIds: [HELPER],
  roomIds: ["!a:x", "!b:x"],
  followers: [],
};
const DIRECT: ContactPurpose = { kind: "direct_chat", partner: HELPER };

function failed(code: StepProblemCode): StepOutcome {
  return { status: "failed", problem: { code, serverText: null } };
}

function chatFor(purpose: ContactPurpose): unknown {
  return { partner: HELPER, isEncrypted: false, text: "text", reason: "reason", purpose };
}

function messageFor(purpose: ContactPurpose): unknown {
  return { roomId: CHAT, text: "text", mentions: [], maxJoined: null, purpose };
}

const asked = { kind: "asked", roomIds: ["!a:x", "!b:x"], userIds: [HELPER], way: "new_direct" };
const answers = { kind: "server", serverName: "far.example", isSilent: false };
const refusedChat = { kind: "chat", roomId: null, state: "refused" };

describe("the records of a new chat", () => {
  it.each<{ name: string; purpose: ContactPurpose; outcome: StepOutcome; contact: readonly object[] }>([
    {
      name: "a helper who has the question",
      purpose: ASK,
      outcome: DONE,
      contact: [
        { kind: "chat", roomId: CHAT, state: "open" },
        answers,
        { ...asked, result: "sent", chatRoomId: CHAT },
      ],
    },
    {
      name: "a helper who takes no invitation",
      purpose: ASK,
      outcome: failed("partner_refused"),
      contact: [refusedChat, { ...asked, result: "refused", chatRoomId: null }],
    },
    {
      name: "a helper whose server is silent counts as not asked",
      purpose: ASK,
      outcome: failed("unreachable_server"),
      contact: [refusedChat, { ...answers, isSilent: true }],
    },
    {
      name: "an account that may make no rooms",
      purpose: ASK,
      outcome: failed("refused"),
      contact: [refusedChat],
    },
    {
      name: "a contact who has the invitation",
      purpose: DIRECT,
      outcome: DONE,
      contact: [{ kind: "chat", roomId: CHAT, state: "open" }, answers],
    },
    {
      name: "a contact who takes no invitation",
      purpose: DIRECT,
      outcome: failed("partner_refused"),
      contact: [refusedChat],
    },
  ])("name what became of it: $name", ({ purpose, outcome, contact }) => {
    expect(afterChat({ side: "source", payload: chatFor(purpose) }, outcome).contact).toEqual(contact);
  });
});

describe("the records of a message", () => {
  it.each<{ name: string; purpose: ContactPurpose; outcome: StepOutcome; contact: readonly object[] }>([
    {
      name: "a question in a room",
      purpose: { ...ASK, way: "room" },
      outcome: { status: "done" },
      contact: [{ ...asked, way: "room", result: "sent", chatRoomId: CHAT }],
    },
    {
      name: "an announcement",
      purpose: { kind: "announce" },
      outcome: { status: "done" },
      contact: [{ kind: "announced", roomId: CHAT }],
    },
    { name: "a message that was not sent", purpose: ASK, outcome: failed("room_encrypted"), contact: [] },
  ])("name who was told: $name", ({ purpose, outcome, contact }) => {
    expect(afterMessage({ side: "source", payload: messageFor(purpose) }, outcome)).toEqual({
      contact,
      steps: [],
    });
  });
});
