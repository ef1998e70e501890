import { describe, expect, it } from "vitest";
import type { DirectChatFacts, NoDirectChatReason } from "../../../../src/platforms/direct-chats.ts";
import { directChatReason, directChatText } from "../../../../src/view/contact/direct-chat-text.ts";
import { directChatsBegun, directChatsQuestion } from "../../../../src/view/contact/direct-chats.ts";
import { shortQuestion, wholeQuestion } from "../../../../src/view/contact/question.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { messageContent } from "../../../../src/view/document/message.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { untrustedCode } from "../../../../src/view/document/untrusted-text.ts";
import { runEnded } from "../../../../src/view/migrate/end.ts";
import { end, evilRun, noDeeds, room } from "../../../support/fakes/move-samples.ts";
import { EVIL, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const WHYS: readonly NoDirectChatReason[] = [
  ...(["unknown", "moved", "will_move", "has_chat", "ignored", "gone", "silent", "refused"] as const),
];

const people = Array.from({ length: 30 }, (_, index) => ({
  partner: { userId: `@bo${index}:old.example`, displayName: EVIL },
  oldRoom: room(`!bo${index}:old.example`),
  isEncrypted: index % 2 === 0,
}));
const facts: DirectChatFacts = {
  candidates: [],
  chats: people.map((one) => ({
    ...one,
    text: one.isEncrypted ? null : untrustedCode(EVIL),
    reason: untrustedCode(EVIL),
  })),
  left: WHYS.flatMap((why) => people.slice(0, 7).map(({ partner }) => ({ partner, why }))),
  newChats: { total: 30, now: 10, perDay: 10 },
};

function asked(more: Partial<DirectChatFacts> = {}): { whole: Message; short: Message } {
  const shown = { facts: { ...facts, ...more }, canBegin: true, durationMs: 5_000 };
  const question = directChatsQuestion(shown, "!");
  if ("document" in question) throw new Error("nothing is asked");
  const { preview, answers } = question;
  return { whole: wholeQuestion(preview, answers), short: shortQuestion(preview, answers) };
}

function told(more: Partial<DirectChatFacts>): Message {
  const shown = { facts: { ...facts, chats: [], ...more }, canBegin: false, durationMs: 0 };
  const message = directChatsQuestion(shown, "!");
  if (!("document" in message)) throw new Error("something is asked");
  return message;
}

const chats = ([null, "partner_refused", "unreachable_server", "gone", "refused"] as const).map(
  (code, index) => ({
    userId: `@bo${index}:old.example`,
    problem: code === null ? null : { code, serverText: EVIL },
  }),
);
const ended = runEnded(
  end({ run: evilRun({ purpose: "direct_chats" }), summary: { ...noDeeds, chats } }),
  "!",
);

const messages: { name: string; message: Message }[] = [
  { name: "the question", message: asked().whole },
  { name: "the question in a control room", message: asked().short },
  { name: "the question about one chat", message: asked({ chats: facts.chats.slice(1, 2), left: [] }).whole },
  { name: "the beginning", message: directChatsBegun({ facts }) },
  {
    name: "the beginning of a full day",
    message: directChatsBegun({ facts: { ...facts, newChats: { total: 1, now: 0, perDay: 10 } } }),
  },
  { name: "the list", message: told({ candidates: people }) },
  { name: "the list of one", message: told({ candidates: people.slice(0, 1), left: [] }) },
  { name: "nobody", message: told({}) },
  { name: "the end", message: ended },
];

keepsTheRulesOfMessages(messages);

describe("the messages about new direct chats", () => {
  it.each(messages)("$name fits into one event", ({ message }) => {
    const { body, formatted_body: html } = messageContent(message, []);
    expect(Buffer.byteLength(body) + Buffer.byteLength(html)).toBeLessThan(40_000);
  });

  it.each([
    { name: "the question", message: asked().whole },
    { name: "the list", message: told({ candidates: people }) },
  ])("have everybody in a file: $name", ({ message }) => {
    const [file] = message.attachments ?? [];
    const content = file?.bytes.toString() ?? "";
    for (const { partner } of people) expect(content).toContain(partner.userId);
  });

  it("say how long the first chats take, unless all wait for the daily limit", () => {
    const said = (now: number): string =>
      renderPlainText(asked({ newChats: { total: 2, now, perDay: 10 } }).whole.document);
    expect(said(1)).toContain("1 of them now, the others later. The first ones take 5 seconds.");
    expect(said(0)).toContain("None of them now, the others later.");
    expect(said(0)).not.toContain("The first ones");
  });

  it("say at the end with whom a chat was opened, and with whom not", () => {
    const said = renderPlainText(ended.document);
    for (const words of [
      "Direct chats opened (1)",
      "Not opened (4)",
      "@bo1:old.example: takes no invitation",
      "their server does not answer",
      "The people find an invitation of your new account.",
    ])
      expect(said).toContain(words);
  });
});

describe("the words in a new direct chat", () => {
  const told = { old: "@ann:old.example", new: "@ann:new.example", name: "Ann", isProven: true, typed: null };

  it("name both accounts, and no name twice", () => {
    expect(directChatText(told)).toContain("this is Ann (@ann:old.example)");
    expect(directChatText({ ...told, name: told.old })).toContain("this is @ann:old.example. I have moved");
    expect(directChatReason(told)).toBe(directChatText(told));
  });

  it("are the typed ones, in one line of at most 500 characters in the invitation", () => {
    const typed = { ...told, typed: `Hi,\n\nI am {new}. ${"word ".repeat(200)}` };
    expect(directChatText(typed)).toContain("Hi,\n\nI am @ann:new.example. word");
    expect(directChatReason(typed)).toMatch(/^Hi, I am @ann:new\.example\. word .*…$/u);
    expect(directChatReason(typed).length).toBeLessThanOrEqual(500);
  });
});
