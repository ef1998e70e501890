import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KeyAnnouncer } from "../../../src/dialogue/key-notices.ts";
import type { Account } from "../../../src/model/account.ts";
import type { KeyCopy } from "../../../src/model/key-copy.ts";
import type { Store } from "../../../src/store/store.ts";
import { paragraph } from "../../../src/view/document/document.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { notice } from "../../../src/view/document/message.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { KEY_OWNER, NEW_USER, OLD_USER, newKeyCopy } from "../../support/fakes/key-copies.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Said {
  key: string;
  replaces: string | undefined;
  text: string;
  at: number;
}

function announcerOf(store: Store, said: Said[]): KeyAnnouncer {
  const say = async (
    { document }: Message,
    options: { key: string; replaces?: string; notBefore?: number } = { key: "" },
  ): Promise<void> => {
    const { key, replaces, notBefore = Date.now() } = options;
    if (said.every((each) => each.key !== key))
      said.push({ key, replaces, text: renderPlainText(document), at: notBefore });
  };
  return new KeyAnnouncer({
    copies: store.keyCopies,
    conversationAt: async (_address, _cause, scope) => ({
      say: (message, options) => say(message, { ...options, key: `${scope} ${options?.key ?? ""}` }),
      ask: (question) => say(question, { key: `${scope} question` }),
      sendFile: async ({ fileName }, { key }) => {
        await say(notice(paragraph(fileName)), { key: `${scope} ${key}` });
        return true;
      },
    }),
    prefix: "!",
    monotonicNow: () => performance.now(),
    now: () => Date.now(),
    log: pino({ enabled: false }),
  });
}

async function setUp() {
  const { store } = await temporaryStore();
  for (const [side, userId] of [["source", OLD_USER] as const, ["target", NEW_USER] as const]) {
    const account: Account = {
      ...{ owner: KEY_OWNER, side, userId, baseUrl: "https://x.example", method: "link" },
      ...{ deviceId: "D", signedInAt: 1 },
    };
    await store.accounts.put(account, { accessToken: "token" });
  }
  const begun = await store.keyCopies.begin(newKeyCopy());
  if (begun.status !== "begun") throw new Error("not begun");
  const said: Said[] = [];
  return { store, copy: begun.copy, said, announcer: announcerOf(store, said) };
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(0);
}

async function progress(store: Store, announcer: KeyAnnouncer, copy: KeyCopy, done: number): Promise<void> {
  await store.keyCopies.change(copy.id, { done, total: 100 });
  announcer.changed({ ...copy, done, total: 100 });
}

describe("the progress of a copy of keys", () => {
  it("is one message, edited at most every five seconds, and only if it changes", async () => {
    const { store, copy, said, announcer } = await setUp();
    for (let second = 0; second < 20; second += 1) {
      await progress(store, announcer, copy, Math.min(50, 5 * second));
      await pass(1_000);
    }
    await pass(60_000);
    expect(said.map(({ key, replaces }) => [key, replaces])).toEqual([
      ["keys 1 progress", undefined],
      ...[1, 2].map((count) => [`keys 1 progress ${count}`, "progress"]),
    ]);
    const gaps = said.slice(1).map(({ at }, index) => at - (said[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5_000);
    expect(said.at(-1)?.text).toContain("50 of 100 keys");
    await announcer.stop();
  });

  it("is not shown for a copy that ends at once, or before there is any", async () => {
    const { store, copy, said, announcer } = await setUp();
    announcer.changed(copy);
    await pass(10_000);
    await store.keyCopies.apply(copy.id, "stopped", { reason: { code: "source_changed" } });
    announcer.changed({ ...copy, state: "stopped" });
    await pass(10_000);
    expect(said).toEqual([]);
    expect(announcer.shownCount).toBe(0);
  });

  it("goes on in the same message in the next process", async () => {
    const { store, copy, said, announcer } = await setUp();
    await progress(store, announcer, copy, 10);
    await pass(2_000);
    await announcer.stop();
    const next = announcerOf(store, said);
    const stored = await store.keyCopies.of(KEY_OWNER);
    if (stored === null) throw new Error("no copy");
    await progress(store, next, stored, 20);
    await pass(4_000);
    expect(said).toHaveLength(1);
    await pass(2_000);
    expect(said.map(({ key }) => key)).toEqual(["keys 1 progress", "keys 1 progress 1"]);
    await next.stop();
  });

  it("is full before the message of the end, and is shown no more", async () => {
    const { store, copy, said, announcer } = await setUp();
    await progress(store, announcer, copy, 10);
    await pass(2_000);
    await store.keyCopies.change(copy.id, { done: 100 });
    const counts = { expected: 100, copied: 100, alreadyThere: 0, unusable: 0 };
    const done = { ...copy, state: "done", done: 100, total: 100 } as const;
    await announcer.ended(done, { counts, unusable: new Map(), lost: new Map() });
    expect(said.map(({ key }) => key)).toEqual(["keys 1 progress", "keys 1 progress 1", "keys 1 end"]);
    expect(said[1]?.text).toContain("100 of 100 keys");
    expect(announcer.shownCount).toBe(0);
    await announcer.stop();
  });

  it("is not said any more if its owner is forgotten, or after a stop", async () => {
    const { store, copy, said, announcer } = await setUp();
    await progress(store, announcer, copy, 10);
    await store.forget(KEY_OWNER);
    await pass(10_000);
    await announcer.stop();
    announcer.changed(copy);
    await pass(10_000);
    expect(said).toEqual([]);
  });

  it("shows a wait for a server", async () => {
    const { store, copy, said, announcer } = await setUp();
    const reason = { code: "limit", side: "target" } as const;
    const waiting = await store.keyCopies.apply(copy.id, "server_away", {
      reason,
      notBefore: Date.now() + 60_000,
    });
    if (waiting === null) throw new Error("no copy");
    announcer.changed(waiting);
    await pass(2_000);
    expect(said[0]?.text).toContain("The server of your new account asks me to wait.");
    await announcer.stop();
  });
});
