import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { InboxOptions } from "../../../src/chat/inbox.ts";
import { Inbox } from "../../../src/chat/inbox.ts";
import type { IncomingText } from "../../../src/commands/dispatch.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { FakeConversation } from "../commands/fake-conversation.ts";
import { bareAnswer, refusal } from "./fake-client.ts";

/** For events that come without a further command, on a slow and busy machine. */

afterEach(() => {
  vi.useRealTimers();
});

function message(id: string, content: object = {}, sender = "@me:x.org") {
  return {
    event_id: id,
    type: "m.room.message",
    sender,
    content: { msgtype: "m.text", body: `!do ${id}`, ...content },
  };
}

function reaction(id: string, key: string, sender = "@me:x.org") {
  const relation = { rel_type: "m.annotation", event_id: "$question", key };
  return { event_id: id, type: "m.reaction", sender, content: { "m.relates_to": relation } };
}

async function setUp() {
  const { store, reopen } = await temporaryStore();
  const handled: IncomingText[] = [];
  const conversations: FakeConversation[] = [];
  const confirmed: string[] = [];
  const lines: string[] = [];
  /** Says something in answer to an event. */
  const answers = new Map<string, () => void>();
  const state: { dispatch: () => Promise<void>; look: () => Promise<void> } = {
    dispatch: async () => undefined,
    look: async () => undefined,
  };
  const inboxOf = (from: Store, more: Partial<InboxOptions> = {}) => {
    latest = from;
    return new Inbox({
      userId: "@mover:x.org",
      receivedEvents: from.receivedEvents,
      receivedFiles: from.receivedFiles,
      isPermitted: () => true,
      dispatch: async (text) => {
        handled.push(text);
        await state.dispatch();
      },
      confirmations: {
        onText: (text) => Promise.resolve(text.body === "undo"),
        onReaction: async (_conversation, eventId) => {
          confirmed.push(eventId);
          await state.dispatch();
        },
      },
      conversations: {
        forEvent: async (_roomId, event, { beforeSaying }) => {
          await state.look();
          const conversation = new FakeConversation();
          conversations.push(conversation);
          answers.set(event.event_id, beforeSaying);
          return conversation;
        },
      },
      now: () => Date.now(),
      log: pino({ level: "trace" }, { write: (line: string) => void lines.push(line) }),
      ...more,
    });
  };
  const bodies = () => handled.map(({ body }) => body);
  return {
    store,
    reopen,
    inboxOf,
    inbox: inboxOf(store),
    state,
    handled,
    confirmed,
    bodies,
    conversations,
    answers,
    lines,
  };
}

let latest: Store;

/** Waits until nothing is left to be handled. */
async function settled(inbox: Inbox): Promise<void> {
  await expect.poll(() => latest.receivedEvents.unhandled()).toEqual([]);
  await inbox.stop(10_000);
}

const never = () => Promise.withResolvers<undefined>().promise;

describe("the inbox", () => {
  it("handles each message once", async () => {
    const { inbox, bodies } = await setUp();
    await inbox.receive("!r", message("$1"));
    await inbox.receive("!r", message("$1"));
    await inbox.receive("!r", message("$2"));
    await settled(inbox);
    expect(bodies()).toEqual(["!do $1", "!do $2"]);
  });

  it("handles none again after a restart", async () => {
    const { inbox, reopen, inboxOf, bodies } = await setUp();
    await inbox.receive("!r", message("$1"));
    await settled(inbox);
    const next = inboxOf(await reopen());
    await next.start();
    await next.receive("!r", message("$1"));
    await settled(next);
    expect(bodies()).toEqual(["!do $1"]);
  });

  it.each<{ name: string; event: unknown }>([
    { name: "its own", event: message("$1", {}, "@mover:x.org") },
    { name: "notices", event: message("$1", { msgtype: "m.notice" }) },
    { name: "emotes", event: message("$1", { msgtype: "m.emote" }) },
    { name: "files", event: message("$1", { msgtype: "m.file", body: "!help" }) },
    {
      name: "edits",
      event: message("$1", { body: "* !help", "m.relates_to": { rel_type: "m.replace", event_id: "$0" } }),
    },
    { name: "state", event: { ...message("$1"), type: "m.room.topic" } },
    { name: "other reactions", event: reaction("$1", "👍") },
    { name: "a reaction that is not under anything", event: { ...message("$1"), type: "m.reaction" } },
    { name: "its own reaction", event: reaction("$1", "✅", "@mover:x.org") },
    { name: "redacted messages", event: { ...message("$1"), content: {} } },
    { name: "a body that is no text", event: message("$1", { body: 5 }) },
    { name: "what is no event", event: null },
    { name: "what has no ID", event: { ...message("$1"), event_id: undefined } },
  ])("leaves $name alone, and notes nothing of it", async ({ event }) => {
    const { inbox, store, handled } = await setUp();
    await inbox.receive("!r", event);
    await settled(inbox);
    expect(handled).toEqual([]);
    expect(await store.receivedEvents.has("$1")).toBe(false);
  });

  it("does not dispatch a text that confirms a question", async () => {
    const { inbox, store, handled } = await setUp();
    await inbox.receive("!r", message("$1", { body: "undo" }));
    await settled(inbox);
    expect(handled).toEqual([]);
    expect(await store.receivedEvents.has("$1")).toBe(true);
  });

  it("takes an edit that holds a secret, marked as one", async () => {
    const { inbox, handled } = await setUp();
    const edit = {
      body: "* !login old --password hunter2",
      "m.relates_to": { rel_type: "m.replace", event_id: "$0" },
    };
    await inbox.receive("!r", message("$1", edit));
    await settled(inbox);
    expect(handled).toMatchObject([{ kind: "edit", threadRoot: null }]);
  });

  it.each([
    { place: "an emote", kind: "other", content: { msgtype: "m.emote", body: "--password hunter2" } },
    { place: "a notice", kind: "other", content: { msgtype: "m.notice", body: "`--token syt_abc`" } },
    { place: "a file's caption", kind: "other", content: { msgtype: "m.file", filename: "--password x" } },
    { place: "a message without a body", kind: "other", content: { msgtype: "m.x", body: 5, y: "--pw x" } },
    {
      place: "the new text of an edit alone",
      kind: "edit",
      content: {
        body: "* edited",
        "m.new_content": { msgtype: "m.text", body: "!login old --password hunter2" },
        "m.relates_to": { rel_type: "m.replace", event_id: "$0" },
      },
    },
    {
      place: "the HTML of an edit alone",
      kind: "edit",
      content: {
        body: "* edited",
        "m.new_content": { msgtype: "m.text", body: "x", formatted_body: "--pass<b>word</b> hunter2" },
        "m.relates_to": { rel_type: "m.replace", event_id: "$0" },
      },
    },
  ])("takes a secret in $place, so that it is removed", async ({ kind, content }) => {
    const { inbox, handled } = await setUp();
    await inbox.receive("!r", message("$1", content));
    await settled(inbox);
    expect(handled).toMatchObject([{ kind }]);
  });

  it.each(["m.emote", "m.notice", "m.file"])(
    "leaves a command in a message of type %s alone",
    async (msgtype) => {
      const { inbox, handled } = await setUp();
      await inbox.receive("!r", message("$1", { msgtype, body: "!migrate start" }));
      await settled(inbox);
      expect(handled).toEqual([]);
    },
  );

  it("reads formatted text and the thread, and forgives odd ones", async () => {
    const { inbox, handled } = await setUp();
    await inbox.receive(
      "!r",
      message("$1", { formatted_body: "<b>x</b>", "m.relates_to": { rel_type: "m.thread", event_id: "$t" } }),
    );
    await inbox.receive("!r", message("$2", { formatted_body: 5, "m.relates_to": "rubbish" }));
    await settled(inbox);
    expect(handled).toMatchObject([
      { formattedBody: "<b>x</b>", threadRoot: "$t", kind: "text" },
      { formattedBody: null, threadRoot: null, kind: "text" },
    ]);
  });

  it("handles the messages of different people side by side", async () => {
    const { inbox, state, bodies } = await setUp();
    state.dispatch = never;
    await inbox.receive("!r", message("$1"));
    await inbox.receive("!r", message("$2", {}, "@other:x.org"));
    await expect.poll(() => bodies()).toEqual(["!do $1", "!do $2"]);
    await inbox.stop(0);
  });

  it("handles the messages of one person in order, however long each takes to begin", async () => {
    const { inbox, state, bodies } = await setUp();
    const first = Promise.withResolvers<undefined>();
    let looks = 0;
    state.look = async () => {
      if (looks++ === 0) await first.promise;
    };
    for (const id of ["$1", "$2", "$3"]) await inbox.receive("!r", message(id));
    first.resolve(undefined);
    await settled(inbox);
    expect(bodies()).toEqual(["!do $1", "!do $2", "!do $3"]);
  });

  it("begins a person's next message when a long command has given its first answer", async () => {
    const { inbox, state, answers, bodies } = await setUp();
    state.dispatch = never;
    await inbox.receive("!r", message("$1"));
    await inbox.receive("!r", message("$2"));
    await expect.poll(() => bodies()).toEqual(["!do $1"]);
    answers.get("$1")?.();
    await expect.poll(() => bodies()).toEqual(["!do $1", "!do $2"]);
    await inbox.stop(0);
  });

  it("leaves messages that it has not begun to the next process when it is stopped", async () => {
    const { inbox, reopen, inboxOf, state, bodies } = await setUp();
    state.dispatch = never;
    for (const id of ["$1", "$2", "$3"]) await inbox.receive("!r", message(id));
    await expect.poll(() => bodies()).toHaveLength(1);
    await inbox.stop(0);
    state.dispatch = async () => undefined;
    const next = inboxOf(await reopen());
    await next.start();
    await settled(next);
    expect(bodies()).toEqual(["!do $1", "!do $1", "!do $2", "!do $3"]);
  });

  it("lets only the next process answer a message whose handling the stop cuts off", async () => {
    const { inbox, reopen, inboxOf, state, answers, bodies } = await setUp();
    const aborted = Promise.withResolvers<undefined>();
    const outcome = Promise.withResolvers<string>();
    state.dispatch = async () => {
      await aborted.promise;
      try {
        answers.get("$1")?.();
        outcome.resolve("said");
      } catch (error) {
        outcome.resolve(String(error));
        throw error;
      }
    };
    await inbox.receive("!r", message("$1"));
    await expect.poll(() => bodies()).toHaveLength(1);
    await inbox.stop(0);
    aborted.resolve(undefined);
    expect(await outcome.promise).toBe("Error: the process stops");
    state.dispatch = async () => undefined;
    const next = inboxOf(await reopen());
    await next.start();
    await settled(next);
    expect(bodies()).toEqual(["!do $1", "!do $1"]);
  });
});

describe("while the store takes nothing", () => {
  it("a message waits until it can be stored, is then answered, and is not handled twice", async () => {
    const { inbox, store, bodies } = await setUp();
    const { receivedEvents } = store;
    const begin = vi.spyOn(receivedEvents, "begin").mockRejectedValueOnce(new Error("disk full"));
    const finish = vi.spyOn(receivedEvents, "finish").mockRejectedValueOnce(new Error("disk full"));
    await inbox.receive("!r", message("$1"));
    await settled(inbox);
    expect(bodies()).toEqual(["!do $1"]);
    expect([begin, finish].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
  });
});

describe("a confirming reaction", () => {
  it.each(["✅", "✅\ufe0f"])("is taken once, after a restart too (%s)", async (key) => {
    const { inbox, reopen, inboxOf, confirmed, handled } = await setUp();
    await inbox.receive("!r", reaction("$1", key));
    await inbox.receive("!r", reaction("$1", key));
    await settled(inbox);
    const next = inboxOf(await reopen());
    await next.start();
    await next.receive("!r", reaction("$1", key));
    await settled(next);
    expect(confirmed).toEqual(["$question"]);
    expect(handled).toEqual([]);
  });

  it("whose handling a crash cut off is taken again", async () => {
    const { inbox, reopen, inboxOf, state, confirmed } = await setUp();
    state.dispatch = never;
    await inbox.receive("!r", reaction("$1", "✅"));
    await expect.poll(() => confirmed).toHaveLength(1);
    state.dispatch = async () => undefined;
    const next = inboxOf(await reopen());
    await next.start();
    await settled(next);
    expect(confirmed).toEqual(["$question", "$question"]);
  });
});

describe("over a crash", () => {
  it("the messages of many people are handled a few at a time, each person's in order", async () => {
    const { store, reopen, inboxOf, state, bodies, answers } = await setUp();
    const people = Array.from({ length: 20 }, (_, index) => `@person${index}:x.org`);
    for (const [index, person] of people.entries())
      for (const part of ["a", "b"])
        await store.receivedEvents.add("!r", message(`$${index}${part}`, {}, person), 1);
    const waiting: (() => void)[] = [];
    state.dispatch = () => new Promise((resolve) => waiting.push(resolve));
    const next = inboxOf(await reopen());
    await next.start();
    await expect.poll(() => bodies()).toHaveLength(8);
    // The answer lets each person's next message come, which then needs a place of its own.
    for (const answer of answers.values()) answer();
    state.dispatch = async () => undefined;
    for (const end of waiting) end();
    await settled(next);
    expect(bodies()).toHaveLength(40);
    for (const index of people.keys())
      expect(bodies().indexOf(`!do $${index}a`)).toBeLessThan(bodies().indexOf(`!do $${index}b`));
  });

  it("after the message was noted, it is handled by the next process", async () => {
    const { store, reopen, inboxOf, bodies } = await setUp();
    await store.receivedEvents.add("!r", message("$1"), 1);
    const next = inboxOf(await reopen());
    await next.start();
    await settled(next);
    expect(bodies()).toEqual(["!do $1"]);
  });

  it.each([
    { how: "encrypted", wasEncrypted: true },
    { how: "plain", wasEncrypted: false },
  ])("keeps that a message was $how, whatever the event says of itself", async ({ wasEncrypted }) => {
    const { store, inbox, inboxOf, reopen, state } = await setUp();
    state.look = never;
    await inbox.receive("!r", { ...message("$1"), wasEncrypted: !wasEncrypted }, { wasEncrypted });
    const stored = [{ event: { event_id: "$1", wasEncrypted } }];
    expect(await store.receivedEvents.unhandled()).toMatchObject(stored);
    state.look = async () => undefined;
    const next = inboxOf(await reopen());
    await next.start();
    await settled(next);
  });

  it("during its handling, it is handled once more and not a third time", async () => {
    const { inbox, reopen, inboxOf, state, bodies } = await setUp();
    state.dispatch = never;
    await inbox.receive("!r", message("$1"));
    await expect.poll(() => bodies()).toHaveLength(1);
    state.dispatch = async () => undefined;
    const second = await reopen();
    const next = inboxOf(second);
    await next.start();
    await settled(next);
    expect(bodies()).toEqual(["!do $1", "!do $1"]);
    expect(await second.receivedEvents.unhandled()).toEqual([]);
  });

  it("that its handling causes, it is given up after three tries, and the sender gets a message", async () => {
    const { inbox, reopen, inboxOf, state, bodies, conversations } = await setUp();
    state.dispatch = never;
    await inbox.receive("!r", message("$1"));
    let store: Store | null = null;
    for (let start = 1; start <= 3; start++) {
      await expect.poll(() => bodies()).toHaveLength(start);
      store = await reopen();
      await inboxOf(store).start();
    }
    await expect.poll(() => store?.receivedEvents.unhandled()).toEqual([]);
    expect(bodies()).toHaveLength(3);
    expect(conversations.at(-1)?.text).toContain("Something went wrong on my side");
  });
});

describe("an error in the handling", () => {
  it("is answered with a reference and logged, and the message is not handled again", async () => {
    const { inbox, store, state, conversations, lines } = await setUp();
    state.dispatch = () => Promise.reject(new Error("a bug"));
    await inbox.receive("!r", message("$1", { body: "!login old --password hunter2" }));
    await expect.poll(() => store.receivedEvents.unhandled()).toEqual([]);
    expect(conversations[0]?.text).toContain("give my operator this reference");
    expect(lines.join("")).toContain("a bug");
    expect(lines.join("")).not.toContain("hunter2");
  });

  it("caused by the stop is reported to nobody, and the next process handles the message", async () => {
    const { inbox, store, state, conversations } = await setUp();
    const stopped = Promise.withResolvers<undefined>();
    state.dispatch = () => stopped.promise;
    await inbox.receive("!r", message("$1"));
    await expect.poll(() => conversations).toHaveLength(1);
    const stopping = inbox.stop(10_000);
    stopped.reject(new Error("aborted"));
    await stopping;
    expect(conversations[0]?.said).toEqual([]);
    expect(await store.receivedEvents.unhandled()).toHaveLength(1);
  });
});

describe("when the room can't be looked at", () => {
  it.each([
    new Error("ECONNREFUSED"),
    refusal(502, "M_UNKNOWN"),
    bareAnswer(504),
    refusal(429, "M_LIMIT_EXCEEDED", { retry_after_ms: 600 }),
  ])("the server is waited for, and the message is handled then (%#)", async (failure) => {
    const { inbox, store, state, bodies } = await setUp();
    let left = 1;
    state.look = async () => {
      if (left-- > 0) throw failure;
    };
    await inbox.receive("!r", message("$1"));
    await expect.poll(() => bodies()).toHaveLength(1);
    await settled(inbox);
    expect(await store.receivedEvents.unhandled()).toEqual([]);
  });

  it("since the bot is not in it any more, the message is dropped for good", async () => {
    const { inbox, store, state, bodies } = await setUp();
    state.look = () => Promise.reject(refusal(403, "M_FORBIDDEN"));
    await inbox.receive("!r", message("$1"));
    await expect.poll(() => store.receivedEvents.unhandled()).toEqual([]);
    expect(bodies()).toEqual([]);
  });

  it("and the bot is stopped meanwhile, the next process continues, and waiting does not count as a try", async () => {
    const { inbox, reopen, inboxOf, state, bodies } = await setUp();
    const looked = Promise.withResolvers<undefined>();
    state.look = () => {
      looked.resolve(undefined);
      return Promise.reject(new Error("ECONNREFUSED"));
    };
    await inbox.receive("!r", message("$1"));
    await looked.promise;
    await inbox.stop(10_000);
    const store = await reopen();
    expect(await store.receivedEvents.unhandled()).toMatchObject([{ attempts: 0 }]);
    state.look = async () => undefined;
    const next = inboxOf(store);
    await next.start();
    await settled(next);
    expect(bodies()).toEqual(["!do $1"]);
  });
});

describe("stopping", () => {
  it("does not wait for ever, and begins nothing new", async () => {
    const { inbox, store, state, bodies } = await setUp();
    state.dispatch = never;
    await inbox.receive("!r", message("$1"));
    await expect.poll(() => bodies()).toHaveLength(1);
    await inbox.stop(1);
    await inbox.receive("!r", message("$2"));
    expect(bodies()).toHaveLength(1);
    expect(await store.receivedEvents.unhandled()).toHaveLength(2);
  });
});
