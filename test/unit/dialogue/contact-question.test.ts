import { describe, expect, it } from "vitest";
import type { ContactQuestion } from "../../../src/dialogue/contact-question.ts";
import { askWithPreview } from "../../../src/dialogue/contact-question.ts";
import { paragraph } from "../../../src/view/document/document.ts";
import { FakeConversation } from "../commands/fake-conversation.ts";

const question: ContactQuestion = {
  preview: { all: [paragraph("To @ann: hello")], counts: [paragraph("One message.")] },
  answers: { word: "announce", typed: [{ word: "leave #3", does: "To leave #3 too" }] },
  numberedRooms: ["!a", "!b", "!c"],
  isChanged: false,
  action: "announce",
  payload: { order: 1 },
  shown: "digest",
};
const confirmation = {
  word: "announce",
  typedWords: ["leave #3"],
  numberedRooms: ["!a", "!b", "!c"],
  action: "announce",
  payload: { order: 1 },
  shown: "digest",
};

describe("a question with a preview", () => {
  it("has the whole preview and the ways to answer in a direct chat", async () => {
    const conversation = new FakeConversation();
    await askWithPreview(question, conversation);
    expect(conversation.asked).toEqual([confirmation]);
    expect(conversation.text).toBe(
      "To @ann: hello\n\nTo confirm, tap ✅ below or write announce. To leave #3 too, write leave #3. Otherwise do nothing.",
    );
  });

  it("names only the words that are typed if a tap does not count", async () => {
    const conversation = new FakeConversation();
    await askWithPreview({ ...question, answers: { ...question.answers, word: null } }, conversation);
    expect(conversation.asked).toMatchObject([{ word: null, typedWords: ["leave #3"] }]);
    expect(conversation.text).not.toContain("✅");
  });

  it("says that it is asked again because something has changed", async () => {
    const conversation = new FakeConversation();
    await askWithPreview({ ...question, isChanged: true }, conversation);
    expect(conversation.text).toMatch(/^Something has changed since I asked, so I did nothing\./u);
  });

  it("has counts alone in a control room, and the rest in the direct chat", async () => {
    const conversation = new FakeConversation({ roomKind: "control" });
    await askWithPreview(question, conversation);
    expect(conversation.asked).toEqual([confirmation]);
    expect(conversation.text).toContain("One message.\n\nThe rest is in our direct chat.");
    expect(conversation.text).not.toContain("@ann");
    expect(conversation.saidInDirectChat).toEqual([
      "To @ann: hello\n\nPlease answer in the room in which you gave the command.",
    ]);
  });

  it("is not asked in a control room of a person without a direct chat", async () => {
    const conversation = new FakeConversation({ roomKind: "control", hasDirectChat: false });
    await askWithPreview(question, conversation);
    expect(conversation.asked).toEqual([]);
    expect(conversation.text).toContain("One message.");
    expect(conversation.text).toContain("open a direct chat with me");
    expect(conversation.text).not.toContain("@ann");
  });
});
