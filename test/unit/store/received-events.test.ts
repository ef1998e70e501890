import { describe, expect, it } from "vitest";
import type { RoomEvent } from "../../../src/store/received-events.ts";
import { parseRoomEvent } from "../../../src/store/received-events.ts";
import { bytesIn, temporaryStore } from "../../support/store/temporary-store.ts";

function event(id: string, body = "!help"): RoomEvent {
  return {
    event_id: id,
    type: "m.room.message",
    sender: "@secret-sender:x.org",
    content: { msgtype: "m.text", body },
  };
}

describe("a received event", () => {
  it("is taken once, also over a restart, handled or not", async () => {
    const { store, reopen } = await temporaryStore();
    expect(await store.receivedEvents.add("!r", event("$1"), 1)).toBe(true);
    expect(await store.receivedEvents.add("!r", event("$1"), 2)).toBe(false);
    const { receivedEvents } = await reopen();
    expect(await receivedEvents.add("!r", event("$1"), 3)).toBe(false);
    await receivedEvents.finish("$1", 4);
    expect(await receivedEvents.add("!r", event("$1"), 5)).toBe(false);
    expect([await receivedEvents.has("$1"), await receivedEvents.has("$2")]).toEqual([true, false]);
  });

  it("that was not handled comes back after a restart, oldest first, with the number of tries", async () => {
    const { store, reopen } = await temporaryStore();
    await store.receivedEvents.add("!a", event("$1", "one"), 100);
    await store.receivedEvents.add("!b", event("$2", "two"), 100);
    await store.receivedEvents.add("!c", event("$3"), 300);
    await store.receivedEvents.begin("$1");
    await store.receivedEvents.begin("$1");
    await store.receivedEvents.finish("$3", 400);
    const { receivedEvents } = await reopen();
    expect(await receivedEvents.unhandled()).toEqual([
      { roomId: "!a", event: event("$1", "one"), attempts: 2, isUnreadable: false },
      { roomId: "!b", event: event("$2", "two"), attempts: 0, isUnreadable: false },
    ]);
  });

  it("is sealed while it waits, and nothing but its ID is kept once it is handled", async () => {
    const { store, dataDir, reopen } = await temporaryStore();
    await store.receivedEvents.add("!room:secret", event("$1", "!login old --password hunter2"), 1);
    expect(bytesIn(dataDir)).not.toContain("hunter2");
    await store.receivedEvents.finish("$1", 2);
    await reopen();
    const bytes = bytesIn(dataDir);
    expect(bytes).toContain("$1");
    for (const gone of ["hunter2", "@secret-sender", "!room:secret"]) expect(bytes).not.toContain(gone);
  });

  it("is forgotten when no server delivers it any more, if it was handled", async () => {
    const { store } = await temporaryStore();
    await store.receivedEvents.add("!r", event("$old"), 1);
    await store.receivedEvents.finish("$old", 10);
    await store.receivedEvents.add("!r", event("$waiting"), 1);
    await store.prune(11);
    expect([await store.receivedEvents.has("$old"), await store.receivedEvents.has("$waiting")]).toEqual([
      false,
      true,
    ]);
  });
});

describe("parseRoomEvent", () => {
  it.each([
    null,
    undefined,
    "x",
    1,
    [],
    {},
    { event_id: "$1", type: "t", sender: "@a:x" },
    { ...event("$1"), content: "x" },
    { ...event("$1"), sender: 5 },
  ])("%j is no event", (raw) => {
    expect(parseRoomEvent(raw)).toBeNull();
  });

  it("keeps fields it does not know", () => {
    expect(parseRoomEvent({ ...event("$1"), unsigned: { age: 1 } })).toMatchObject({ unsigned: { age: 1 } });
  });
});
