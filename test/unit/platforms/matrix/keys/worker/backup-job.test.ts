import { describe, expect, it } from "vitest";
import { BackupJob } from "../../../../../../src/platforms/matrix/keys/worker/backup-job.ts";
import type { OfferedSession } from "../../../../../../src/platforms/matrix/keys/worker/offer.ts";
import {
  createBackupKeys,
  decryptedEntry,
  sessionJson,
  storedEntry,
} from "../../../../../support/keys/backup-crypto.ts";

const source = createBackupKeys();
const target = createBackupKeys();
const ROOM = "!a:x";

type Sessions = Record<string, unknown>;

function openJob(): BackupJob {
  return new BackupJob({ decryptWith: source.privateKey, encryptFor: target.publicKey });
}

/** The answer of a server with the sessions of one room. */
function answerOf(sessions: Sessions, roomId = ROOM): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ rooms: { [roomId]: { sessions } } }));
}

function read(job: BackupJob, method: "index" | "compare" | "confirm", sessions: Sessions): void {
  job.begin();
  job[method](answerOf(sessions));
  job.end();
}

function offered(job: BackupJob, sessions: Sessions): readonly OfferedSession[] {
  job.begin();
  const offer = job.offer(answerOf(sessions));
  job.end();
  return offer.sessions;
}

/** An entry of the old backup. */
function entry(fields: Readonly<Record<string, unknown>> = {}, json = sessionJson()): Sessions {
  return { ...storedEntry(source.publicKey, json), ...fields };
}

describe("a session of both backups", () => {
  it.each([
    {
      title: "a higher index",
      old: { first_message_index: 3 },
      present: { first_message_index: 4 },
      is: false,
    },
    {
      title: "the same index",
      old: { first_message_index: 3 },
      present: { first_message_index: 3 },
      is: true,
    },
    {
      title: "a lower index",
      old: { first_message_index: 3 },
      present: { first_message_index: 0 },
      is: true,
    },
    {
      title: "a higher index, verified",
      old: { first_message_index: 3 },
      present: { first_message_index: 4, is_verified: true },
      is: true,
    },
    {
      title: "verified as a text, which counts for nothing",
      old: { first_message_index: 3 },
      present: { first_message_index: 4, is_verified: "true" },
      is: false,
    },
    {
      title: "a lower index as a text",
      old: { first_message_index: "3" },
      present: { first_message_index: "2" },
      is: true,
    },
    {
      title: "a higher index as a text",
      old: { first_message_index: "3" },
      present: { first_message_index: "20" },
      is: false,
    },
    {
      title: "a fraction above that of the old one",
      old: { first_message_index: 3.9 },
      present: { first_message_index: 3.2 },
      is: true,
    },
    { title: "no index", old: { first_message_index: 3 }, present: { first_message_index: null }, is: true },
    {
      title: "an index where the old one has none",
      old: { first_message_index: {} },
      present: { first_message_index: 400 },
      is: true,
    },
    {
      title: "a negative index",
      old: { first_message_index: 0 },
      present: { first_message_index: -1 },
      is: true,
    },
    { title: "no object there", old: { first_message_index: 3 }, present: null, is: false },
  ])("counts as present, or not, with $title", ({ old, present, is }) => {
    const job = openJob();
    const stored = present === null ? null : { ...storedEntry(target.publicKey, sessionJson()), ...present };
    read(job, "index", { one: stored });
    read(job, "compare", { one: entry(old) });
    expect(job.rooms()).toEqual(new Map([[ROOM, { expected: 1, present: Number(is) }]]));
    expect(offered(job, { one: entry(old) })).toHaveLength(is ? 0 : 1);
  });
});

describe("an offered session", () => {
  it("has the same text, an index, and is not verified", () => {
    const job = openJob();
    const json = `{ "sender_claimed_keys" : {},  ${sessionJson(5).slice(1)}`;
    const [session] = offered(job, {
      one: { ...entry({}, json), first_message_index: 9, forwarded_count: 2, is_verified: true },
    });
    expect(session).toMatchObject({
      ...{ roomId: ROOM, sessionId: "one" },
      entry: { first_message_index: 9, forwarded_count: 2, is_verified: false },
    });
    expect(decryptedEntry(target.privateKey, session?.entry)).toBe(json);
  });

  it("takes the index of its key where the old backup has none", () => {
    const [session] = offered(openJob(), { one: entry({ first_message_index: true }, sessionJson(12)) });
    expect(session?.entry.first_message_index).toBe(12);
  });

  it.each([
    { title: "a text", old: "4", present: 0, sent: 4 },
    { title: "a fraction", old: 4.7, present: 0, sent: 4 },
    { title: "a negative number", old: -4, present: 0, sent: 0 },
    { title: "nothing", old: undefined, present: 0, sent: 0 },
    { title: "a list", old: [4], present: 0, sent: 0 },
    { title: "a lower number than that of the replaced entry", old: 1, present: 6, sent: 6 },
    { title: "a higher number than that of the replaced entry", old: 6, present: 1, sent: 6 },
  ])("has a forwarded count where the old backup has $title", ({ old, present, sent }) => {
    const job = openJob();
    const there = { ...storedEntry(target.publicKey, sessionJson(8)), first_message_index: 8 };
    read(job, "index", { one: { ...there, forwarded_count: present } });
    const [session] = offered(job, { one: entry({ first_message_index: 3, forwarded_count: old }) });
    expect(session?.entry.forwarded_count).toBe(sent);
  });

  it("is offered once, however often the old backup is read", () => {
    const job = openJob();
    const sessions = { one: entry(), two: entry() };
    expect(offered(job, { one: sessions.one })).toHaveLength(1);
    expect(offered(job, sessions).map(({ sessionId }) => sessionId)).toEqual(["two"]);
    expect(job.counts()).toMatchObject({ expected: 2, added: 2 });
  });

  it("is that with the lowest index if the old backup has it more than once", () => {
    const job = openJob();
    const [five, two, three] = [5, 2, 3].map((index) =>
      JSON.stringify(entry({ first_message_index: index })),
    );
    const text = `{"rooms":{"${ROOM}":{"sessions":{"one":${five},"one":${two},"one":${three}}}}}`;
    job.begin();
    job.compare(new TextEncoder().encode(text));
    job.begin();
    const { sessions } = job.offer(new TextEncoder().encode(text));
    expect(sessions.map((session) => session.entry.first_message_index)).toEqual([2]);
    expect(job.counts().expected).toBe(1);
  });

  it("may have the name of a property of objects", () => {
    const job = openJob();
    const sessions = JSON.parse(`{"__proto__":${JSON.stringify(entry())}}`) as Sessions;
    expect(offered(job, sessions).map(({ sessionId }) => sessionId)).toEqual(["__proto__"]);
  });
});

describe("a session that no app can use", () => {
  const { sender_claimed_keys: _claimed, ...unclaimed } = JSON.parse(sessionJson()) as Sessions;
  const { session_key: _key, ...keyless } = JSON.parse(sessionJson()) as Sessions;

  it.each([
    { title: "no object", old: 7 },
    { title: "no data", old: { first_message_index: 0, forwarded_count: 0, is_verified: false } },
    { title: "data of an odd type", old: entry({ session_data: "abc" }) },
    { title: "data of another backup", old: storedEntry(target.publicKey, sessionJson()) },
    { title: "no session key", old: entry({}, JSON.stringify(keyless)) },
    { title: "a session key that is too short", old: entry({}, sessionJson(0, { session_key: "AQAAAAA" })) },
    { title: "no sender_claimed_keys", old: entry({}, JSON.stringify(unclaimed)) },
    {
      title: "sender_claimed_keys that are a list",
      old: entry({}, sessionJson(0, { sender_claimed_keys: [] })),
    },
    { title: "a text that is not JSON", old: entry({}, "hello") },
    { title: "a very large text", old: entry({ junk: "x".repeat(300_000) }) },
  ])("is counted and not offered: $title", ({ old }) => {
    const job = openJob();
    read(job, "compare", { bad: old, good: entry() });
    expect(offered(job, { bad: old, good: entry() }).map(({ sessionId }) => sessionId)).toEqual(["good"]);
    expect(job.unusable()).toEqual(new Map([[ROOM, 1]]));
    expect(job.counts()).toMatchObject({ expected: 2, present: 0 });
  });

  it("counts as present if the new backup has it", () => {
    const job = openJob();
    read(job, "index", { bad: storedEntry(target.publicKey, sessionJson()) });
    expect(offered(job, { bad: storedEntry(target.publicKey, "no session") })).toEqual([]);
    expect(job.unusable()).toEqual(new Map());
  });
});

describe("entries of a key file", () => {
  it("are offered unless the new backup has them at an equal or lower index", () => {
    const job = openJob();
    read(job, "index", {
      equal: { ...storedEntry(target.publicKey, sessionJson(3)), first_message_index: 3 },
      worse: { ...storedEntry(target.publicKey, sessionJson(4)), first_message_index: 4, forwarded_count: 5 },
    });
    const entries = ["equal", "worse", "missing"].map((sessionId) => ({
      ...{ roomId: ROOM, sessionId, firstMessageIndex: 3, session: sessionJson(3) },
    }));
    job.compareFile(entries);
    const { sessions } = job.offerFile(entries);
    expect(sessions.map(({ sessionId, entry: sent }) => [sessionId, sent.forwarded_count])).toEqual([
      ["worse", 5],
      ["missing", 0],
    ]);
    expect(decryptedEntry(target.privateKey, sessions[0]?.entry)).toBe(entries[1]?.session);
    expect(job.counts()).toEqual({ expected: 3, present: 1, target: 2, added: 1 });
  });
});

describe("sent sessions that are looked for", () => {
  it("are confirmed at the index with which they were sent", () => {
    const job = openJob();
    const sent = offered(job, {
      kept: entry(),
      lost: entry(),
      replaced: entry({ first_message_index: 2 }),
    });
    const [kept, , replaced] = sent.map((session) => session.entry);
    read(job, "confirm", { kept, replaced: { ...replaced, first_message_index: 5 }, foreign: kept });
    expect(job.unconfirmed()).toEqual(new Map([[ROOM, 2]]));
  });
});

describe("an export", () => {
  it("has each session once, with its text, and says which cannot be decrypted", () => {
    const job = openJob();
    const json = sessionJson(3);
    const sessions = { one: entry({}, json), bad: storedEntry(target.publicKey, json) };
    job.begin();
    expect(job.export(answerOf(sessions))).toEqual([
      { roomId: ROOM, sessionId: "one", session: json },
      { roomId: ROOM, sessionId: "bad", session: null },
    ]);
    job.begin();
    expect(job.export(answerOf(sessions))).toEqual([]);
  });
});

describe("many sessions", () => {
  it("are all known again, in all rooms", () => {
    const job = openJob();
    const there = { first_message_index: 1 };
    for (let room = 0; room < 50; room += 1) {
      const ids = Array.from({ length: 200 }, (_, index) => [`s${index}`, there] as const);
      job.begin();
      job.index(answerOf(Object.fromEntries(ids), `!${room}:x`));
      job.begin();
      job.compare(answerOf(Object.fromEntries([...ids, ["more", there]]), `!${room}:x`));
    }
    expect(job.counts()).toEqual({ expected: 10_050, present: 10_000, target: 10_000, added: 0 });
  });
});
