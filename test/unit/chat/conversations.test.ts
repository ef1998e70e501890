import { describe, expect, it } from "vitest";
import { Conversations } from "../../../src/chat/conversations.ts";
import { notScripted } from "../../support/fakes/command-services.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

describe("the conversation of a message", () => {
  it.each([
    { what: "encrypted", event: { wasEncrypted: true }, isEncrypted: true },
    { what: "plain", event: { wasEncrypted: false }, isEncrypted: false },
    { what: "stored by an older version", event: {}, isEncrypted: false },
  ])("that was $what knows it from the message", async ({ event, isEncrypted }) => {
    const { store } = await temporaryStore();
    const conversations = new Conversations({
      outbox: { add: notScripted, waitFor: notScripted },
      questions: store.questions,
      controlRoomIds: new Set(),
      directChatOf: async () => null,
      rooms: { kind: async () => "direct" },
      onDirectChat: async () => undefined,
      now: () => 1,
    });
    const message = { event_id: "$1", type: "m.room.message", sender: "@me:x.org", content: {}, ...event };
    const options = { threadRoot: null, inReplyTo: null, beforeSaying: () => undefined };
    expect(await conversations.forEvent("!r", message, options)).toMatchObject({ isEncrypted });
  });
});
