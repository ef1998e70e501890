import { describe, expect, it } from "vitest";
import type { NewOutboxItem } from "../../../src/store/outbox-item.ts";
import { outboxPriority } from "../../../src/store/outbox-item.ts";
import type { Store } from "../../../src/store/store.ts";
import { nextDue } from "../../support/store/next-due.ts";
import { bytesIn, temporaryStore } from "../../support/store/temporary-store.ts";

function item(transactionId: string, changes: Partial<NewOutboxItem> = {}): NewOutboxItem {
  return {
    transactionId,
    roomId: "!room",
    forUser: "@me:x.org",
    cause: null,
    kind: "message",
    content: { body: transactionId },
    priority: outboxPriority.answer,
    ...changes,
  };
}

/** Sends everything that is due. Returns it in order. */
async function drain({ outbox }: Store, now = 1_000): Promise<string[]> {
  const sent: string[] = [];
  for (let next = await nextDue(outbox, now); next; next = await nextDue(outbox, now)) {
    await outbox.begin(next.id);
    await outbox.finish(next.id, { status: "sent", eventId: `$${next.transactionId}` }, now);
    sent.push(next.transactionId);
  }
  return sent;
}

describe("the outbox", () => {
  it("gives redactions first, then answers, then progress, each in order", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(item("progress", { priority: outboxPriority.progress, roomId: "!a" }), 1);
    await store.outbox.add(item("answer 1"), 2);
    await store.outbox.add(item("answer 2"), 3);
    await store.outbox.add(item("redaction", { kind: "redaction", priority: outboxPriority.redaction }), 4);
    expect(await drain(store)).toEqual(["redaction", "answer 1", "answer 2", "progress"]);
  });

  it("keeps order in a room where one waits, while others go on", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(item("a1", { roomId: "!a" }), 1);
    await store.outbox.add(item("a2", { roomId: "!a" }), 2);
    await store.outbox.add(item("b1", { roomId: "!b" }), 3);
    const first = await nextDue(store.outbox, 10);
    await store.outbox.postpone(first?.id ?? 0, 500);
    expect(await drain(store, 499)).toEqual(["b1"]);
    expect(await store.outbox.nextDueAt(0)).toBe(500);
    expect(await drain(store, 500)).toEqual(["a1", "a2"]);
    expect(await store.outbox.nextDueAt(0)).toBeNull();
  });

  it("in a room lets nothing less urgent overtake what waits, but a redaction overtakes all", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(item("answer"), 1);
    await store.outbox.postpone((await nextDue(store.outbox, 1))?.id ?? 0, 500);
    await store.outbox.add(item("edit", { edits: "answer", priority: outboxPriority.progress }), 2);
    await store.outbox.add(item("redaction", { kind: "redaction", priority: outboxPriority.redaction }), 3);
    expect(await drain(store, 499)).toEqual(["redaction"]);
    expect(await drain(store, 500)).toEqual(["answer", "edit"]);
  });

  it("keeps transaction IDs, content, files and tries over a restart", async () => {
    const { store, reopen } = await temporaryStore();
    const { cause, ...file } = item("file", {
      attachment: Buffer.from([0, 1, 255]),
      content: { filename: "a" },
    });
    await store.outbox.add({ ...file, cause }, 1);
    await store.outbox.begin((await nextDue(store.outbox, 1))?.id ?? 0);
    const { outbox } = await reopen();
    expect(await nextDue(outbox, 1)).toMatchObject({ ...file, attempts: 1 });
    expect(await outbox.unsentCount()).toBe(1);
  });

  it("takes an item once, whether it waits or was sent", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(item("one"), 1);
    await store.outbox.add(item("one", { content: { body: "changed" } }), 2);
    expect((await nextDue(store.outbox, 5))?.content).toEqual({ body: "one" });
    expect(await drain(store)).toEqual(["one"]);
    await store.outbox.add(item("one"), 3);
    expect(await drain(store)).toEqual([]);
    expect(await store.outbox.result("one")).toEqual({ status: "sent", eventId: "$one" });
  });

  it("knows the outcome of what was sent and of what failed", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(item("one"), 1);
    expect(await store.outbox.result("one")).toBeNull();
    await store.outbox.finish(
      (await nextDue(store.outbox, 1))?.id ?? 0,
      { status: "failed", failure: "M_FORBIDDEN" },
      2,
    );
    expect(await store.outbox.result("one")).toEqual({ status: "failed", failure: "M_FORBIDDEN" });
    expect(await store.outbox.unsentCount()).toBe(0);
  });

  it("erases what was said once it is sent, and the row when nobody needs it any more", async () => {
    const { store, dataDir, reopen } = await temporaryStore();
    await store.outbox.add(
      item("one", {
        content: { body: "words in confidence" },
        attachment: Buffer.from("file in confidence"),
      }),
      1,
    );
    await drain(store, 10);
    const { outbox, prune } = await reopen();
    expect(bytesIn(dataDir)).not.toContain("in confidence");
    await prune(10);
    expect(await outbox.result("one")).not.toBeNull();
    await prune(11);
    expect(await outbox.result("one")).toBeNull();
  });
});

describe("an edit", () => {
  const edit = (transactionId: string) => item(transactionId, { edits: "original" });

  it("takes the place of older ones that were not tried yet", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(item("original"), 1);
    await store.outbox.add(edit("edit 1"), 2);
    await store.outbox.add(item("other", { edits: "another" }), 2);
    await store.outbox.add(edit("edit 2"), 3);
    expect(await drain(store)).toEqual(["original", "other", "edit 2"]);
    expect(await store.outbox.result("edit 1")).toEqual({ status: "failed", failure: "superseded" });
  });

  it("keeps one that was tried, since it may be in the room already", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(edit("edit 1"), 1);
    await store.outbox.begin((await nextDue(store.outbox, 1))?.id ?? 0);
    await store.outbox.add(edit("edit 2"), 2);
    expect(await drain(store)).toEqual(["edit 1", "edit 2"]);
  });

  it("said again after a crash neither disappears nor takes the place of a newer one", async () => {
    const { store } = await temporaryStore();
    await store.outbox.add(edit("edit 1"), 1);
    await store.outbox.add(edit("edit 1"), 2);
    expect((await nextDue(store.outbox, 5))?.transactionId).toBe("edit 1");
    await store.outbox.add(edit("edit 2"), 3);
    await store.outbox.add(edit("edit 1"), 4);
    expect(await drain(store)).toEqual(["edit 2"]);
  });
});
