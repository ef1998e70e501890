import { describe, expect, it } from "vitest";
import type { KnockFacts } from "../../../src/platforms/contact.ts";
import { knockQuestion } from "../../../src/view/contact/knock.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { room } from "../../support/fakes/move-samples.ts";
import { contactScene, shownText } from "./contact-scene.ts";
import { FakeConversation } from "./fake-conversation.ts";

const REASON = "@a:old.example (a member here) moves to this account";

const choir = room("!first:old.example", { name: "Choir", route: "knock", status: "planned" });
const facts: KnockFacts = { knocks: [{ room: choir, reason: REASON }], left: [] };

function setUp(shown = facts) {
  return contactScene(shown, { canBegin: shown.knocks.length > 0 });
}

describe("!knock", () => {
  it("shows the rooms and the exact reason, and asks", async () => {
    const { type, orders } = setUp();
    const conversation = await type("!knock");
    expect(orders).toEqual([{ kind: "knock", purpose: "knock", order: { rooms: [], reason: null } }]);
    expect(conversation.asked).toMatchObject([
      { word: "knock", typedWords: [], action: "knock", shown: "digest", numberedRooms: [choir.roomId] },
    ]);
    expect(conversation.text).toContain("Shall I knock at 1 room with your new account?");
    expect(shownText(conversation)).toContain(REASON);
    expect(conversation.text).toContain("Choir");
    expect(conversation.text).toContain("When they accept, I join by myself.");
  });

  it("takes rooms by their number and a reason", async () => {
    const { type, orders } = setUp();
    await type('!knock #3 #alias:old.example --reason "It is {name}"');
    expect(orders).toMatchObject([
      { order: { rooms: ["!third:old.example", "#alias:old.example"], reason: "It is {name}" } },
    ]);
  });

  it("knows no other placeholder in a reason", async () => {
    const { type, orders } = setUp();
    const conversation = await type('!knock --reason "{rooms}"');
    expect(orders).toEqual([]);
    expect(conversation.text).toContain("{rooms}");
  });

  it("says why it leaves rooms alone, and asks nothing if there is no other", async () => {
    const declined = room("!second:old.example", { name: "Staff" });
    const { type } = setUp({ knocks: [], left: [{ room: declined, why: "declined" }] });
    const conversation = await type("!knock");
    expect(conversation.asked).toEqual([]);
    expect(conversation.text).toContain("There is nothing to knock at.");
    expect(conversation.text).toContain("Somebody declined my knock, so I leave these alone (1)");
    expect(conversation.text).toContain("!knock ROOM");
  });

  it("says who declined before, where it knocks once more", async () => {
    const reason = {
      code: "refused",
      serverText: "Not now",
      by: { userId: "@mo:old.example", displayName: "Mo", did: "declined" },
    } as const;
    const { type } = setUp({ knocks: [{ room: { ...choir, reason }, reason: REASON }], left: [] });
    const { text } = await type("!knock #1");
    expect(text.replaceAll("\u2060", "")).toContain(
      "Mo (@mo:old.example) declined the knock: “Not now”. I knock once more.",
    );
  });

  it("shows counts alone in a control room, and the rooms in the direct chat", async () => {
    const { type } = setUp();
    const conversation = await type("!knock", new FakeConversation({ roomKind: "control" }));
    expect(conversation.text).not.toContain("Choir");
    expect(conversation.saidInDirectChat.join()).toContain("Choir");
  });

  it("lists what is too long for a message in a file", () => {
    const knocks = Array.from({ length: 25 }, (_, index) => ({
      room: room(`!${index}:old.example`, { name: `Room ${index}` }),
      reason: REASON,
    }));
    const question = knockQuestion({ facts: { knocks, left: [] }, canBegin: true, durationMs: 60_000 }, "!");
    if ("document" in question) throw new Error("nothing is asked");
    expect(renderPlainText([...question.preview.all])).toContain("5 more are in the file.");
    expect(question.preview.files?.[0]?.bytes.toString()).toContain("25. Room 24 (!24:old.example)");
  });

  it("begins what was confirmed", async () => {
    const { answer, confirmed } = setUp();
    const order = { rooms: ["!first:old.example"], reason: null };
    const conversation = await answer("knock", order);
    expect(confirmed).toEqual([{ kind: "knock", order, shown: "digest" }]);
    expect(conversation.text).toContain("I knock with your new account, as shown");
  });
});
