import { describe, expect, it } from "vitest";
import type { AnnounceFacts, RenameFacts } from "../../../src/platforms/telling.ts";
import { room } from "../../support/fakes/move-samples.ts";
import { contactScene, LISTED, shownText } from "./contact-scene.ts";
import { parseLine } from "./type-command.ts";

const choir = room("!first:old.example", { name: "Choir" });
const announced: AnnounceFacts = {
  rooms: [{ room: choir, members: 4, by: ["source"] }],
  texts: [{ by: "source", text: "I am @me:new.example" }],
  left: [],
};
const renamed: RenameFacts = {
  account: { from: "Mo", to: "Mo (now @me:new.example)", rooms: 3, overwritten: 0 },
  named: [],
  leftRooms: [],
  left: null,
};

const everything = { rooms: [], which: "default", text: null, both: false };

describe("!announce", () => {
  it.each([
    { line: "!announce", order: {} },
    { line: "!announce Direct", order: { which: "direct" } },
    { line: "!announce small --both", order: { which: "small", both: true } },
    { line: '!announce "I am {new}"', order: { text: "I am {new}" } },
    { line: "!announce „I moved“ #2", order: { rooms: [LISTED[1]], text: "I moved" } },
    {
      line: '!announce #1 "two\nlines" #alias:x',
      order: { rooms: [LISTED[0], "#alias:x"], text: "two\nlines" },
    },
    { line: '!announce "#1"', order: { text: "#1" } },
    { line: '!announce direct ""', order: { which: "direct" } },
    { line: '!announce "direct"', order: { text: "direct" } },
  ])("reads $line", async ({ line, order }) => {
    const { type, orders } = contactScene(announced);
    await type(line);
    expect(orders).toEqual([{ kind: "announce", purpose: "announce", order: { ...everything, ...order } }]);
  });

  it.each([
    { name: "words without quotes", line: "!announce I have moved", says: "put the text in quotes" },
    { name: "a placeholder that it does not know", line: '!announce "to {rooms}"', says: "{rooms}" },
    { name: "a text that is too long", line: `!announce "${"x".repeat(2_001)}"`, says: "2001 characters" },
  ])("begins nothing with $name", async ({ line, says }) => {
    const { type, orders } = contactScene(announced);
    const { text } = await type(line);
    expect(orders).toEqual([]);
    expect(text).toContain(says);
  });

  it("shows the rooms and the exact text, and asks", async () => {
    const conversation = await contactScene(announced).type("!announce");
    expect(conversation.asked).toMatchObject([
      { word: "announce", typedWords: [], action: "announce", numberedRooms: [choir.roomId] },
    ]);
    expect(shownText(conversation)).toContain("I am @me:new.example");
    expect(conversation.text).toContain("Choir");
  });

  it("sends what was confirmed", async () => {
    const { answer, confirmed } = contactScene(announced);
    const order = { ...everything, rooms: [LISTED[0]] };
    await answer("announce", order);
    expect(confirmed).toEqual([{ kind: "announce", order, shown: "digest" }]);
  });
});

describe("!rename-old", () => {
  it.each([
    { line: "!rename-old", order: { name: null } },
    { line: '!rename-old "{name}, now {new}"', order: { name: "{name}, now {new}" } },
    { line: "!rename-old --rooms #1 #3", order: { rooms: [LISTED[0], LISTED[2]] } },
    { line: '!rename-old --rooms #1 #a:x "Mo"', order: { name: "Mo", rooms: [LISTED[0], "#a:x"] } },
    { line: '!rename-old "Mo" --rooms=#2', order: { name: "Mo", rooms: [LISTED[1]] } },
    { line: "!rename-old --undo --rooms #2", order: { rooms: [LISTED[1]], undo: true } },
    { line: "!rename-old --rooms #2 --undo", order: { rooms: [LISTED[1]], undo: true } },
  ])("reads $line", async ({ line, order }) => {
    const { type, orders } = contactScene(renamed);
    await type(line);
    const all = { name: null, rooms: [], undo: false, ...order };
    expect(orders).toEqual([{ kind: "rename", purpose: "rename", order: all }]);
  });

  it.each([
    { name: "a name without quotes", line: "!rename-old Mo", code: "extra_argument" },
    { name: "two names", line: '!rename-old "Mo" "Al"', code: "extra_argument" },
    { name: "no room", line: "!rename-old --rooms", code: "flag_value_missing" },
  ])("refuses $name", ({ line, code }) => {
    const parsed = parseLine(line);
    expect(parsed).toMatchObject({ kind: "mistake", mistake: { code } });
  });

  it("shows the name and whom it reaches, and asks", async () => {
    const conversation = await contactScene(renamed).type("!rename-old");
    expect(conversation.asked).toMatchObject([{ word: "rename", typedWords: [], action: "rename" }]);
    expect(shownText(conversation)).toContain("Mo (now @me:new.example)");
    expect(conversation.text).toContain("3 joined rooms");
  });

  it("gives the name that was confirmed", async () => {
    const { answer, confirmed } = contactScene(renamed);
    const order = { name: null, rooms: [], undo: true };
    await answer("rename", order);
    expect(confirmed).toEqual([{ kind: "rename", order, shown: "digest" }]);
  });
});
