import { describe, expect, it } from "vitest";
import { createCommands, createConfirmableActions } from "../../../src/commands/registry.ts";
import type { KnockFacts } from "../../../src/platforms/contact.ts";
import type { Proposals } from "../../../src/service/contact/proposals.ts";
import { knockQuestion } from "../../../src/view/contact/knock.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { commandServices, notScripted } from "../../support/fakes/command-services.ts";
import { room } from "../../support/fakes/move-samples.ts";
import { runStatus } from "../../support/fakes/scripted-moves.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { typeCommand } from "./type-command.ts";

const SHOWN = ["!first:old.example", "!second:old.example", "!third:old.example"];
const REASON = "@a:old.example (a member here) moves to this account";

const choir = room("!first:old.example", { name: "Choir", route: "knock", status: "planned" });
const facts: KnockFacts = { knocks: [{ room: choir, reason: REASON }], left: [] };

interface Scripted {
  facts?: KnockFacts;
  confirm?: Pick<Proposals, "confirm">["confirm"];
}

function setUp(scripted: Scripted = {}) {
  const asked: unknown[] = [];
  const { facts: shownFacts = facts } = scripted;
  const preview: Pick<Proposals, "preview">["preview"] = async ({ kind, purpose, order }) => {
    asked.push({ kind, purpose, order });
    return {
      status: "possible",
      order,
      // The test asks for knocks alone.
      facts: shownFacts as never,
      canBegin: shownFacts.knocks.length > 0,
      durationMs: 5_000,
      shown: "digest",
    };
  };
  const services = commandServices({
    plans: { numberedRoomIds: async () => SHOWN },
    proposals: { preview, confirm: scripted.confirm ?? notScripted },
  });
  const commands = createCommands(services);
  const type = (line: string, conversation?: FakeConversation): Promise<FakeConversation> =>
    typeCommand(commands, line, { ...(conversation !== undefined && { conversation }) });
  return { type, asked, actions: createConfirmableActions(services) };
}

describe("!knock", () => {
  it("shows the rooms and the exact reason, and asks", async () => {
    const { type, asked } = setUp();
    const conversation = await type("!knock");
    expect(asked).toEqual([{ kind: "knock", purpose: "knock", order: { rooms: [], reason: null } }]);
    expect(conversation.asked).toMatchObject([
      { word: "knock", typedWords: [], action: "knock", shown: "digest", numberedRooms: [choir.roomId] },
    ]);
    expect(conversation.text).toContain("Shall I knock at 1 room with your new account?");
    expect(conversation.text.replaceAll("\u2060", "")).toContain(REASON);
    expect(conversation.text).toContain("Choir");
    expect(conversation.text).toContain("When they accept, I join by myself.");
  });

  it("takes rooms by their number and a reason", async () => {
    const { type, asked } = setUp();
    await type('!knock #3 #alias:old.example --reason "It is {name}"');
    expect(asked).toMatchObject([
      { order: { rooms: ["!third:old.example", "#alias:old.example"], reason: "It is {name}" } },
    ]);
  });

  it("knows no other placeholder in a reason", async () => {
    const { type, asked } = setUp();
    const conversation = await type('!knock --reason "{rooms}"');
    expect(asked).toEqual([]);
    expect(conversation.text).toContain("{rooms}");
  });

  it("says why it leaves rooms alone, and asks nothing if there is no other", async () => {
    const declined = room("!second:old.example", { name: "Staff" });
    const { type } = setUp({ facts: { knocks: [], left: [{ room: declined, why: "declined" }] } });
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
    const { type } = setUp({ facts: { knocks: [{ room: { ...choir, reason }, reason: REASON }], left: [] } });
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
    const confirmed: unknown[] = [];
    const { actions } = setUp({
      confirm: async ({ order }, shown) => {
        confirmed.push({ order, shown });
        return {
          status: "started",
          run: runStatus({ purpose: "knock" }),
          changes: [],
          gone: [],
          isOnlyWatch: false,
        };
      },
    });
    const conversation = new FakeConversation();
    const payload = { order: { rooms: ["!first:old.example"], reason: null }, numberedRooms: [] };
    await actions["knock"]?.({ word: "knock", payload, shown: "digest" }, conversation);
    expect(confirmed).toEqual([{ order: payload.order, shown: "digest" }]);
    expect(conversation.text).toContain("I knock with your new account, as shown");
  });
});
