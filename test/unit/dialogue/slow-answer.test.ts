import { describe, expect, it } from "vitest";
import type { SayOptions } from "../../../src/dialogue/conversation.ts";
import { answerInTime } from "../../../src/dialogue/slow-answer.ts";
import { paragraph } from "../../../src/view/document/document.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { alert, notice } from "../../../src/view/document/message.ts";
import { FakeConversation } from "../commands/fake-conversation.ts";

const meanwhile = notice(paragraph("asking …"));

/** Tells when the first thing is said. */
class WatchedConversation extends FakeConversation {
  readonly spoken = Promise.withResolvers<undefined>();

  override async say(message: Message, options?: SayOptions): Promise<void> {
    await super.say(message, options);
    this.spoken.resolve(undefined);
  }
}

describe("answerInTime", () => {
  it("says a quick answer only", async () => {
    const conversation = new FakeConversation();
    await answerInTime(conversation, meanwhile, async () => notice(paragraph("done")));
    expect(conversation.said).toMatchObject([{ text: "done", options: { key: "answer" } }]);
    expect(conversation.said[0]?.options).not.toHaveProperty("replaces");
  });

  it("says first what is waited for, and puts a routine answer in its place", async () => {
    const conversation = new WatchedConversation();
    await answerInTime(conversation, meanwhile, async () => {
      await conversation.spoken.promise;
      return notice(paragraph("done"));
    });
    expect(conversation.said).toMatchObject([
      { text: "asking …", options: { key: "meanwhile" } },
      { text: "done", options: { key: "answer", replaces: "meanwhile" } },
    ]);
  });

  it("says an answer that must call the person as a message of its own", async () => {
    const conversation = new WatchedConversation();
    await answerInTime(conversation, meanwhile, async () => {
      await conversation.spoken.promise;
      return alert(paragraph("failed"));
    });
    expect(conversation.said[1]).toMatchObject({ text: "failed", tone: "alert" });
    expect(conversation.said[1]?.options).not.toHaveProperty("replaces");
  });

  it("passes on that an answer leaves no trace", async () => {
    const conversation = new FakeConversation();
    await answerInTime(conversation, meanwhile, async () => notice(paragraph("done")), {
      leavesNoTrace: true,
    });
    expect(conversation.said[0]?.options).toEqual({ key: "answer", leavesNoTrace: true });
  });

  it("fails as its work fails, and says nothing afterwards", async () => {
    const conversation = new FakeConversation();
    await expect(
      answerInTime(conversation, meanwhile, () => Promise.reject(new Error("broken"))),
    ).rejects.toThrow("broken");
    expect(conversation.said).toEqual([]);
  });

  it("fails when what is waited for can't be said, but not before its work is over", async () => {
    const failing = Promise.withResolvers<undefined>();
    class MuteConversation extends FakeConversation {
      override say(): Promise<void> {
        failing.resolve(undefined);
        return Promise.reject(new Error("mute"));
      }
    }
    const result = answerInTime(new MuteConversation(), meanwhile, async () => {
      await failing.promise;
      // Long enough for a rejection that nobody listens to: it would end the process.
      await new Promise((resolve) => setImmediate(resolve));
      return notice(paragraph("done"));
    });
    await expect(result).rejects.toThrow("mute");
  });
});
