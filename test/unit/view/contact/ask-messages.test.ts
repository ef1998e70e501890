import { describe, expect, it } from "vitest";
import { ASK_WAYS } from "../../../../src/model/contact.ts";
import type { AskFacts, AskMessage, NotAskedReason } from "../../../../src/platforms/contact.ts";
import { askBegun, askQuestion } from "../../../../src/view/contact/ask-question.ts";
import { wholeQuestion, shortQuestion } from "../../../../src/view/contact/question.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { messageContent } from "../../../../src/view/document/message.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { untrustedCode } from "../../../../src/view/document/untrusted-text.ts";
import { runEnded } from "../../../../src/view/migrate/end.ts";
import { NOW, end, evilRun, noDeeds, room, rooms } from "../../../support/fakes/move-samples.ts";
import { EVIL, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const WHYS: readonly NotAskedReason[] = [
  "asked_recently",
  "helpers_asked",
  "helpers_unreachable",
  "no_helper",
  "knock_declined",
  "knock_pending",
  "not_waiting",
  "way_impossible",
  "helper_taken",
];

function messageTo(index: number, more: Partial<AskMessage> = {}): AskMessage {
  const way = ASK_WAYS[index % 3] ?? "direct";
  return {
    helper: { userId: `@mo${index}:old.example`, displayName: EVIL },
    way,
    roomId: way === "new_direct" ? null : "!chat:old.example",
    alsoMentioned: way === "room" ? [{ userId: "@al:old.example", displayName: null }] : [],
    rooms: rooms(1 + (index % 9)).map((each) => ({ room: each, help: "invite", topic: EVIL })),
    text: `${untrustedCode(EVIL)} ${index}\n\nThank you!`,
    reason: way === "new_direct" ? untrustedCode(EVIL) : null,
    followers: [],
    ...more,
  };
}

const facts: AskFacts = {
  by: "source",
  messages: Array.from({ length: 14 }, (_, index) =>
    messageTo(index, { followers: index % 3 === 2 ? [messageTo(100 + index), messageTo(200 + index)] : [] }),
  ),
  knocks: rooms(12).map((each) => ({ room: each, reason: untrustedCode(EVIL) })),
  notAsked: WHYS.flatMap((why, index) =>
    rooms(11).map((each) => ({ room: each, why, until: index < 2 ? NOW : null })),
  ),
  newChats: { total: 4, now: 1, perDay: 10 },
};

function asked(more: Partial<AskFacts> = {}): { whole: Message; short: Message } {
  const question = askQuestion({ facts: { ...facts, ...more }, canBegin: true, durationMs: 5_000 }, "!");
  if ("document" in question) throw new Error("nothing is asked");
  const { preview, answers } = question;
  return { whole: wholeQuestion(preview, answers, true), short: shortQuestion(preview, answers, true) };
}

const questions = (
  ["sent", "partner_refused", "unreachable_server", "room_encrypted", "not_needed"] as const
).flatMap((result) =>
  ASK_WAYS.map((way, index) => ({
    userIds: ["@mo:old.example", "@al:old.example"].slice(0, 1 + (index % 2)),
    ...{ way, rooms: 1 + index, result },
  })),
);

const messages: { name: string; message: Message }[] = [
  { name: "the question", message: asked().whole },
  { name: "the question as the new account", message: asked({ by: "target" }).whole },
  { name: "the question in a control room", message: asked().short },
  { name: "the question about knocks alone", message: asked({ messages: [], notAsked: [] }).whole },
  { name: "the question to one helper", message: asked({ messages: [messageTo(2)], knocks: [] }).whole },
  ...[facts, { ...facts, messages: [] }, { ...facts, newChats: { total: 4, now: 0, perDay: 10 } }].map(
    (of, index) => ({ name: `the beginning ${index}`, message: askBegun({ facts: of }) }),
  ),
  ...[facts.notAsked, []].map((notAsked, index) => {
    const none = askQuestion(
      { facts: { ...facts, messages: [], knocks: [], notAsked }, canBegin: false, durationMs: 0 },
      "!",
    );
    if (!("document" in none)) throw new Error("something is asked");
    return { name: `nobody to ask ${index}`, message: none };
  }),
  {
    name: "the end",
    message: runEnded(end({ run: evilRun({ purpose: "ask" }), summary: { ...noDeeds, questions } }), "!"),
  },
];

keepsTheRulesOfMessages(messages);

describe("the messages about questions", () => {
  it.each(messages)("$name fits into one event", ({ message }) => {
    const { body, formatted_body: html } = messageContent(message, []);
    expect(Buffer.byteLength(body) + Buffer.byteLength(html)).toBeLessThan(40_000);
  });

  it("have every text, recipient, topic and reason in the file", () => {
    const [file] = asked().whole.attachments ?? [];
    const content = file?.bytes.toString() ?? "";
    for (const { helper, followers, text } of facts.messages) {
      for (const { userId } of [helper, ...followers.map((next) => next.helper)])
        expect(content).toContain(userId);
      expect(content).toContain(text);
    }
    expect(content).toContain("Topic: ");
    expect(content).toContain("# Knocks of your new account");
  });

  it("need no file for one text to one helper", () => {
    expect(asked({ messages: [messageTo(0, { text: "Hello" })], knocks: [] }).whole.attachments).toEqual([]);
  });

  it("say at the end who was asked, who was not, and what to expect", () => {
    const summary = { ...noDeeds, questions: questions.filter(({ way }) => way === "new_direct") };
    const said = renderPlainText(runEnded(end({ run: evilRun({ purpose: "ask" }), summary }), "!").document);
    for (const words of [
      "Asked (1)",
      "@mo:old.example in a new direct chat, about 3 rooms",
      "Not asked (4)",
      "@mo:old.example, about 3 rooms: takes no new chats",
      "their server does not answer",
      "somebody has let your new account in already",
      "People may need some days.",
      "!ask asks the next ones.",
    ])
      expect(said).toContain(words);
  });

  it("say which account writes, and that the new one proves nothing", () => {
    const said = (by: AskFacts["by"]) => renderPlainText(asked({ by }).whole.document);
    expect(said("source")).toContain("with your old account");
    expect(said("source")).not.toContain("prove");
    expect(said("target")).toContain("with your new account");
    for (const words of [
      "I know your old account only from your files, so your new one writes.",
      "A message in the room itself is not possible: your new account is not in it",
    ])
      expect(said("target")).toContain(words);
  });

  it("name one room by its name", () => {
    const one = messageTo(2, {
      rooms: [{ room: room("!a:x", { name: "Choir" }), help: "invite", topic: null }],
    });
    const said = renderPlainText(asked({ messages: [one], knocks: [], notAsked: [] }).whole.document);
    expect(said).toContain("in a new direct chat, about: Choir");
  });
});
