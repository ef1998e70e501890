import { describe, expect, it, test } from "vitest";
import type { DirectChatFacts } from "../../../src/platforms/direct-chats.ts";
import { room } from "../../support/fakes/move-samples.ts";
import { contactScene, shownText } from "./contact-scene.ts";

const BO = "@bo:old.example";

const bo = {
  partner: { userId: BO, displayName: "Bo" },
  oldRoom: room("!bo:old.example"),
  isEncrypted: false,
};
const NOTHING: DirectChatFacts = {
  candidates: [],
  chats: [],
  left: [],
  newChats: { total: 0, now: 0, perDay: 10 },
};
const CHAT: DirectChatFacts = {
  ...NOTHING,
  chats: [{ ...bo, text: "Shall we go on here?", reason: "It is Ann." }],
  newChats: { total: 1, now: 1, perDay: 10 },
};

function setUp(facts: DirectChatFacts) {
  return contactScene(facts, { canBegin: facts.chats.length > 0 });
}

describe("!dm", () => {
  it("lists the people without names, and asks nothing", async () => {
    const left = [{ partner: { userId: "@di:old.example", displayName: null }, why: "gone" }] as const;
    const { type, orders } = setUp({ ...NOTHING, candidates: [bo], left });
    const conversation = await type("!dm");
    expect(orders).toEqual([
      { kind: "directChats", purpose: "direct_chats", order: { partners: [], text: null } },
    ]);
    expect(conversation.asked).toEqual([]);
    const text = shownText(conversation);
    for (const words of ["Bo @bo:old.example", `!dm ${BO}`, "They left your old chat: @di:old.example"])
      expect(text).toContain(words);
  });

  it("says so if there is nobody", async () => {
    const { type } = setUp(NOTHING);
    expect(shownText(await type("!dm"))).toContain("There is nobody to whom I would open a new direct chat.");
  });

  it("shows whom, the invitation and the words, and asks", async () => {
    const { type } = setUp(CHAT);
    const conversation = await type(`!dm ${BO}`);
    expect(conversation.asked).toMatchObject([{ word: "dm", typedWords: [], action: "dm", shown: "digest" }]);
    const text = shownText(conversation);
    for (const words of [
      "Shall I open 1 direct chat with your new account?",
      "Bo @bo:old.example",
      "It is Ann.",
      "Shall we go on here?",
      "I open at most 10 new chats a day.",
    ])
      expect(text).toContain(words);
  });

  it("says that an encrypted chat has only the invitation", async () => {
    const { type } = setUp({
      ...CHAT,
      chats: [{ ...bo, isEncrypted: true, text: null, reason: "It is Ann." }],
    });
    const text = shownText(await type(`!dm ${BO}`));
    expect(text).toContain("encrypted like your old chat");
    expect(text).toContain("In an encrypted chat the invitation is all that I can say.");
    expect(text).not.toContain("I write:");
  });

  test.each([
    { line: `!dm ${BO} @di:Old.Example`, order: { partners: [BO, "@di:old.example"], text: null } },
    { line: `!dm https://matrix.to/#/${BO}`, order: { partners: [BO], text: null } },
    { line: `!dm ${BO} --text "I am {new}"`, order: { partners: [BO], text: "I am {new}" } },
    { line: `!dm ${BO} --text " "`, order: { partners: [BO], text: null } },
  ])("takes $line", async ({ line, order }) => {
    const { type, orders } = setUp(CHAT);
    await type(line);
    expect(orders).toMatchObject([{ order }]);
  });

  test.each([
    { title: "a placeholder of another command", text: "{rooms}", says: "{rooms}" },
    { title: "a text that is too long", text: "x".repeat(2_001), says: "2001 characters" },
  ])("refuses $title", async ({ text, says }) => {
    const { type, orders } = setUp(CHAT);
    expect(shownText(await type(`!dm ${BO} --text "${text}"`))).toContain(says);
    expect(orders).toEqual([]);
  });

  it("begins what was shown, and says what comes later", async () => {
    const { answer, confirmed } = setUp({ ...CHAT, newChats: { total: 12, now: 10, perDay: 10 } });
    const order = { partners: [BO], text: null };
    const conversation = await answer("dm", order);
    expect(confirmed).toEqual([{ kind: "directChats", order, shown: "digest" }]);
    expect(shownText(conversation)).toContain("I open 10 direct chats now. 2 follow");
  });
});
