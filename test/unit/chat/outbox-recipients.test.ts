import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CONFIRMING_KEY } from "../../../src/chat/confirming-reaction.ts";
import { DirectChats } from "../../../src/chat/rooms/direct-chats.ts";
import { Rooms } from "../../../src/chat/rooms/rooms.ts";
import type { NewOutboxItem } from "../../../src/store/outbox-item.ts";
import { outboxPriority } from "../../../src/store/outbox-item.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { fakeClient, joinOf, refusal } from "./fake-client.ts";
import { outboxOf } from "./fake-outbox.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const BOT = "@mover:x.org";
const ADA = "@ada:x.org";
const OLD = "!old";
const NEW = "!new";

function item(transactionId: string, changes: Partial<NewOutboxItem> = {}): NewOutboxItem {
  return {
    transactionId,
    roomId: OLD,
    forUser: ADA,
    cause: null,
    kind: "message",
    content: { body: transactionId, "m.relates_to": { "m.in_reply_to": { event_id: "$command" } } },
    priority: outboxPriority.answer,
    ...changes,
  };
}

async function setUp() {
  const { store, reopen } = await temporaryStore();
  const fake = fakeClient();
  /** Members by room. The bot is not in a room without members. */
  const members = new Map([[OLD, [BOT, ADA]]]);
  const client = {
    getRoomMembers: async (roomId: string) => {
      const present = members.get(roomId);
      if (present === undefined) throw refusal(403, "M_FORBIDDEN");
      return present.map(joinOf);
    },
    doRequest: () => Promise.reject(refusal(404, "M_NOT_FOUND")),
  };
  fake.state.answer = ({ path }) => {
    const roomId = decodeURIComponent(/rooms\/([^/]+)\//u.exec(path)?.[1] ?? "");
    if (!members.has(roomId)) throw refusal(403, "M_FORBIDDEN");
  };
  const processOf = (from: Store) => {
    const rooms = new Rooms(client, {
      controlRooms: { ids: new Set(["!control"]), mayBe: async () => false },
      directChats: true,
    });
    const chats = new DirectChats({
      rows: from.directChats,
      items: from.outbox,
      recipients: from.recipients,
      currentOf: (roomId) => (roomId === "!replaced" ? NEW : roomId),
      rooms,
      now: () => Date.now(),
    });
    const outbox = outboxOf(from, fake.client, { chats });
    outbox.start();
    const open = async (roomId: string): Promise<void> => {
      members.set(roomId, [BOT, ADA]);
      if (await chats.opened(roomId, ADA, null)) outbox.wake();
    };
    return { rooms, chats, outbox, open };
  };
  const first = processOf(store);
  /** She leaves, and the bot leaves the empty room. */
  const leave = (roomId: string): void => {
    members.delete(roomId);
    first.rooms.forget(roomId);
  };
  const said = () => fake.sent().map(({ roomId, content }) => ({ roomId, content }));
  return { ...fake, ...first, store, reopen, processOf, members, leave, said };
}

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe("a private message", () => {
  const report = item("the end", { isPrivate: true, numberedRooms: ["!b", "!a"] });

  it("is sent to another chat if somebody else has joined its chat, and its list counts there", async () => {
    const { outbox, open, members, rooms, said, store } = await setUp();
    await outbox.add(item("progress", { isPrivate: true, priority: outboxPriority.progress }));
    await pass();
    expect(said()).toMatchObject([{ roomId: OLD }]);
    members.set(OLD, [BOT, ADA, "@other:x.org"]);
    rooms.forget(OLD);
    await outbox.add(item("more progress", { isPrivate: true, priority: outboxPriority.progress }));
    await outbox.add(report);
    await pass(10_000);
    expect(said()).toHaveLength(1);
    expect(await store.plans.numberedRoomIds(ADA)).toEqual([]);
    await open(NEW);
    await pass();
    expect(said().slice(1)).toEqual([{ roomId: NEW, content: { body: "the end" } }]);
    expect(await store.plans.numberedRoomIds(ADA)).toEqual(["!b", "!a"]);
    await outbox.stop();
  });

  it("is sent to the same chat once it is a chat of two again", async () => {
    const { outbox, open, members, rooms, said } = await setUp();
    members.set(OLD, [BOT, ADA, "@other:x.org"]);
    await outbox.add(report);
    await pass(1_000);
    expect(said()).toEqual([]);
    rooms.forget(OLD);
    await open(OLD);
    await pass();
    expect(said()).toMatchObject([{ roomId: OLD }]);
    await outbox.stop();
  });

  it("differs from an answer, which is sent where several people are", async () => {
    const { outbox, members, said } = await setUp();
    members.set(OLD, [BOT, ADA, "@other:x.org"]);
    await outbox.add(item("not here"));
    await pass();
    expect(said()).toHaveLength(1);
    await outbox.stop();
  });
});

describe("a message to a person who left the chat", () => {
  it("goes to their newest chat, without a reply to a message of the old one", async () => {
    const { outbox, open, leave, said } = await setUp();
    await open("!between");
    await pass(1_000);
    await open(NEW);
    leave(OLD);
    await outbox.add(item("the end"));
    await pass();
    expect(said()).toEqual([{ roomId: NEW, content: { body: "the end" } }]);
    await outbox.stop();
  });

  it("is not sent elsewhere while they are in the chat", async () => {
    const { outbox, open, said } = await setUp();
    await open(NEW);
    await outbox.add(item("the end"));
    await pass();
    expect(said()).toMatchObject([{ roomId: OLD }]);
    await outbox.stop();
  });

  it("follows them if the bot learns only from a refusal that they left", async () => {
    const { outbox, open, members, said } = await setUp();
    await outbox.add(item("first"));
    await pass();
    await open(NEW);
    members.delete(OLD);
    await outbox.add(item("the end"));
    await pass(1_000);
    expect(said().map(({ roomId }) => roomId)).toEqual([OLD, NEW]);
    await outbox.stop();
  });

  it("waits for the next chat and is the first thing there, over a restart too", async () => {
    const { outbox, leave, store, reopen, processOf, said } = await setUp();
    leave(OLD);
    await outbox.add(item("the end"));
    await outbox.add(item("the report", { attachment: Buffer.from("report") }));
    await pass(24 * 3_600_000);
    expect(said()).toEqual([]);
    await store.directChats.put({ roomId: OLD, userId: ADA, cause: null }, 1);
    await outbox.stop();
    const next = processOf(await reopen());
    const opening = next.open(NEW);
    await opening;
    await next.outbox.add(item("an answer", { roomId: NEW }));
    await pass();
    expect(said()).toMatchObject([
      { roomId: NEW, content: { body: "the end" } },
      { roomId: NEW, content: { body: "the report" } },
      { roomId: NEW, content: { body: "an answer" } },
    ]);
    await next.outbox.stop();
  });

  it("comes when they are in the old chat again", async () => {
    const { outbox, leave, members, chats, rooms, said } = await setUp();
    leave(OLD);
    await outbox.add(item("the end"));
    await pass();
    members.set(OLD, [BOT, ADA]);
    rooms.forget(OLD);
    expect(await chats.returned(OLD, ADA)).toBe(true);
    outbox.wake();
    await pass();
    expect(said()).toMatchObject([{ roomId: OLD, content: { body: "the end" } }]);
    await outbox.stop();
  });

  it("follows a control room that was replaced", async () => {
    const { outbox, members, said } = await setUp();
    members.set(NEW, [BOT, ADA]);
    await outbox.add(item("the end", { roomId: "!replaced" }));
    await pass();
    expect(said()).toMatchObject([{ roomId: NEW }]);
    await outbox.stop();
  });

  it("is not sent into a room with others", async () => {
    const { outbox, open, leave, members, rooms, said } = await setUp();
    await open(NEW);
    members.set(NEW, [BOT, ADA, "@third:x.org"]);
    rooms.forget(NEW);
    leave(OLD);
    await outbox.add(item("the end"));
    await pass(3_600_000);
    expect(said()).toEqual([]);
    await outbox.stop();
  });

  it("is tried again while the server does not answer who is in a room", async () => {
    const { outbox, rooms, said, chats } = await setUp();
    const roomFor = vi.spyOn(chats, "roomFor").mockRejectedValueOnce(refusal(502, "M_UNKNOWN"));
    rooms.forget(OLD);
    await outbox.add(item("the end"));
    await pass();
    expect(said()).toEqual([]);
    await pass(1_000);
    expect(said()).toHaveLength(1);
    expect(roomFor).toHaveBeenCalledTimes(2);
    await outbox.stop();
  });

  it("is forgotten with the person", async () => {
    const { outbox, leave, open, store, said } = await setUp();
    leave(OLD);
    await outbox.add(item("the end"));
    await pass();
    await store.forget(ADA);
    expect(await store.directChats.of(ADA)).toEqual([]);
    await open(NEW);
    await pass();
    expect([said(), await store.outbox.unsentCount()]).toEqual([[], 0]);
    await outbox.stop();
  });
});

describe("something that nobody asked for", () => {
  const address = {
    roomId: OLD,
    eventId: "$command",
    threadRoot: "$thread",
    roomKind: "direct" as const,
    sender: ADA,
    isEncrypted: false,
  };

  it("is said in the chat that the person opened or used last", async () => {
    const { chats, open, outbox } = await setUp();
    expect(await chats.newestAddress(address)).toEqual(address);
    await open(NEW);
    expect(await chats.newestAddress(address)).toEqual({ ...address, roomId: NEW, threadRoot: null });
    await pass(1_000);
    await open(OLD);
    expect(await chats.newestAddress(address)).toEqual(address);
    await outbox.stop();
  });

  it("stays in a control room, and where it was if the newest chat has other people in it", async () => {
    const { chats, open, members, rooms, outbox } = await setUp();
    await open(NEW);
    const inControlRoom = { ...address, roomId: "!control", roomKind: "control" as const };
    expect(await chats.newestAddress(inControlRoom)).toEqual(inControlRoom);
    members.set(NEW, [BOT, ADA, "@third:x.org"]);
    rooms.forget(NEW);
    expect(await chats.newestAddress(address)).toEqual(address);
    await outbox.stop();
  });
});

describe("the direct chat with a person", () => {
  it("is the newest one that nobody else is in", async () => {
    const { chats, open, members, rooms, outbox } = await setUp();
    expect(await chats.newestOf(ADA)).toBeNull();
    await open(OLD);
    await pass(1_000);
    await open(NEW);
    expect(await chats.newestOf(ADA)).toBe(NEW);
    members.set(NEW, [BOT, ADA, "@third:x.org"]);
    rooms.forget(NEW);
    expect(await chats.newestOf(ADA)).toBe(OLD);
    await outbox.stop();
  });
});

describe("the progress of a run whose owner left the chat", () => {
  const edit = (transactionId: string) =>
    item(transactionId, { edits: "progress", priority: outboxPriority.progress });

  it("is one message in the new chat, which later edits change", async () => {
    const { outbox, open, leave, said } = await setUp();
    await outbox.add(item("progress", { priority: outboxPriority.progress }));
    await pass();
    await open(NEW);
    leave(OLD);
    await outbox.add(edit("first"));
    await pass(5_000);
    await outbox.add(edit("second"));
    await pass(5_000);
    expect(said()).toMatchObject([
      { roomId: OLD, content: { body: "progress" } },
      { roomId: NEW, content: { body: "first" } },
      { roomId: NEW, content: { body: "* second", "m.relates_to": { event_id: "$sent2" } } },
    ]);
    await outbox.stop();
  });

  it("is dropped while there is no chat, so that old progress does not follow the end", async () => {
    const { outbox, open, leave, said } = await setUp();
    leave(OLD);
    await outbox.add(item("progress", { priority: outboxPriority.progress }));
    await outbox.add(item("the end"));
    await pass(5_000);
    await open(NEW);
    await pass();
    await outbox.add(edit("later"));
    await pass(5_000);
    expect(said()).toMatchObject([
      { roomId: NEW, content: { body: "the end" } },
      { roomId: NEW, content: { body: "later" } },
    ]);
    await outbox.stop();
  });
});

describe("a question to a person who left the chat", () => {
  it("is asked, and can be answered, in the new chat, with its reaction", async () => {
    const { outbox, open, leave, store, said, sent } = await setUp();
    const address = {
      roomId: OLD,
      eventId: "$command",
      threadRoot: null,
      roomKind: "direct" as const,
      sender: ADA,
      isEncrypted: false,
    };
    await store.questions.put(
      {
        transactionId: "question",
        address,
        word: "undo",
        typedWords: [],
        shown: "",
        action: "undo",
        payload: null,
      },
      null,
      Date.now(),
    );
    leave(OLD);
    await outbox.add(item("question"));
    await outbox.add(
      item("reaction", { kind: "reaction", content: { to: "question", key: CONFIRMING_KEY } }),
    );
    await pass();
    await open(NEW);
    await pass(1_000);
    expect(said().map(({ roomId }) => roomId)).toEqual([NEW, NEW]);
    expect(sent()[1]?.type).toBe("m.reaction");
    expect(await store.questions.answerable(ADA, NEW, "$answer", Date.now())).toMatchObject({ word: "undo" });
    await outbox.stop();
  });
});
