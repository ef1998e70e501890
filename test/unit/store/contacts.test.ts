import { describe, expect, it } from "vitest";
import type { ContactChange, ContactOf } from "../../../src/model/contact.ts";
import type { TakenStep } from "../../../src/model/run.ts";
import type { ChatToOpen } from "../../../src/store/contacts.ts";
import type { NewRun } from "../../../src/store/runs.ts";
import type { Store } from "../../../src/store/store.ts";
import { DONE, newRun, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const OWNER = "@me:old.example";
const NEW = "@me:new.example";
const ME = { owner: OWNER, source: OWNER, target: NEW, isFromFile: false };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = 1_000 * DAY_MS;
const MO = "@mo:old.example";

const ASKED: ContactChange = {
  kind: "asked",
  roomIds: ["!a", "!b"],
  userIds: [MO],
  way: "new_direct",
  result: "sent",
  chatRoomId: "!chat",
};

async function takenStep(store: Store, owner = OWNER, more: Partial<NewRun> = {}): Promise<TakenStep> {
  const run = await newRun(store, [step("step")], { owner, ...more });
  const taken = await store.steps.takeNext(
    { runId: run.id, epoch: run.epoch },
    { lane: "target:free", stage: 3, now: NOW, limiters: [] },
  );
  await store.runs.apply(run.id, "settled");
  if (taken === null) throw new Error("nothing to take");
  return taken;
}

function record(store: Store, taken: TakenStep, contact: readonly ContactChange[], now = NOW) {
  const consequences = { rooms: [], steps: [], dropped: [], run: null, limiters: [], contact };
  return store.steps.record(taken, { state: "done", outcome: DONE }, consequences, now);
}

function chat(key: string, more: Partial<ChatToOpen> = {}): ChatToOpen {
  return { move: ME, step: { runId: 1, key }, partner: MO, by: OWNER, purpose: "ask", ...more };
}

describe("records of contact", () => {
  it("are written with the outcome of a step, and are there after a restart", async () => {
    const { store, reopen } = await temporaryStore();
    const taken = await takenStep(store);
    const step = { runId: taken.runId, key: taken.key };
    await store.contacts.reserveChat(chat("step", { step }), 10, NOW - 5);
    await record(store, taken, [
      ASKED,
      { kind: "chat", roomId: "!chat", state: "open" },
      { kind: "announced", roomId: "!told" },

      { kind: "server", serverName: "away.example", isSilent: true },
    ]);
    const { contacts } = await reopen();
    const asked = { userId: MO, at: NOW, way: "new_direct", result: "sent", chatRoomId: "!chat" };
    expect(await contacts.of(ME, NOW)).toEqual({
      asked: [
        { roomId: "!a", ...asked },
        { roomId: "!b", ...asked },
      ],
      chats: [{ roomId: "!chat", partner: MO, by: OWNER, purpose: "ask", at: NOW - 5, state: "open" }],
      chatsToday: 1,
      announcedAt: new Map([["!told", NOW]]),
      silentServers: new Set(["away.example"]),
    });
  });

  it("are not written if another process has taken the step", async () => {
    const { store } = await temporaryStore();
    const taken = await takenStep(store);
    expect(await record(store, { ...taken, attempts: 7 }, [ASKED])).toBe(false);
    expect(await store.contacts.asked(ME)).toEqual([]);
  });

  it("keep the newest answer and the newest time", async () => {
    const { store } = await temporaryStore();
    const first = await takenStep(store);
    await record(store, first, [
      { kind: "announced", roomId: "!told" },
      { kind: "server", serverName: "away.example", isSilent: true },
    ]);
    await record(
      store,
      await takenStep(store),
      [
        { kind: "announced", roomId: "!told" },
        { kind: "server", serverName: "away.example", isSilent: false },
      ],
      NOW + 1,
    );
    const { announcedAt, silentServers } = await store.contacts.of(ME, NOW + 1);
    expect([...announcedAt.values(), ...silentServers]).toEqual([NOW + 1]);
  });

  it("forget after a day that a server did not answer", async () => {
    const { store } = await temporaryStore();
    await record(store, await takenStep(store), [
      { kind: "server", serverName: "away.example", isSilent: true },
    ]);
    expect((await store.contacts.of(ME, NOW + DAY_MS - 1)).silentServers.size).toBe(1);
    expect((await store.contacts.of(ME, NOW + DAY_MS)).silentServers.size).toBe(0);
  });

  it("that a server did not answer are removed in time", async () => {
    const { store } = await temporaryStore();
    const changes = [{ kind: "server", serverName: "away.example", isSilent: true }] as const;
    await record(store, await takenStep(store), changes);
    const silent = async () => (await store.contacts.of(ME, NOW)).silentServers.size;
    await store.prune(NOW);
    expect(await silent()).toBe(1);
    await store.prune(NOW + 1);
    expect(await silent()).toBe(0);
  });

  it("know whether a helper declined the chat, for the rooms that still wait, and change no other question", async () => {
    const { store } = await temporaryStore();
    const taken = await takenStep(store);
    await store.contacts.reserveChat(
      chat(taken.key, { step: { runId: taken.runId, key: taken.key } }),
      10,
      NOW,
    );
    await record(store, taken, [ASKED, { kind: "chat", roomId: "!chat", state: "open" }]);
    const askedAbout = new Set(ASKED.roomIds.slice(0, 1));
    await store.contacts.declined(ME, { roomId: "!chat", userId: "@other:old.example", askedAbout });
    expect((await store.contacts.asked(ME)).map(({ result }) => result)).toEqual(["sent", "sent"]);
    await store.contacts.declined(ME, { roomId: "!chat", userId: MO, askedAbout });
    expect((await store.contacts.asked(ME)).map(({ result }) => result)).toEqual(["declined", "sent"]);
    expect((await store.contacts.chats(ME)).map(({ state }) => state)).toEqual(["declined"]);
  });

  it("are known to everybody who uses the old account, and shown to each person alone", async () => {
    const { store } = await temporaryStore();
    const taken = await takenStep(store);
    const step = { runId: taken.runId, key: taken.key };
    await store.contacts.reserveChat(chat(taken.key, { step }), 10, NOW);
    await record(store, taken, [ASKED, { kind: "announced", roomId: "!told" }]);
    const here = { ...ME, owner: NEW };
    const { asked, chats, announcedAt } = await store.contacts.of(here, NOW);
    expect([asked.length, chats.length, announcedAt.size]).toEqual([2, 1, 1]);
    expect([await store.contacts.asked(here), await store.contacts.chats(here)]).toEqual([[], []]);
  });

  it("are not shown to strangers who only have files, nor what those did to who has signed in", async () => {
    const { store } = await temporaryStore();
    const stranger = { ...ME, owner: "@you:far.example", target: "@you:new.example", isFromFile: true };
    for (const move of [ME, stranger]) {
      const { owner, ...run } = move;
      const taken = await takenStep(store, owner, run);
      const step = { runId: taken.runId, key: taken.key };
      await store.contacts.reserveChat(chat(taken.key, { move, step, by: move.target }), 10, NOW);
      const userIds = [`@asked-for-${owner.slice(1)}`];
      await record(store, taken, [
        { ...ASKED, roomIds: ["!a"], userIds },
        { kind: "announced", roomId: owner },
      ]);
      const { asked, chats, chatsToday, announcedAt } = await store.contacts.of(move, NOW);
      expect(asked.map(({ userId }) => userId)).toEqual(userIds);
      expect(chats.map(({ by }) => by)).toEqual([move.target]);
      expect(chatsToday).toBe(1);
      if (move.isFromFile) expect([...announcedAt.keys()]).toEqual([owner]);
    }
    // The person has signed in from elsewhere, and moves to the same new account by files there.
    const elsewhere = { ...ME, owner: NEW, isFromFile: true };
    const { asked, chats } = await store.contacts.of(elsewhere, NOW);
    expect([asked.length, chats.length]).toEqual([1, 1]);
    expect((await store.contacts.of(ME, NOW)).asked).toHaveLength(1);
  });

  it("are of one old account, and go with their owner", async () => {
    const { store } = await temporaryStore();
    const other = "@you:old.example";
    await record(store, await takenStep(store), [ASKED]);
    await record(store, await takenStep(store, other), [ASKED]);
    await store.contacts.saveFinishState(ME, { at: NOW, state: { name: "done" } });
    expect(await store.contacts.asked({ ...ME, source: "@older:old.example" })).toEqual([]);
    await store.forget(OWNER);
    expect(await store.contacts.asked(ME)).toEqual([]);
    expect(await store.contacts.lastFinishState(ME.owner)).toBeNull();
    expect(await store.contacts.asked({ owner: other, source: other })).toHaveLength(2);
  });

  it("keep the last state of finishing", async () => {
    const { store } = await temporaryStore();
    expect(await store.contacts.lastFinishState(ME.owner)).toBeNull();
    await store.contacts.saveFinishState(ME, { at: NOW, state: { left: 12 } });
    await store.contacts.saveFinishState(ME, { at: NOW + 1, state: { left: 13 } });
    expect(await store.contacts.lastFinishState(ME.owner)).toEqual({ at: NOW + 1, state: { left: 13 } });
  });
});

describe("the limit on new chats", () => {
  it("lets a day's number pass, and says when the next may be opened", async () => {
    const { store } = await temporaryStore();
    for (const [index, key] of ["a", "b", "c"].entries())
      expect(await store.contacts.reserveChat(chat(key), 3, NOW + index * HOUR_MS)).toEqual({
        status: "reserved",
      });
    expect(await store.contacts.reserveChat(chat("d"), 3, NOW + 5 * HOUR_MS)).toEqual({
      status: "full",
      nextAt: NOW + DAY_MS,
    });
    expect(await store.contacts.reserveChat(chat("d"), 3, NOW + DAY_MS)).toEqual({ status: "reserved" });
    expect(await store.contacts.reserveChat(chat("e"), 3, NOW + DAY_MS)).toMatchObject({
      nextAt: NOW + HOUR_MS + DAY_MS,
    });
  });

  it("is full also for proposals, which count the chats of 24 hours", async () => {
    const { store } = await temporaryStore();
    await store.contacts.reserveChat(chat("a"), 3, NOW);
    await store.contacts.reserveChat(chat("b", { purpose: "direct_chat" }), 3, NOW + 1);
    const chatsToday = async (now: number) => (await store.contacts.of(ME, now)).chatsToday;
    expect(await chatsToday(NOW + DAY_MS - 1)).toBe(2);
    expect(await chatsToday(NOW + DAY_MS)).toBe(1);
  });

  it("counts a step once, also when it is tried again on another day", async () => {
    const { store, reopen } = await temporaryStore();
    await store.contacts.reserveChat(chat("a"), 1, NOW);
    const { contacts } = await reopen();
    expect(await contacts.reserveChat(chat("a"), 1, NOW + 1)).toEqual({ status: "reserved" });
    expect(await contacts.reserveChat(chat("b"), 1, NOW + 1)).toMatchObject({ status: "full" });
    expect(await contacts.reserveChat(chat("a"), 1, NOW + DAY_MS)).toEqual({ status: "reserved" });
    expect(await contacts.reserveChat(chat("b"), 1, NOW + DAY_MS)).toEqual({ status: "reserved" });
  });

  it("counts for each old account alone, whoever uses it, and for both purposes together", async () => {
    const { store } = await temporaryStore();
    const of = { move: { ...ME, source: "@other:old.example" } };
    expect(await store.contacts.reserveChat(chat("a"), 1, NOW)).toEqual({ status: "reserved" });
    expect(await store.contacts.reserveChat(chat("b", of), 1, NOW)).toEqual({ status: "reserved" });
    const second = chat("c", { move: { ...ME, owner: "@you:old.example" }, purpose: "direct_chat" });
    expect(await store.contacts.reserveChat(second, 1, NOW)).toMatchObject({ status: "full" });
  });

  it("counts for a person and a new account, if files name ever new old accounts", async () => {
    const { store } = await temporaryStore();
    const byFile = { ...ME, isFromFile: true };
    const by = NEW;
    const of = (more: Partial<ContactOf>) => ({
      move: { ...byFile, source: "@a:dead.example", ...more },
      by,
    });
    expect(await store.contacts.reserveChat(chat("a", of({})), 1, NOW)).toEqual({ status: "reserved" });
    const others: Partial<ContactOf>[] = [
      { source: "@b:dead.example" },
      { source: "@b:dead.example", target: "@other:new.example" },
      { source: "@b:dead.example", owner: "@other:new.example" },
    ];
    for (const [index, other] of others.entries()) {
      const { move } = of(other);
      expect(await store.contacts.reserveChat(chat(`b${index}`, { move, by }), 1, NOW)).toEqual({
        status: "full",
        nextAt: NOW + DAY_MS,
      });
      expect(await store.contacts.nextChatAt(move, 1, NOW)).toBe(NOW + DAY_MS);
      expect((await store.contacts.of(move, NOW)).chatsToday).toBe(1);
    }
    const stranger = of({ owner: "@you:far.example", target: "@you:new.example" });
    expect(await store.contacts.nextChatAt(stranger.move, 1, NOW)).toBe(NOW);
  });

  it("counts nothing for an account that strangers did in its name", async () => {
    const { store } = await temporaryStore();
    const stranger = "@you:far.example";
    const run = { source: OWNER, target: "@you:new.example", isFromFile: true };
    const { runId, key } = await takenStep(store, stranger, run);
    const move = { ...run, owner: stranger };
    await store.contacts.reserveChat(chat(key, { move, by: run.target, step: { runId, key } }), 1, NOW);
    expect(await store.contacts.nextChatAt(ME, 1, NOW)).toBe(NOW);
    expect(await store.contacts.nextChatAt(move, 1, NOW)).toBe(NOW + DAY_MS);
  });

  it("reserves the last free one for one of two steps at the same time", async () => {
    const { store } = await temporaryStore();
    const both = ["a", "b"].map((key) => store.contacts.reserveChat(chat(key), 1, NOW));
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual(["full", "reserved"]);
  });

  it("makes nobody wait longer than a day after the clock was set back", async () => {
    const { store } = await temporaryStore();
    await store.contacts.reserveChat(chat("a"), 1, NOW + 100 * DAY_MS);
    expect(await store.contacts.reserveChat(chat("b"), 1, NOW)).toEqual({
      status: "full",
      nextAt: NOW + DAY_MS,
    });
  });
});
