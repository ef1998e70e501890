import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { ConversationAddress } from "../../../src/model/conversation-address.ts";
import type { Cause } from "../../../src/store/cause.ts";
import type { Store } from "../../../src/store/store.ts";
import { newRun } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const PERSON = "@forgetmenot:x.org";
const ROOM = "!chat-of-forgetmenot:x.org";

const address: ConversationAddress = {
  roomId: ROOM,
  eventId: "$command",
  threadRoot: null,
  roomKind: "direct",
  sender: PERSON,
  isEncrypted: false,
};

const account = {
  owner: PERSON,
  side: "source",
  userId: "@old-of-forgetmenot:x.org",
  baseUrl: "https://x.org",
  method: "token",
  deviceId: null,
  signedInAt: 1,
} as const;

/** Everything that a person can be in the middle of when they type `!forget`. */
async function begin(store: Store): Promise<{ runId: number }> {
  const event = { event_id: "$command", type: "m.room.message", sender: PERSON, content: {} };
  await store.receivedEvents.add(ROOM, event, 1);
  await store.undecryptedEvents.add({
    eventId: "$undecrypted",
    roomId: ROOM,
    sender: PERSON,
    event: "{}",
    receivedAt: 1,
  });
  await store.invitations.put({ roomId: ROOM, inviter: PERSON, isDirect: true }, 1);
  await store.accounts.put(account, { accessToken: "token" });
  await store.signInLinks.put({
    ...account,
    ...{ deviceId: "D", clientId: "c", deviceCode: "d", userCode: "u", intervalMs: 1, expiresAt: 1 },
    ...{ verificationUri: "https://x.org/link", tokens: null, server: {}, address },
  });
  const { id } = await newRun(store, [], { owner: PERSON });
  return { runId: id };
}

interface Writer {
  what: string;
  write: (store: Store, facts: { runId: number }) => Promise<unknown>;
}

const byCause = (
  what: string,
  causeOf: (facts: { runId: number }) => Cause,
  write: (store: Store, cause: Cause) => Promise<unknown>,
): Writer => ({ what, write: (store, facts) => write(store, causeOf(facts)) });

const say = (store: Store, cause: Cause): Promise<void> =>
  store.outbox.add(
    {
      ...{ transactionId: "$command answer", roomId: ROOM, forUser: PERSON, cause, kind: "message" },
      ...{ content: {}, numberedRooms: ["!a"], priority: 1 },
    },
    2,
  );
const event = { kind: "event", id: "$command" } as const;

const writers: Writer[] = [
  byCause("the answer to a message", () => event, say),
  byCause("news of a run", ({ runId }) => ({ kind: "run", id: runId }), say),
  byCause("news of a sign-in", () => ({ kind: "link", side: "source" }), say),
  byCause("that a message cannot be read", () => ({ kind: "undecrypted", id: "$undecrypted" }), say),
  byCause(
    "a question",
    () => event,
    (store, cause) =>
      store.questions.put(
        {
          ...{ transactionId: "$command question", address, word: "undo", typedWords: [] },
          ...{ shown: "", action: "undo", payload: null },
        },
        cause,
        2,
      ),
  ),
  byCause(
    "that something was said once",
    () => event,
    (store, cause) => store.sentOnce.take({ subject: "hint", person: PERSON, cause }, 2),
  ),
  byCause(
    "the chat of a message",
    () => event,
    (store, cause) => store.directChats.put({ roomId: ROOM, userId: PERSON, cause }, 2),
  ),
  byCause(
    "the chat of an invitation",
    () => ({ kind: "invitation", roomId: ROOM }),
    (store, cause) => store.directChats.put({ roomId: ROOM, userId: PERSON, cause }, 2),
  ),
  {
    what: "a plan",
    write: ({ plans }) => plans.put(PERSON, { payload: {}, accounts: [account] }, 2),
  },
  {
    what: "an image that was copied",
    write: ({ runs }, { runId }) => runs.imageCopies(runId).put("mxc://x.org/forgetmenot", "mxc://y"),
  },
  {
    what: "what a run does",
    write: ({ runs }, { runId }) => runs.change(runId, { progressCount: 1 }),
  },
];

/** All rows of all tables, without those that name nobody. */
function rowsIn(dataDir: string): string {
  const sqlite = new Database(join(dataDir, "mover.sqlite"), { readonly: true });
  const tables = sqlite.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck();
  const rows = tables.all().map((table) => [table, sqlite.prepare(`SELECT * FROM "${table}"`).all()]);
  sqlite.close();
  return JSON.stringify(rows);
}

describe("what is stored of a person", () => {
  it("is known as long as there is something to forget", async () => {
    const { store } = await temporaryStore();
    expect(await store.holdsRowsOf(PERSON)).toBe(false);
    await begin(store);
    expect(await store.holdsRowsOf(PERSON)).toBe(true);
    await store.forget(PERSON);
    expect(await store.holdsRowsOf(PERSON)).toBe(false);
  });
});

describe("work that began before a person was forgotten", () => {
  it.each(writers)("writes nothing of them afterwards: $what", async ({ write }) => {
    const { store, dataDir } = await temporaryStore();
    const facts = await begin(store);
    const before = rowsIn(dataDir);
    await write(store, facts);
    expect(rowsIn(dataDir)).not.toBe(before);
    await store.forget(PERSON);
    await write(store, facts);
    // The room of an answer that is still sent is no name.
    expect(rowsIn(dataDir).replaceAll(ROOM, "")).not.toContain("forgetmenot");
    for (const { id } of await store.outbox.due(9, 9))
      await store.outbox.finish(id, { status: "sent", eventId: "$sent" }, 9);
    expect(rowsIn(dataDir).replaceAll(ROOM, "")).not.toContain("forgetmenot");
    expect(await store.plans.numberedRoomIds(PERSON)).toEqual([]);
  });

  it("still answers the message", async () => {
    const { store } = await temporaryStore();
    await begin(store);
    await store.forget(PERSON);
    await say(store, event);
    expect(await store.outbox.due(9, 9)).toMatchObject([{ roomId: ROOM, forUser: null }]);
  });

  it("says nothing more of a run or of a sign-in", async () => {
    const { store } = await temporaryStore();
    const { runId } = await begin(store);
    await store.forget(PERSON);
    await say(store, { kind: "run", id: runId });
    await say(store, { kind: "link", side: "source" });
    expect(await store.outbox.unsentCount()).toBe(0);
  });
});
