import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Confirmations } from "../../../src/chat/confirmations.ts";
import { RoomConversation } from "../../../src/chat/conversation.ts";
import type { ConversationAddress } from "../../../src/model/conversation-address.ts";
import type { Cause } from "../../../src/store/cause.ts";
import type { Store } from "../../../src/store/store.ts";
import { paragraph } from "../../../src/view/document/document.ts";
import { alert, notice } from "../../../src/view/document/message.ts";
import { newRun } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { fakeClient } from "./fake-client.ts";
import { outboxOf } from "./fake-outbox.ts";

afterEach(() => {
  vi.useRealTimers();
});

const ME = "@me:x.org";
const COMMAND: ConversationAddress = {
  roomId: "!r",
  eventId: "$command",
  threadRoot: "$thread",
  roomKind: "control",
  sender: ME,
  isEncrypted: true,
};
const HOUR_MS = 3_600_000;

async function setUp({ isPermitted = true }: { isPermitted?: boolean } = {}) {
  const { store, reopen } = await temporaryStore();
  const fake = fakeClient();
  const log = pino({ enabled: false });
  const ran: { word: string; payload: unknown; shown: string; address: ConversationAddress }[] = [];
  const clock = { at: 1_000_000 };
  const now = () => clock.at;
  const state: { act: () => Promise<void> } = { act: async () => undefined };

  function process(from: Store) {
    const outbox = outboxOf(from, fake.client, { now, log });
    const conversationAt = (
      address: ConversationAddress,
      cause: Cause | null = null,
      { scope }: { scope?: string } = {},
    ) =>
      new RoomConversation({
        outbox,
        questions: from.questions,
        controlRoomIds: new Set(),
        directChatOf: async () => null,
        address,
        cause,
        ...(scope !== undefined && { scope }),
        now,
      });
    const confirmations = new Confirmations({
      questions: from.questions,
      outbox,
      names: { prefix: "!", userId: "@mover:x.org", displayName: "Mover" },
      commands: [{ specification: { words: ["ask"] } }],
      actions: {
        undo: async ({ word, payload, shown }, conversation) => {
          ran.push({ word, payload, shown, address: conversation.address });
          await state.act();
          await conversation.say(notice(paragraph("done as you say")), { key: "answer" });
        },
      },
      isPermitted: () => isPermitted,
      conversations: { at: conversationAt },
      now,
      log,
    });
    const send = async (): Promise<void> => {
      outbox.start();
      while ((await from.outbox.unsentCount()) > 0) await new Promise((resolve) => setImmediate(resolve));
    };
    const ask = async (
      more: Partial<ConversationAddress> = {},
      payload: unknown = { run: 1 },
    ): Promise<string> => {
      const before = fake.sent().length;
      const asked = conversationAt({ ...COMMAND, ...more });
      await asked.ask(alert(paragraph("Shall I?")), {
        word: "undo",
        action: "undo",
        payload,
        shown: "digest",
      });
      await send();
      return fake.sent()[before]?.eventId ?? "none";
    };
    const react = (eventId: string, more: Partial<ConversationAddress> = {}) =>
      confirmations.onReaction(
        conversationAt({ ...COMMAND, eventId: "$reaction", threadRoot: null, ...more }),
        eventId,
      );
    const type = (body: string, more: Partial<ConversationAddress> = {}, isEdit = false) =>
      confirmations.onText(
        { body, formattedBody: null, kind: isEdit ? "edit" : "text" },
        conversationAt({ ...COMMAND, eventId: "$typed", threadRoot: null, ...more }),
      );
    return { conversationAt, send, ask, react, type };
  }
  return { store, ...process(store), ...fake, process, reopen, ran, clock, state };
}

describe("a question", () => {
  it("is confirmed by the same person's ✅, and its action answers where the question was asked", async () => {
    const { ask, react, send, ran, bodies, sent } = await setUp();
    await react(await ask());
    expect(ran).toEqual([{ word: "undo", payload: { run: 1 }, shown: "digest", address: COMMAND }]);
    await send();
    expect(bodies()).toEqual(["Shall I?", "m.reaction", "done as you say"]);
    expect(sent().at(-1)?.content).toMatchObject({
      "m.relates_to": { rel_type: "m.thread", event_id: "$thread" },
    });
  });

  it.each([
    "undo",
    "UNDO",
    " Undo ",
    "!undo",
    "Mover: undo",
    "@mover:x.org undo",
    "> <@mover:x.org> Shall I?\n\nundo",
  ])("is confirmed by its word: %j", async (body) => {
    const { ask, type, ran } = await setUp();
    await ask();
    expect(await type(body)).toBe(true);
    expect(ran).toMatchObject([{ payload: { run: 1 }, address: { eventId: "$typed" } }]);
  });

  it.each(["undo it", "please undo", "undone", "!migrate undo", "", "yes"])(
    "is not confirmed by other words: %j",
    async (body) => {
      const { ask, type, ran } = await setUp();
      await ask();
      expect(await type(body)).toBe(false);
      expect(ran).toEqual([]);
    },
  );

  it.each([
    { body: "ask", isAnswer: true },
    { body: "!ask", isAnswer: false },
    { body: "Mover: ask", isAnswer: false },
  ])("whose word is a command too is not confirmed by that command: $body", async ({ body, isAnswer }) => {
    const { conversationAt, send, type, ran } = await setUp();
    const question = { action: "undo", payload: null, shown: "digest", typedWords: [], word: "ask" };
    await conversationAt(COMMAND).ask(alert(paragraph("Shall I?")), question);
    await send();
    expect(await type(body)).toBe(isAnswer);
    expect(ran).toHaveLength(isAnswer ? 1 : 0);
  });

  it("has answers that count only when they are typed, and the action learns which one was given", async () => {
    const { conversationAt, send, react, type, ran, sent, bodies } = await setUp();
    const question = { action: "undo", payload: null, shown: "digest", typedWords: ["undo and leave"] };
    await conversationAt(COMMAND).ask(alert(paragraph("Shall I?")), { ...question, word: null });
    await send();
    expect(sent()).toHaveLength(1);
    const eventId = sent()[0]?.eventId ?? "none";
    await react(eventId);
    await send();
    expect(bodies().at(-1)).toBe(
      "A tap is not enough for this, so I did nothing. To confirm, write undo and leave.",
    );
    expect(await type("undo")).toBe(false);
    expect(await type("")).toBe(false);
    expect(ran).toEqual([]);
    expect(await type("Undo  and leave")).toBe(true);
    expect(ran).toMatchObject([{ word: "undo and leave", shown: "digest" }]);
    await react(eventId, { eventId: "$late" });
    await send();
    expect(bodies().at(-1)).toContain("no longer open");
  });

  it("is void once its owner's run begins", async () => {
    const { store, ask, react, type, ran, send, bodies } = await setUp();
    const eventId = await ask();
    await newRun(store, [], { owner: ME });
    expect(await type("undo")).toBe(false);
    await react(eventId);
    await send();
    expect(ran).toEqual([]);
    expect(bodies().at(-1)).toContain("no longer open");
  });

  it("is not confirmed by an edit", async () => {
    const { ask, type, ran } = await setUp();
    await ask();
    expect(await type("undo", {}, true)).toBe(false);
    expect(ran).toEqual([]);
  });

  it.each<{ name: string; more: Partial<ConversationAddress> }>([
    { name: "another person", more: { sender: "@other:x.org" } },
    { name: "the same person in another room", more: { roomId: "!elsewhere" } },
    { name: "the same person where others have come in", more: { roomKind: "other" } },
  ])("of $name is not heard, and not answered", async ({ more }) => {
    const { ask, react, type, ran, sent } = await setUp();
    const eventId = await ask();
    await react(eventId, more);
    expect(await type("undo", more)).toBe(false);
    expect(ran).toEqual([]);
    expect(sent()).toHaveLength(2);
  });

  it("of somebody who may no longer use the bot is not heard", async () => {
    const { ask, react, type, ran } = await setUp({ isPermitted: false });
    await react(await ask());
    expect(await type("undo")).toBe(false);
    expect(ran).toEqual([]);
  });

  it("hears nothing in a ✅ under another message", async () => {
    const { ask, react, ran, bodies } = await setUp();
    await ask();
    await react("$something");
    expect(ran).toEqual([]);
    expect(bodies()).toHaveLength(2);
  });
});

describe("a late answer", () => {
  it("to a question that was answered does nothing, and is answered so once", async () => {
    const { ask, react, type, send, ran, bodies } = await setUp();
    const eventId = await ask();
    await type("undo");
    await react(eventId, { eventId: "$late1" });
    await react(eventId, { eventId: "$late2" });
    expect(await type("undo", { eventId: "$typed2" })).toBe(false);
    await send();
    expect(ran).toHaveLength(1);
    expect(bodies().filter((body) => body.includes("no longer open"))).toHaveLength(1);
  });

  it("after a day does nothing, and is answered so", async () => {
    const { ask, react, type, send, ran, bodies, clock } = await setUp();
    const eventId = await ask();
    clock.at += 24 * HOUR_MS;
    expect(await type("undo")).toBe(false);
    await react(eventId);
    await send();
    expect(ran).toEqual([]);
    expect(bodies().at(-1)).toContain("no longer open");
  });

  it("within the day is in time", async () => {
    const { ask, react, ran, clock } = await setUp();
    const eventId = await ask();
    clock.at += 24 * HOUR_MS - 1;
    await react(eventId);
    expect(ran).toHaveLength(1);
  });

  it("to a question that a newer one replaced does nothing; the newer one is open", async () => {
    const { ask, react, ran } = await setUp();
    const first = await ask({}, "first");
    const second = await ask({ eventId: "$command2" }, "second");
    await react(first);
    expect(ran).toEqual([]);
    await react(second, { eventId: "$reaction2" });
    expect(ran).toMatchObject([{ payload: "second" }]);
  });

  it("does not close what others, or the same person elsewhere, were asked", async () => {
    const { ask, react, ran } = await setUp();
    const mine = await ask({}, "mine");
    await ask({ eventId: "$c2", sender: "@other:x.org" }, "theirs");
    await ask({ eventId: "$c3", roomId: "!elsewhere" }, "elsewhere");
    await react(mine);
    expect(ran).toMatchObject([{ payload: "mine" }]);
  });
});

describe("over a crash", () => {
  it("a question is still open", async () => {
    const { ask, process, reopen, ran } = await setUp();
    const eventId = await ask();
    await process(await reopen()).react(eventId);
    expect(ran).toHaveLength(1);
  });

  it.each(["reaction", "word"] as const)(
    "in the middle of the action, the same %s continues it",
    async (how) => {
      const { ask, react, type, process, reopen, ran, state, bodies } = await setUp();
      const eventId = await ask();
      state.act = () => Promise.reject(new Error("killed"));
      await expect(how === "reaction" ? react(eventId) : type("undo")).rejects.toThrow("killed");
      state.act = async () => undefined;
      const next = process(await reopen());
      await (how === "reaction" ? next.react(eventId) : next.type("undo"));
      await next.send();
      expect(ran).toHaveLength(2);
      expect(bodies().at(-1)).toBe("done as you say");
      await next.react(eventId, { eventId: "$another" });
      expect(ran).toHaveLength(2);
    },
  );

  it("before it is noted that the question was sent, its answer waits for that", async () => {
    const { conversationAt, react, send, ran, client } = await setUp();
    await conversationAt(COMMAND).ask(alert(paragraph("Shall I?")), {
      word: "undo",
      action: "undo",
      payload: null,
      shown: "digest",
    });
    // The server has the question already. The bot sends it again with the same transaction ID.
    const path = `/_matrix/client/v3/rooms/!r/send/m.room.message/${encodeURIComponent("$command question.0")}`;
    const made: unknown = await client.doRequest("PUT", path, null, {});
    const reacted = react((made as { event_id: string }).event_id);
    await send();
    await reacted;
    expect(ran).toHaveLength(1);
  });
});
