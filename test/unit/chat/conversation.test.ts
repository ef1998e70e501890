import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { RoomConversationOptions } from "../../../src/chat/conversation.ts";
import { RoomConversation } from "../../../src/chat/conversation.ts";
import type { ConversationAddress } from "../../../src/model/conversation-address.ts";
import { conversationAddressSchema } from "../../../src/model/conversation-address.ts";
import type { OutboxItem } from "../../../src/store/outbox-item.ts";
import type { Store } from "../../../src/store/store.ts";
import { list, paragraph } from "../../../src/view/document/document.ts";
import { alert, notice } from "../../../src/view/document/message.ts";
import { nextDue } from "../../support/store/next-due.ts";
import { bytesIn, temporaryStore } from "../../support/store/temporary-store.ts";
import { fakeClient, refusal } from "./fake-client.ts";
import { outboxOf } from "./fake-outbox.ts";

const ADDRESS: ConversationAddress = {
  roomId: "!r",
  eventId: "$event",
  threadRoot: null,
  roomKind: "direct",
  sender: "@me:x.org",
  isEncrypted: false,
};

async function setUp() {
  const { store, dataDir, reopen } = await temporaryStore();
  const fake = fakeClient();
  const log = pino({ enabled: false });
  const sendingFrom = (from: Store) => outboxOf(from, fake.client, { log });
  const outbox = sendingFrom(store);
  const converse = (
    address: Partial<ConversationAddress> = {},
    options: Partial<RoomConversationOptions> = {},
  ) =>
    new RoomConversation({
      outbox,
      questions: store.questions,
      controlRoomIds: new Set(["!control"]),
      directChatOf: async () => null,
      address: { ...ADDRESS, ...address },
      cause: null,
      now: () => Date.now(),
      ...options,
    });
  return { ...fake, store, dataDir, reopen, outbox, sendingFrom, converse };
}

/** What waits to be sent, in order. */
async function waiting(store: Store): Promise<OutboxItem[]> {
  const items: OutboxItem[] = [];
  for (
    let next = await nextDue(store.outbox, Date.now());
    next;
    next = await nextDue(store.outbox, Date.now())
  ) {
    items.push(next);
    await store.outbox.finish(next.id, { status: "sent", eventId: `$${next.id}` }, 1);
  }
  return items;
}

describe("a message to the direct chat of a person who wrote in a control room", () => {
  const inControlRoom = { roomId: "!control", roomKind: "control", threadRoot: "$thread" } as const;

  it("goes there once, outside of the thread", async () => {
    const { converse, store } = await setUp();
    const conversation = converse(inControlRoom, { directChatOf: async () => "!direct" });
    const message = alert(paragraph("the rest"));
    for (let time = 0; time < 2; time += 1)
      expect(await conversation.sayInDirectChat(message, { key: "preview" })).toBe(true);
    await conversation.say(notice(paragraph("counts")), { key: "preview" });
    const items = await waiting(store);
    expect(items.map(({ roomId, isPrivate }) => ({ roomId, isPrivate }))).toEqual([
      { roomId: "!direct", isPrivate: true },
      { roomId: "!control", isPrivate: false },
    ]);
    expect(items[0]).toMatchObject({ content: { body: "the rest" } });
    expect(items[0]).not.toHaveProperty("content.m.relates_to");
  });

  it("is not sent if there is none", async () => {
    const { converse, store } = await setUp();
    const conversation = converse(inControlRoom);
    expect(await conversation.sayInDirectChat(notice(paragraph("the rest")), { key: "a" })).toBe(false);
    expect(await waiting(store)).toEqual([]);
  });
});

describe("what is said in a conversation", () => {
  it("is stored under IDs made of the message that began it", async () => {
    const { store, converse } = await setUp();
    const conversation = converse();
    await conversation.say(notice(paragraph("one")));
    await conversation.say(notice(paragraph("two")));
    await conversation.say(notice(paragraph("three")), { key: "answer" });
    expect(await waiting(store)).toMatchObject([
      { transactionId: "$event 0.0", roomId: "!r", forUser: "@me:x.org", content: { body: "one" } },
      { transactionId: "$event 1.0", content: { body: "two" } },
      { transactionId: "$event answer.0", content: { body: "three" } },
    ]);
  });

  it("is said once when the same message is handled again, whether it was sent or not", async () => {
    const { store, reopen, sendingFrom, converse } = await setUp();
    await converse().say(notice(paragraph("one")));
    await converse().say(notice(paragraph("one")));
    expect(await waiting(store)).toHaveLength(1);
    const next = await reopen();
    await converse({}, { outbox: sendingFrom(next) }).say(notice(paragraph("one")));
    expect(await waiting(next)).toHaveLength(0);
  });

  it("replaces what was said under another key, over a crash as well", async () => {
    const { store, converse } = await setUp();
    await converse().say(notice(paragraph("asking")), { key: "meanwhile" });
    for (let handled = 0; handled < 2; handled++)
      await converse().say(notice(paragraph("done")), { key: "answer", replaces: "meanwhile" });
    expect(await waiting(store)).toMatchObject([
      { transactionId: "$event meanwhile.0" },
      { transactionId: "$event answer.0", edits: "$event meanwhile.0" },
    ]);
  });

  it("mentions the sender where it must call them", async () => {
    const { store, converse } = await setUp();
    await converse().say(alert(paragraph("failed")));
    await converse().say(notice(paragraph("fine")), { key: "x" });
    expect((await waiting(store)).map(({ content }) => content["m.mentions"])).toEqual([
      { user_ids: ["@me:x.org"] },
      {},
    ]);
  });

  it("that is long comes in pages, and its files behind it", async () => {
    const { store, converse } = await setUp();
    const items = Array.from({ length: 400 }, (_, index) => `item ${index} of many`);
    const attachments = [{ fileName: "a.csv", mimeType: "text/csv", bytes: Buffer.from("a") }];
    await converse().say({ ...alert(list(items)), attachments }, { key: "answer", replaces: "meanwhile" });
    const said = await waiting(store);
    expect(said.length).toBeGreaterThan(2);
    expect(said.map(({ edits }) => edits)).toEqual([
      "$event meanwhile.0",
      ...said.slice(1).map(() => undefined),
    ]);
    expect(said.at(-1)).toMatchObject({
      content: { msgtype: "m.file", "m.mentions": {} },
      attachment: Buffer.from("a"),
    });
    expect(new Set(said.map(({ transactionId }) => transactionId)).size).toBe(said.length);
  });

  it("stays in the thread of the command", async () => {
    const { store, converse } = await setUp();
    await converse({ threadRoot: "$root" }).say(notice(paragraph("one")));
    expect((await waiting(store))[0]?.content["m.relates_to"]).toEqual({
      rel_type: "m.thread",
      event_id: "$root",
      is_falling_back: true,
      "m.in_reply_to": { event_id: "$event" },
    });
  });

  it("quotes the command where several people talk, and not in a direct chat", async () => {
    const { store, converse } = await setUp();
    await converse().say(notice(paragraph("one")), { key: "a" });
    await converse({ roomKind: "control" }).say(notice(paragraph("two")), { key: "b" });
    expect((await waiting(store)).map(({ content }) => content["m.relates_to"])).toEqual([
      undefined,
      { "m.in_reply_to": { event_id: "$event" } },
    ]);
  });

  it("without a trace is not found in any file once it is sent", async () => {
    const { store, dataDir, outbox, converse, bodies } = await setUp();
    outbox.start();
    const forgotten = converse({ eventId: "$forget", sender: "@gone:x.org" });
    await forgotten.say(notice(paragraph("erased")), { key: "answer", leavesNoTrace: true });
    while ((await store.outbox.unsentCount()) > 0) await new Promise((resolve) => setImmediate(resolve));
    await outbox.stop();
    expect(bodies()).toEqual(["erased"]);
    for (const gone of ["@gone:x.org", "$forget", "erased"]) expect(bytesIn(dataDir)).not.toContain(gone);
  });
});

describe("how far something is", () => {
  it("is sent after answers, and hundreds of edits become one while none can be sent", async () => {
    const { store, converse } = await setUp();
    await converse().say(notice(paragraph("0 %")), { key: "progress", priority: "progress" });
    for (let count = 1; count <= 300; count++)
      await converse().say(notice(paragraph(`step ${count}`)), {
        key: `progress${count}`,
        replaces: "progress",
        priority: "progress",
      });
    await converse().say(notice(paragraph("an answer")), { key: "answer" });
    expect((await waiting(store)).map(({ content, edits }) => [content["body"], edits])).toEqual([
      ["an answer", undefined],
      ["0 %", undefined],
      ["step 300", "$event progress.0"],
    ]);
  });

  it("is an edit of the same message in another process too, by the address alone", async () => {
    const { store, reopen, sendingFrom, converse } = await setUp();
    const first = converse();
    await first.say(notice(paragraph("0 %")), { key: "progress", priority: "progress" });
    await waiting(store);
    const kept: unknown = JSON.parse(JSON.stringify(first.address));
    const next = await reopen();
    const later = converse(conversationAddressSchema.parse(kept), {
      outbox: sendingFrom(next),
      questions: next.questions,
    });
    await later.say(notice(paragraph("50 %")), {
      key: "progress1",
      replaces: "progress",
      priority: "progress",
    });
    expect(await waiting(next)).toMatchObject([
      { roomId: "!r", edits: "$event progress.0", content: { body: "50 %" } },
    ]);
    expect(await next.outbox.result("$event progress.0")).toMatchObject({ status: "sent" });
  });

  it("in another scope says again what was said under the same key", async () => {
    const { store, converse } = await setUp();
    await converse().say(notice(paragraph("one")), { key: "answer" });
    await converse({}, { scope: "confirmed" }).say(notice(paragraph("two")), { key: "answer" });
    expect((await waiting(store)).map(({ transactionId }) => transactionId)).toEqual([
      "$event answer.0",
      "$event confirmed answer.0",
    ]);
  });
});

describe("a question", () => {
  const confirmation = { word: "undo", action: "undo", payload: { run: 3 }, shown: "digest" };

  it("calls the person, is stored, and gets a first ✅ to tap", async () => {
    const { store, outbox, converse, sent } = await setUp();
    await converse().ask(alert(paragraph("Shall I?")), confirmation);
    outbox.start();
    while ((await store.outbox.unsentCount()) > 0) await new Promise((resolve) => setImmediate(resolve));
    await outbox.stop();
    expect(sent()).toMatchObject([
      { type: "m.room.message", content: { body: "Shall I?", "m.mentions": { user_ids: ["@me:x.org"] } } },
      {
        type: "m.reaction",
        content: { "m.relates_to": { rel_type: "m.annotation", event_id: "$sent1", key: "✅" } },
      },
    ]);
    expect(await store.questions.ofEvent("!r", "$sent1")).toMatchObject({
      ...confirmation,
      address: ADDRESS,
      closedAt: null,
    });
  });

  it("that is long gets its reaction under the last page", async () => {
    const { store, converse } = await setUp();
    await converse().ask(
      alert(list(Array.from({ length: 400 }, (_, index) => `item ${index} of many`))),
      confirmation,
    );
    const said = await waiting(store);
    const lastPage = said.findLast(({ kind }) => kind === "message");
    expect(said.length).toBeGreaterThan(2);
    expect(said.at(-1)).toMatchObject({ kind: "reaction", content: { to: lastPage?.transactionId } });
  });

  it("asked again after a crash is the same one", async () => {
    const { store, converse } = await setUp();
    for (let handled = 0; handled < 2; handled++)
      await converse().ask(alert(paragraph("Shall I?")), confirmation);
    expect(await waiting(store)).toHaveLength(2);
    expect(await store.questions.answerable("@me:x.org", "!r", "$yes", Date.now())).not.toBeNull();
  });
});

describe("redacting the message itself", () => {
  it("is done when the server did it", async () => {
    const { outbox, converse, sent } = await setUp();
    outbox.start();
    expect(await converse().redact("It held a secret")).toBe(true);
    expect(sent()).toMatchObject([{ type: "redaction of $event", content: { reason: "It held a secret" } }]);
    await outbox.stop();
  });

  it("is not done where the bot may not", async () => {
    const { outbox, converse, state } = await setUp();
    state.answer = () => {
      throw refusal(403, "M_FORBIDDEN");
    };
    outbox.start();
    expect(await converse().redact("x")).toBe(false);
    await outbox.stop();
  });

  it("is separate from the redaction of another message", async () => {
    const { outbox, converse, sent } = await setUp();
    outbox.start();
    const conversation = converse();
    await conversation.redact("It held a secret");
    expect(await conversation.redactOther("$file", "Its file was read")).toBe(true);
    expect(sent()).toMatchObject([
      { type: "redaction of $event" },
      { type: "redaction of $file", content: { reason: "Its file was read" } },
    ]);
    await outbox.stop();
  });

  it("is asked for once, over a crash as well, and its outcome is the same", async () => {
    const { outbox, sendingFrom, reopen, converse, requests } = await setUp();
    outbox.start();
    await converse().redact("x");
    await outbox.stop();
    const next = sendingFrom(await reopen());
    next.start();
    expect(await converse({}, { outbox: next }).redact("x")).toBe(true);
    expect(requests).toHaveLength(1);
    await next.stop();
  });
});
