import type { RoomKey } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UndecryptableMessages } from "../../../src/chat/undecrypted.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { refusal } from "./fake-client.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ADA = "@ada:x.org";

function encrypted(id: string, { sender = ADA, session = "s1" } = {}) {
  const content = { ciphertext: "…", session_id: session };
  return { event_id: id, type: "m.room.encrypted", sender, content };
}

async function setUp() {
  const { store, reopen } = await temporaryStore();
  const tried: string[] = [];
  const decrypted: unknown[] = [];
  const added: string[] = [];
  const state: { keys: Set<string>; kindOf: (roomId: string) => Promise<"direct" | "other"> } = {
    keys: new Set(),
    kindOf: () => Promise.resolve("direct"),
  };
  const processOf = (from: Store) => {
    let announce: (keys: RoomKey[]) => void = () => undefined;
    const messages = new UndecryptableMessages({
      events: from.undecryptedEvents,
      receivedEvents: from.receivedEvents,
      client: {
        crypto: {
          decryptRoomEvent: async (event) => {
            tried.push(event.eventId);
            if (!state.keys.has(String(event.content["session_id"]))) throw new Error("no key");
            return { raw: event.eventId };
          },
        },
      },
      machine: { onRoomKeys: (listener) => void (announce = listener) },
      rooms: { kind: (roomId) => state.kindOf(roomId) },
      outbox: { add: async ({ transactionId }) => void added.push(transactionId) },
      userId: "@mover:x.org",
      isPermitted: (userId) => userId === ADA,
      onDecrypted: async (_roomId, event) => void decrypted.push(event),
      now: () => Date.now(),
      log: pino({ enabled: false }),
    });
    return { messages, announce: (keys: RoomKey[]) => announce(keys) };
  };
  return { ...processOf(store), store, reopen, processOf, state, tried, decrypted, added };
}

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe("a message without its key", () => {
  it("is handled when the key of its session comes, and others are not tried for it", async () => {
    const { messages, announce, state, tried, decrypted } = await setUp();
    await messages.receive("!r", encrypted("$1"));
    await messages.receive("!r", encrypted("$2", { session: "s2" }));
    await messages.receive("!else", encrypted("$3"));
    state.keys.add("s2");
    announce([{ roomId: "!r", sessionId: "s2" }]);
    await pass();
    expect([tried, decrypted]).toEqual([["$2"], ["$2"]]);
  });

  it.each(["{ torn", "null", "[]"])(
    "is handled although the row of another is damaged: %s",
    async (event) => {
      const { messages, announce, store, state, decrypted } = await setUp();
      const damaged = { eventId: "$0", roomId: "!r", sender: ADA, event, receivedAt: 0 };
      await store.undecryptedEvents.add(damaged);
      await messages.receive("!r", encrypted("$1"));
      state.keys.add("s1");
      announce([{ roomId: "!r", sessionId: "s1" }]);
      await pass();
      expect(decrypted).toEqual(["$1"]);
    },
  );

  it("that comes again is not reported if an earlier device has read it", async () => {
    const { messages, store, added } = await setUp();
    const read = { event_id: "$1", type: "m.room.message", sender: ADA, content: {} };
    await store.receivedEvents.add("!r", read, Date.now());
    messages.start();
    for (const id of ["$1", "$2"]) await messages.receive("!r", encrypted(id));
    await pass(60_000);
    expect(added).toEqual(["$2 undecrypted"]);
    await messages.stop();
  });

  it("whose key arrived just before the process ended is handled at the next start", async () => {
    const { messages, state, reopen, processOf, decrypted } = await setUp();
    await messages.receive("!r", encrypted("$1"));
    state.keys.add("s1");
    const next = processOf(await reopen());
    next.messages.start();
    await pass();
    expect(decrypted).toEqual(["$1"]);
    await next.messages.stop();
  });

  it.each<{ name: string; event: object }>([
    { name: "was deleted", event: { ...encrypted("$1"), content: {} } },
    { name: "comes from a stranger", event: encrypted("$1", { sender: "@evil:y.org" }) },
    { name: "comes from the bot", event: encrypted("$1", { sender: "@mover:x.org" }) },
  ])("is of no concern if it $name", async ({ event }) => {
    const { messages, store, added } = await setUp();
    messages.start();
    await messages.receive("!r", event);
    await pass(60_000);
    expect([added, await store.undecryptedEvents.all()]).toEqual([[], []]);
    await messages.stop();
  });
});

describe("the report that a message cannot be read", () => {
  it("is sent in each room although another room cannot be read, and in that room once it can be read", async () => {
    const { messages, state, added } = await setUp();
    messages.start();
    state.kindOf = (roomId) =>
      roomId === "!a" ? Promise.reject(refusal(502, "M_UNKNOWN")) : Promise.resolve("direct");
    for (const room of ["a", "b", "c"]) await messages.receive(`!${room}`, encrypted(`$${room}`));
    await pass(15_000);
    expect(added).toEqual(["$b undecrypted", "$c undecrypted"]);
    state.kindOf = () => Promise.resolve("direct");
    await pass(60_000);
    expect(added).toEqual(["$b undecrypted", "$c undecrypted", "$a undecrypted"]);
    await pass(600_000);
    expect(added).toHaveLength(3);
    await messages.stop();
  });

  it("is dropped where the bot is no longer", async () => {
    const { messages, state, store, added } = await setUp();
    messages.start();
    state.kindOf = () => Promise.reject(refusal(403, "M_FORBIDDEN"));
    await messages.receive("!r", encrypted("$1"));
    await pass(60_000);
    expect(added).toEqual([]);
    expect(await store.undecryptedEvents.unreported(Date.now())).toEqual([]);
    await messages.stop();
  });
});
