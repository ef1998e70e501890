import { describe, expect, it } from "vitest";
import type { AskMessage, WriterFacts } from "../../../../src/platforms/contact.ts";
import { announceQuestion } from "../../../../src/view/contact/announce.ts";
import { askQuestion } from "../../../../src/view/contact/ask-question.ts";
import { directChatsQuestion } from "../../../../src/view/contact/direct-chats.ts";
import { knockQuestion } from "../../../../src/view/contact/knock.ts";
import type { PreviewWords } from "../../../../src/view/contact/question.ts";
import { renameQuestion } from "../../../../src/view/contact/rename.ts";
import { textForOthers } from "../../../../src/view/contact/text-for-others.ts";
import { contactTexts } from "../../../../src/view/contact/texts.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { messageContent, notice } from "../../../../src/view/document/message.ts";
import { leaveQuestion } from "../../../../src/view/leave/question.ts";
import { room } from "../../../support/fakes/move-samples.ts";
import { EVIL } from "../../../support/view/message-rules.ts";

const OLD = "@ann:old.example";
const NEW = "@ann:new.example";
const HALL = room("!hall:old.example", { name: EVIL, alias: "#hall:old.example" });
const TYPED = `Hi\u202E {name},\r\nI am {new}\u200B now:\tsee #hall:old.example.\n\n- 👨‍👩‍👧 at https://old.example/a-b  c`;

const shared = { canBegin: true, durationMs: 1_000 };

function bodyOf(question: { preview: PreviewWords } | Message): string {
  if ("document" in question) throw new Error("it asks nothing");
  return messageContent(notice(...question.preview.all), []).body;
}

/** The texts that are sent, and the preview of them. */
function shown(facts: WriterFacts): { name: string; texts: string[]; body: string }[] {
  const rooms = [{ room: HALL, help: "invite" as const, topic: null }];
  const asked = { ...facts, rooms, sentIn: null, mentions: [] };
  const [text, reason] = [
    contactTexts.ask(asked),
    contactTexts.askReason({ ...asked, encryptedChatExists: true }),
  ];
  const person = { userId: "@mo:old.example", displayName: EVIL };
  const message: AskMessage = {
    ...{ helper: person, way: "new_direct", roomId: null, alsoMentioned: [], rooms, text, reason },
    followers: [],
  };
  const knocks = [{ room: HALL, reason: contactTexts.knockReason(facts) }];
  const newChats = { total: 1, now: 1, perDay: 10 };
  const chat = { text: contactTexts.directChat(facts), reason: contactTexts.directChatReason(facts) };
  const told = (["source", "target"] as const).map((by) => ({
    by,
    text: contactTexts.announcement({ ...facts, by }),
  }));
  const name = contactTexts.newName({ ...facts, maxLength: 256 });
  const leaving = contactTexts.leavingReason(facts);
  const by = facts.isProven ? ("source" as const) : ("target" as const);
  const ask = { by, messages: [message], knocks, notAsked: [], newChats };
  const opened = { partner: person, oldRoom: HALL, isEncrypted: false, ...chat };
  const announced = {
    rooms: [{ room: HALL, members: 2, by: ["source", "target"] as const }],
    texts: told,
    left: [],
  };
  const renamed = {
    account: { from: "Ann", to: name, rooms: 1, overwritten: 0 },
    named: [],
    leftRooms: [],
    left: null,
  };
  const left = {
    leaves: [{ room: HALL, dropsPower: false, isUnheard: false, lacksKeys: false }],
    ...{ kept: [], outside: [], reason: leaving },
  };
  const order = { rooms: [], reason: null, withoutKeys: false, anyway: null };
  return [
    {
      name: "!ask",
      texts: [text, reason, ...knocks.map((each) => each.reason)],
      body: bodyOf(askQuestion({ ...shared, facts: ask }, "!")),
    },
    {
      name: "!knock",
      texts: knocks.map((each) => each.reason),
      body: bodyOf(knockQuestion({ ...shared, facts: { knocks, left: [] } }, "!")),
    },
    {
      name: "!dm",
      texts: [chat.text, chat.reason],
      body: bodyOf(
        directChatsQuestion(
          { ...shared, facts: { chats: [opened], left: [], candidates: [], newChats } },
          "!",
        ),
      ),
    },
    {
      name: "!announce",
      texts: told.map((each) => each.text),
      body: bodyOf(announceQuestion({ ...shared, facts: announced }, "!")),
    },
    {
      name: "!rename-old",
      texts: [name],
      body: bodyOf(
        renameQuestion({ ...shared, facts: renamed, order: { name: null, rooms: [], undo: false } }, "!"),
      ),
    },
    {
      name: "!leave-old",
      texts: [leaving],
      body: bodyOf(leaveQuestion({ ...shared, facts: left, order }, "!")),
    },
  ];
}

describe("a preview has every text byte for byte as it is sent", () => {
  const texts = { old: OLD, new: NEW, name: EVIL, isProven: true };
  it.each(shown({ ...texts, typed: null }))("$name", ({ texts: sent, body }) => {
    for (const text of sent) expect(body).toContain(text);
  });

  it.each(shown({ ...texts, isProven: false, typed: null }))(
    "$name, without the old account",
    ({ texts: sent, body }) => {
      for (const text of sent) expect(body).toContain(text);
    },
  );

  it.each(shown({ ...texts, typed: TYPED }))("$name, with words of the person", ({ texts: sent, body }) => {
    for (const text of sent) {
      expect(body).toContain(text);
      expect(text).toContain("Hi ");
      expect(text).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B\u2060\u0000-\u0009\u000B-\u001F]/u);
    }
  });
});

describe("a text for other people", () => {
  it("keeps its line ends, spaces and joined characters, and loses what nobody sees", () => {
    expect(textForOthers(TYPED)).toBe(
      "Hi {name},\nI am {new} now: see #hall:old.example.\n\n- 👨‍👩‍👧 at https://old.example/a-b  c",
    );
  });
});
