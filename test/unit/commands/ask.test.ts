import { describe, expect, it, test } from "vitest";
import type { AskFacts, AskMessage } from "../../../src/platforms/contact.ts";
import { room } from "../../support/fakes/move-samples.ts";
import { contactScene, shownText } from "./contact-scene.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { parseLine } from "./type-command.ts";

const choir = room("!first:old.example", { name: "Choir" });
const message: AskMessage = {
  helper: { userId: "@mo:old.example", displayName: "Mo" },
  way: "new_direct",
  roomId: null,
  alsoMentioned: [],
  rooms: [{ room: choir, help: "invite", topic: "Ask in the lobby" }],
  text: "Please let me in.",
  reason: "Let me in?",
  followers: [],
};
const facts: AskFacts = {
  by: "source",
  messages: [message],
  knocks: [],
  notAsked: [],
  newChats: { total: 1, now: 1, perDay: 10 },
};

function setUp(changed: Partial<AskFacts> = {}) {
  const shown = { ...facts, ...changed };
  return contactScene(shown, { canBegin: shown.messages.length + shown.knocks.length > 0 });
}

describe("!ask", () => {
  it("shows whom it would ask, how, about what and with which words, and asks", async () => {
    const { type, orders } = setUp();
    const conversation = await type("!ask");
    expect(orders).toEqual([{ kind: "ask", purpose: "ask", order: { rooms: [], text: null, way: null } }]);
    expect(conversation.asked).toMatchObject([
      { word: "ask", typedWords: [], action: "ask", shown: "digest" },
    ]);
    const text = shownText(conversation);
    for (const words of [
      "Shall I ask 1 person about 1 room with your old account?",
      "Mo @mo:old.example in a new direct chat, about: Choir",
      "Please let me in.",
      "Let me in?",
      "Ask in the lobby",
      "1 new chat; I open at most 10 a day.",
      "To confirm, tap ✅ below or write ask.",
    ])
      expect(text).toContain(words);
  });

  test.each([
    {
      line: "!ask #3 #x:old.example",
      order: { rooms: ["!third:old.example", "#x:old.example"], text: null, way: null },
    },
    {
      line: '!ask --text "Hi, {name}: {rooms}"',
      order: { rooms: [], text: "Hi, {name}: {rooms}", way: null },
    },
    { line: '!ask --text "  "', order: { rooms: [], text: null, way: null } },
    { line: "!ask --way room", order: { rooms: [], text: null, way: "room" } },
    { line: "!ask --way direct #1", order: { rooms: ["!first:old.example"], text: null, way: "direct" } },
  ])("takes $line", async ({ line, order }) => {
    const { type, orders } = setUp();
    await type(line);
    expect(orders).toMatchObject([{ order }]);
  });

  test.each([
    { title: "an unknown placeholder", line: '!ask --text "{room}"', says: "{room}" },
    { title: "a text that is too long", line: `!ask --text "${"a".repeat(2_001)}"`, says: "2001 characters" },
  ])("refuses $title before anything is read", async ({ line, says }) => {
    const { type, orders } = setUp();
    const conversation = await type(line);
    expect(orders).toEqual([]);
    expect(conversation.text).toContain(says);
  });

  test.each(["!ask --way letter", "!ask --way", "!ask --words x"])("takes %j for a mistake", (line) => {
    expect(parseLine(line).kind).toBe("mistake");
  });

  it("names who follows, and shows what they would read", async () => {
    const next = {
      ...message,
      helper: { userId: "@al:x.example", displayName: null },
      text: "Let me in, Al.",
    };
    const { type } = setUp({ messages: [{ ...message, followers: [next] }] });
    const conversation = await type("!ask");
    expect(shownText(conversation)).toContain("If they take no invitation: @al:x.example");
    expect(shownText(conversation)).toContain("@al:x.example reads:\n\nLet me in, Al.");
    expect(shownText(conversation)).toContain("The invitation to @mo:old.example, @al:x.example says first:");
  });

  it("says why nobody is asked, and from when on somebody can be", async () => {
    const notAsked = [
      { room: choir, why: "asked_recently", until: Date.UTC(2026, 11, 6) },
      { room: room("!staff:x", { name: "Staff" }), why: "no_helper", until: null },
    ] as const;
    const { type } = setUp({ messages: [], notAsked });
    const conversation = await type("!ask");
    expect(conversation.asked).toEqual([]);
    expect(conversation.text).toContain("There is nobody to ask now.");
    expect(conversation.text).toContain("again from 6 Dec");
    expect(conversation.text).toContain("Nobody is known who can help there (1)");
  });

  it("shows counts alone in a control room, and everything else in the direct chat", async () => {
    const { type } = setUp();
    const conversation = await type("!ask", new FakeConversation({ roomKind: "control" }));
    expect(conversation.text).toContain("Shall I ask 1 person about 1 room");
    for (const secret of ["Choir", "@mo:old.example", "Please let me in."]) {
      expect(conversation.text).not.toContain(secret);
      expect(conversation.saidInDirectChat.join().replaceAll("\u2060", "")).toContain(secret);
    }
  });

  it("says when it begins how many new chats wait for the daily limit", async () => {
    const messages = Array.from({ length: 12 }, () => message);
    const newChats = { total: 12, now: 4, perDay: 10 };
    const { answer } = setUp({ messages, newChats });
    const conversation = await answer("ask", { rooms: [], text: null, way: null });
    expect(conversation.text).toContain("I ask 4 people now. 8 new chats follow");
    expect(conversation.text).toContain("daily limit of 10");
  });
});
