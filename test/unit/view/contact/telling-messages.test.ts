import { describe, expect, it } from "vitest";
import type {
  AnnounceFacts,
  AnnounceLeftReason,
  RenameFacts,
  RenameLeftReason,
} from "../../../../src/platforms/telling.ts";
import { announceQuestion, textNeedsQuotes } from "../../../../src/view/contact/announce.ts";
import type { Question } from "../../../../src/view/contact/question.ts";
import { shortQuestion, wholeQuestion } from "../../../../src/view/contact/question.ts";
import { renameQuestion } from "../../../../src/view/contact/rename.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { messageContent } from "../../../../src/view/document/message.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { untrustedCode } from "../../../../src/view/document/untrusted-text.ts";
import { room, rooms } from "../../../support/fakes/move-samples.ts";
import { EVIL, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

type Shown = Question | Message;

const TEXT = untrustedCode(EVIL);
const NEW_NAME = `Mo (now @me:new.example)`;
const notTold: readonly AnnounceLeftReason[] = [
  ...(["encrypted", "too_large", "not_moved", "told_recently", "may_not_speak", "unreadable"] as const),
  ...(["space", "replaced", "server_notices", "not_in_room", "excluded"] as const),
];
const notRenamed: readonly RenameLeftReason[] = [
  ...([
    "has_id",
    "same",
    "changed_since",
    "nothing_to_undo",
    "not_allowed",
    "length",
    "not_in_room",
  ] as const),
];

const announced: AnnounceFacts = {
  rooms: rooms(25).map((each, index) => ({
    room: { ...each, direct: index % 2 === 0 },
    members: index % 3 === 0 ? null : index,
    by: index % 4 === 0 ? ["source", "target"] : ["source"],
  })),
  texts: [
    { by: "source", text: TEXT },
    { by: "target", text: TEXT },
  ],
  left: notTold.flatMap((why) => rooms(5).map((each) => ({ room: each, why }))),
};
const renamed: RenameFacts = {
  account: { from: EVIL, to: TEXT, rooms: 40, overwritten: 2 },
  named: rooms(25).map((each) => ({ room: each, from: EVIL, to: TEXT })),
  leftRooms: notRenamed.flatMap((why) => rooms(3).map((each) => ({ room: each, why }))),
  left: null,
};

function announceOf(facts: Partial<AnnounceFacts>, canBegin = true): Shown {
  return announceQuestion({ facts: { ...announced, ...facts }, canBegin, durationMs: 60_000 }, "!");
}

function renameOf(facts: Partial<RenameFacts>, { undo = false, canBegin = true } = {}): Shown {
  const order = { name: null, rooms: [], undo };
  return renameQuestion({ facts: { ...renamed, ...facts }, order, canBegin, durationMs: 5_000 }, "!");
}

function whole(question: Shown): Message {
  return "document" in question ? question : wholeQuestion(question.preview, question.answers);
}

function short(question: Shown): Message {
  return "document" in question ? question : shortQuestion(question.preview, question.answers);
}

const plain = (message: Message): string => renderPlainText(message.document).replaceAll("\u2060", "");
const none = { account: null, named: [] };

const messages: { name: string; message: Message }[] = [
  { name: "the question about an announcement", message: whole(announceOf({})) },
  { name: "the same in a control room", message: short(announceOf({})) },
  {
    name: "the question about one room",
    message: whole(announceOf({ rooms: announced.rooms.slice(0, 1), left: [] })),
  },
  { name: "nobody to tell", message: whole(announceOf({ rooms: [] }, false)) },
  { name: "a word that is no room", message: textNeedsQuotes(EVIL, "!") },
  { name: "the question about a name", message: whole(renameOf({})) },
  { name: "the same in a control room", message: short(renameOf({})) },
  { name: "the question about a name in rooms", message: whole(renameOf({ account: null })) },
  { name: "the question about the way back", message: whole(renameOf({}, { undo: true })) },
  {
    name: "the question about the way back to no name",
    message: whole(renameOf({ account: { from: EVIL, to: null, rooms: 1, overwritten: 0 } }, { undo: true })),
  },
  ...notRenamed.map((left) => ({
    name: `nothing to rename: ${left}`,
    message: whole(renameOf({ ...none, leftRooms: [], left }, { canBegin: false })),
  })),
  { name: "no room to rename", message: whole(renameOf(none, { canBegin: false })) },
];

keepsTheRulesOfMessages(messages);

describe("the messages about announcements and names", () => {
  it.each(messages)("$name fits into one event", ({ message }) => {
    const { body, formatted_body: html } = messageContent(message, []);
    expect(Buffer.byteLength(body) + Buffer.byteLength(html)).toBeLessThan(40_000);
  });

  it("show the rooms, the exact texts and what is not reached, and have all of it in a file", () => {
    const said = plain(whole(announceOf({})));
    for (const words of [
      "Shall I tell 25 rooms about your new account?",
      "Your old account writes:",
      "Your new account writes in 7 rooms:",
      "5 more are in the file.",
      "Not told (55)",
      "Encrypted, so I can't write there (5): ",
      "!rename-old reaches all rooms of your old account",
    ])
      expect(said).toContain(words);
    const file = whole(announceOf({})).attachments?.[0]?.bytes.toString() ?? "";
    expect(file).toContain(`# By your new account\n${TEXT}`);
    expect(file).toContain("# Told (25)");
    expect(file).toContain("# Not told: Spaces, in which nobody reads messages (5)");
  });

  it("need no file if the message has all", () => {
    const texts = [{ by: "source", text: "I am new" }] as const;
    const one = { texts, rooms: announced.rooms.slice(0, 3), left: announced.left.slice(0, 2) };
    expect(whole(announceOf(one)).attachments).toEqual([]);
    const account = { from: "Mo", to: NEW_NAME, rooms: 40, overwritten: 2 };
    expect(whole(renameOf({ account, named: [] })).attachments).toEqual([]);
  });

  it("have what a message can't show whole or exactly in the file", () => {
    const text = `${"word ".repeat(700)}end`;
    const one = { rooms: announced.rooms.slice(0, 3), left: [] };
    const message = whole(announceOf({ ...one, texts: [{ by: "source", text }] }));
    expect(message.attachments?.[0]?.bytes.toString()).toContain(text);
    expect(plain(message)).not.toContain("end");
    const account = { from: "Mo", to: "M\u202Eo", rooms: 1, overwritten: 0 };
    expect(whole(renameOf({ account, named: [] })).attachments?.[0]?.bytes.toString()).toContain("M\u202Eo");
  });

  it("say whom a new name reaches and what it overwrites, also in a control room", () => {
    const account = { from: "Mo", to: NEW_NAME, rooms: 40, overwritten: 2 };
    const facts = { account, named: [], leftRooms: [] };
    for (const say of [whole, short]) {
      const said = plain(say(renameOf(facts)));
      expect(said).toContain("Your old server writes the name into 40 joined rooms.");
      expect(said).toContain(
        "In 2 rooms you have a name or a picture for that room alone. The new name overwrites it.",
      );
    }
    expect(plain(whole(renameOf(facts)))).toContain(NEW_NAME);
    expect(plain(short(renameOf(facts)))).not.toContain(NEW_NAME);
  });

  it("show the name in each room, before and after", () => {
    const choir = { room: room("!a:x", { name: "Choir" }), from: "Chef", to: NEW_NAME };
    const said = plain(whole(renameOf({ account: null, named: [choir], leftRooms: [] })));
    expect(said).toContain("Shall I rename your old account in 1 room?");
    expect(said).toContain(`: Chef → ${NEW_NAME}`);
  });
});
