import { describe, expect, it } from "vitest";
import type { FileReference } from "../../../src/model/file-reference.ts";
import { FILES_KEPT_MS } from "../../../src/store/received-files.ts";
import type { Store } from "../../../src/store/store.ts";
import { bytesIn, temporaryStore } from "../../support/store/temporary-store.ts";

const HERE = { roomId: "!chat:x", sender: "@me:x" };
const NOW = 10_000_000;

function file(name: string): FileReference {
  const encryption = { key: `key of ${name}`, iv: "iv", sha256: "hash" };
  return { name, size: 5, serverName: "x", mediaId: "m", encryption };
}

/** A message with a file, as it is received and then handled. */
async function receive(store: Store, eventId: string, { place = HERE, at = NOW, name = eventId } = {}) {
  const { roomId, sender } = place;
  const event = { event_id: eventId, type: "m.room.message", sender, content: {} };
  await store.receivedEvents.add(roomId, event, at);
  await store.receivedFiles.add(place, { eventId, file: file(name) }, at);
  await store.receivedEvents.finish(eventId, at);
}

describe("a received file", () => {
  it("is the last one of the person in the room, also after a restart", async () => {
    const { store, reopen } = await temporaryStore();
    await receive(store, "$1");
    await receive(store, "$2", { at: NOW + 1 });
    await receive(store, "$3", { at: NOW + 2, place: { ...HERE, sender: "@other:x" } });
    await receive(store, "$4", { at: NOW + 3, place: { ...HERE, roomId: "!other:x" } });
    const { receivedFiles } = await reopen();
    expect(await receivedFiles.find(HERE, null, NOW + 4)).toEqual({ eventId: "$2", file: file("$2") });
  });

  it("can be named by its message, by its sender in its room", async () => {
    const { store } = await temporaryStore();
    await receive(store, "$1");
    await receive(store, "$2", { at: NOW + 1 });
    const find = (place: typeof HERE, id: string) => store.receivedFiles.find(place, id, NOW + 2);
    expect(await find(HERE, "$1")).toEqual({ eventId: "$1", file: file("$1") });
    expect(await find(HERE, "$none")).toBeNull();
    expect(await find({ ...HERE, sender: "@other:x" }, "$1")).toBeNull();
    expect(await find({ ...HERE, roomId: "!other:x" }, "$1")).toBeNull();
  });

  it("is remembered for an hour, and its row is gone with the next one", async () => {
    const { store, dataDir } = await temporaryStore();
    await receive(store, "$old-one");
    expect(await store.receivedFiles.find(HERE, null, NOW + FILES_KEPT_MS - 1)).not.toBeNull();
    expect(await store.receivedFiles.find(HERE, null, NOW + FILES_KEPT_MS)).toBeNull();
    await receive(store, "$new", { at: NOW + FILES_KEPT_MS });
    expect(await store.receivedFiles.find(HERE, "$old-one", NOW + 1)).toBeNull();
    expect(bytesIn(dataDir)).not.toContain("key of");
  });

  it("is forgotten by its message", async () => {
    const { store } = await temporaryStore();
    await receive(store, "$1");
    await store.receivedFiles.remove("$1");
    expect(await store.receivedFiles.find(HERE, null, NOW)).toBeNull();
  });

  it("of a person who is forgotten meanwhile is not stored", async () => {
    const { store } = await temporaryStore();
    const event = { event_id: "$1", type: "m.room.message", sender: HERE.sender, content: {} };
    await store.receivedEvents.add(HERE.roomId, event, NOW);
    await store.forget(HERE.sender);
    await store.receivedFiles.add(HERE, { eventId: "$1", file: file("$1") }, NOW);
    expect(await store.receivedFiles.find(HERE, null, NOW)).toBeNull();
  });
});
