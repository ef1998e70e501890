import Database from "better-sqlite3";
import type { CompiledQuery } from "kysely";
import { Kysely } from "kysely";
import { expect, it } from "vitest";
import type { ContactOf } from "../../../src/model/contact.ts";
import type { FileRoom } from "../../../src/model/room-file.ts";
import { Contacts } from "../../../src/store/contacts.ts";
import { Imports } from "../../../src/store/imports.ts";
import { KeptRequestRows } from "../../../src/store/kept-requests.ts";
import { KeyCopies } from "../../../src/store/key-copies.ts";
import { OutboxItems } from "../../../src/store/outbox-items.ts";
import { pruneEvents, pruneMessages } from "../../../src/store/prune.ts";
import { Questions } from "../../../src/store/questions.ts";
import { ReceivedEvents } from "../../../src/store/received-events.ts";
import { ReceivedFiles } from "../../../src/store/received-files.ts";
import { RunLeases } from "../../../src/store/run-leases.ts";
import { Runs } from "../../../src/store/runs.ts";
import { SealedSecrets } from "../../../src/store/sealed-secrets.ts";
import { NonBlockingSqliteDialect } from "../../../src/store/sqlite/dialect.ts";
import { Steps } from "../../../src/store/steps.ts";
import type { Tables } from "../../../src/store/tables.ts";
import { upgradeSchema } from "../../../src/store/upgrade.ts";
import { copiedKeys, newKeyCopy } from "../../support/fakes/key-copies.ts";
import { DONE, RETRY, newRun, room, step } from "../../support/fakes/scripted-runner.ts";

/** Tables that grow with the number of people, rooms or messages. */
const LARGE = [
  "outbox",
  "received_event",
  "received_file",
  "question",
  "kept_request",
  "key_copy",
  "copied_keys",
  "unusable_key",
  "asked_question",
  "opened_chat",
  "announced_room",
  "silent_server",
  "finish_state",
  "imported_account",
  "imported_room",
  "imported_contact",
  "run",
  "run_room",
  "step",
  "item",
  "older",
  "old",
  "edit",
];

/** Statements that run once at a start, once a day or for one person's command. */
const RARE = [
  /^delete from "limiter"/u,
  /^update "question" set "closed_at" = \? where "owner" = \? and "closed_at" is null$/u,
];

interface Plan {
  sql: string;
  /** How SQLite reads each table. */
  steps: string[];
}

function opened(): { database: Kysely<Tables>; sqlite: Database.Database; queries: CompiledQuery[] } {
  const sqlite = new Database(":memory:");
  upgradeSchema(sqlite);
  const queries: CompiledQuery[] = [];
  const database = new Kysely<Tables>({
    dialect: new NonBlockingSqliteDialect(sqlite),
    log: ({ query }) => void queries.push(query),
  });
  return { database, sqlite, queries };
}

/** The plan for a statement as it was compiled, with the values that were bound to it. */
function planOf(sqlite: Database.Database, { sql, parameters }: CompiledQuery): Plan {
  const rows = sqlite.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
  return { sql, steps: rows.map(({ detail }) => detail) };
}

function isWholeTable(detail: string): boolean {
  const match = /^SCAN (\S+)(?<by> USING (COVERING )?INDEX \S+)?/u.exec(detail);
  return match !== null && match.groups?.["by"] === undefined && LARGE.includes(match[1] ?? "");
}

/** Does everything that runs do again and again, and everything that a message does. */
async function work(database: Kysely<Tables>): Promise<void> {
  const report = (): void => undefined;
  const log = { clear: () => Promise.resolve(), clearSoon: () => undefined };
  const sealing = { secrets: new SealedSecrets(Buffer.alloc(32, 7)), log, report };
  const runs = new Runs(database, report);
  const steps = new Steps(database, report);
  const leases = new RunLeases(database, report);
  const outbox = new OutboxItems(database, sealing);
  const questions = new Questions(database, report);
  const events = new ReceivedEvents(database, sealing);

  const { id, owner } = await newRun(
    { runs },
    [step("join", { roomId: "!a" }), step("after", { after: "join" }), step("tags", { needsRoom: "!a" })],
    { rooms: [room("!a"), { ...room("!old"), route: "successor" }] },
  );
  await leases.free({ holder: "a", now: 1 });
  const run = await leases.take(id, { holder: "a", now: 1, until: 2 });
  if (run === null) throw new Error("not taken");
  await leases.extend([{ runId: id, epoch: run.epoch }], 3);
  const lease = { runId: id, epoch: run.epoch };
  const asked = {
    lane: "target:free",
    stage: 3,
    now: 1,
    limiters: [{ userId: owner, name: "joins", state: 1 }],
  };
  await steps.dueTimes(id, 3, 1);
  const nothing = { rooms: [], steps: [], dropped: ["none"], run: null, limiters: [] };
  const first = await steps.takeNext(lease, asked);
  if (first === null) throw new Error("nothing to take");
  const again = {
    state: "pending",
    notBefore: 0,
    waitingFor: "server",
    outcome: RETRY,
    isCounted: true,
  } as const;
  await steps.saveUndo(first, {});
  await steps.record(first, again, nothing, 1);
  const second = await steps.takeNext(lease, asked);
  if (second === null) throw new Error("nothing to take");
  const follows = { ...nothing, rooms: [room("!a", true)], run: { event: "revised" } } as const;
  await steps.record(second, { state: "done", outcome: DONE }, follows, 1);
  await steps.revise(run, {
    rooms: [room("!b")],
    steps: [step("new")],
    again: [],
    run: { event: "revised" },
  });
  await steps.hasOpen(id, 3);
  await steps.waitingForRoom(id, "!a");
  await steps.counts(id);
  await steps.all(id);
  await steps.clearRetryDelays(id);
  await runs.change(id, { progressCount: 1 });
  await runs.get(id);
  await runs.last(owner);
  await runs.active(owner, "move");
  await runs.unfinished(owner);
  await runs.between(owner, owner, owner);
  await runs.inState("running", "watching");
  await runs.rooms(id);
  await runs.room(id, "!a");
  await runs.joinedRooms(id);
  await runs.replacedRooms(id);
  await runs.watchedRooms(id);
  await runs.roomCounts(id);
  await runs.apply(id, "paused");
  await steps.dropPending(id);
  await leases.release(lease);

  const item = {
    roomId: "!r",
    forUser: owner,
    cause: null,
    kind: "message",
    content: {},
    priority: 2,
  } as const;
  await outbox.add({ ...item, transactionId: "one" }, 1);
  await outbox.add({ ...item, transactionId: "edit 1", edits: "one" }, 1);
  await outbox.add({ ...item, transactionId: "edit 2", edits: "one" }, 1);
  await outbox.nextDueAt(1);
  for (const { id: itemId } of [...(await outbox.due(5, 9)), ...(await outbox.due(5, 9))]) {
    await outbox.get(itemId, 5);
    await outbox.begin(itemId);
    await outbox.postpone(itemId, 1);
    await outbox.lastShownAt("one");
    await outbox.finish(itemId, { status: "sent", eventId: `$${itemId}` }, 9);
  }
  await outbox.unsentCount();
  await outbox.result("one");
  await outbox.sentAs("one");
  await outbox.roomsOf([owner, "@b:x"]);

  const address = {
    roomId: "!r",
    eventId: "$e",
    threadRoot: null,
    roomKind: "direct",
    sender: owner,
    isEncrypted: false,
  } as const;
  const question = {
    transactionId: "one",
    address,
    word: "yes",
    typedWords: [],
    shown: "",
    action: "a",
    payload: null,
  };
  const kept = new KeptRequestRows(database, report);
  await kept.put({ owner, address, request: {}, cause: {}, askedAt: 1, notBefore: 2 }, owner);
  const { id: keptId } = (await kept.of(owner)) ?? { id: 0 };
  await kept.due(3);
  await kept.nextAt(1);
  await kept.postpone(keptId, { cause: {}, notBefore: 3 });
  await kept.hurry(keptId);
  await kept.remove(keptId);
  const copies = new KeyCopies(database, sealing);
  const begun = await copies.begin(newKeyCopy({ owner, address, source: null, target: null }));
  if (begun.status !== "begun") throw new Error("not begun");
  await copies.of(owner);
  await copies.due(3);
  await copies.expire(3);
  await copies.nextAt(1);
  await copies.inState("verifying", "needs_key");
  await copies.secret(begun.copy.id);
  await copies.change(begun.copy.id, { done: 1 });
  await copies.apply(begun.copy.id, "server_away", {});
  await copies.apply(begun.copy.id, "continued", {});
  await copies.finish(begun.copy.id, copiedKeys, new Map([["!a", 1]]));
  await copies.copied(owner);
  await copies.unusable(owner);
  await questions.put(question, { kind: "run", id }, 1);
  await questions.ofEvent("!r", "$1");
  await questions.answerable(owner, "!r", "$x", 2);
  await questions.close("one", "$x", 2);
  await events.add("!r", { event_id: "$e", type: "m.room.message", sender: owner, content: {} }, 1);
  const files = new ReceivedFiles(database, sealing);
  const file = { name: "f", size: 1, serverName: "x", mediaId: "m", encryption: null };
  await files.add({ roomId: "!r", sender: owner }, { eventId: "$e", file }, 1);
  await files.find({ roomId: "!r", sender: owner }, null, 2);
  await files.find({ roomId: "!r", sender: owner }, "$e", 2);
  await files.remove("$e");
  await contact(new Contacts(database, report));
  await importFiles(new Imports(database, { log, report }));
  await events.begin("$e");
  await events.has("$e");
  await events.unhandled();
  await events.finish("$e", 2);
  await pruneEvents(database, 1);
  await pruneMessages(database, 1);
}

/** Contact of a person who has signed in the old account, and of one who only has files. */
async function contact(contacts: Contacts): Promise<void> {
  for (const isFromFile of [false, true]) {
    const move: ContactOf = { owner: "@me:x", source: "@me:x", target: "@me:y", isFromFile };
    const step = { runId: 1, key: `${isFromFile}` };
    const opened = { move, step, partner: "@ann:x", by: move.target, purpose: "ask" } as const;
    await contacts.reserveChat(opened, 1, 1);
    await contacts.nextChatAt(move, 1, 2);
    await contacts.of(move, 2);
    await contacts.asked(move);
    await contacts.chats(move);
    await contacts.chats({ source: move.source });
    await contacts.runOfChat(move, "!chat");
    await contacts.declined(move, { roomId: "!chat", userId: "@ann:x", askedAbout: new Set(["!a"]) });
    await contacts.saveFinishState(move, { at: 1, state: {} });
    await contacts.lastFinishState(move.owner);
  }
}

/** Two files of one account, and one of another instead. */
async function importFiles(imports: Imports): Promise<void> {
  const owner = "@me:x";
  const rooms = [fileRoom("!a:x")];
  const findings = { writtenAt: 1, rooms, contacts: [{ userId: "@ann:x", displayName: null, rooms: [] }] };
  const kept = { owner, userId: "@me:dead.example", findings: { ...findings, data: null }, isInstead: false };
  await imports.add(kept, 1);
  await imports.add(kept, 2);
  await imports.account(owner);
  await imports.overview(owner);
  await imports.content(owner);
  await imports.add({ ...kept, isInstead: true }, 3);
  await imports.clear(owner);
}

function fileRoom(roomId: string): FileRoom {
  return {
    ...{ roomId, membership: null, name: null, alias: null, aliases: [], via: [], version: null },
    ...{ joinRule: null, allow: [], encrypted: null, direct: null, partner: null, tags: {}, power: null },
    ...{ memberCount: null, helpers: [], successor: null, link: null },
  };
}

it("no statement of the work reads a whole table", async () => {
  const { database, sqlite, queries } = opened();
  await work(database);
  const plans = queries
    .filter(({ sql }) => /^(select|update|delete)/u.test(sql) && !RARE.some((rare) => rare.test(sql)))
    .map((query) => planOf(sqlite, query));
  expect(plans.length).toBeGreaterThan(60);
  expect(plans.filter(({ steps }) => steps.some(isWholeTable))).toEqual([]);
  await database.destroy();
});

it.each([
  { statement: /min\(CASE WHEN not_before/u, index: "COVERING INDEX step_next" },
  { statement: /count\(\*\) as "count".* from "step"/u, index: "COVERING INDEX step_count" },
  { statement: /max\("joined_at"\)/u, index: "COVERING INDEX run_room_joined" },
  { statement: /"run_room" where "run_id" = \? and "route" = /u, index: "COVERING INDEX run_room_route" },
  { statement: /count\(\*\) as "count" from "run_room"/u, index: "COVERING INDEX run_room_status" },
  { statement: /from "outbox" as "item"/u, index: "INDEX outbox_in_room" },
  { statement: /max\("finished_at"\).* where "edits" = /u, index: "INDEX outbox_edit" },
  { statement: /select distinct "room_id" from "outbox"/u, index: "COVERING INDEX outbox_person" },
  { statement: /^select "at" from "opened_chat" where "at" > .* or "opened_by"/u, index: "opened_chat_by" },
  { statement: /^select "at" from "opened_chat" where "at" > .* or "opened_by"/u, index: "opened_chat_for" },
  { statement: /^select "at" from "opened_chat" where "at" > .*"from_file"/u, index: "opened_chat_of" },
  { statement: /^select \* from "asked_question"/u, index: "asked_question_of (source=?)" },
  {
    statement: /^select \* from "opened_chat" where "source" = \? (?!and "owner")/u,
    index: "opened_chat_of",
  },
  { statement: /"run"\."id" = .*"run_id"/u, index: "SEARCH run USING INTEGER PRIMARY KEY" },
])("$index serves $statement", async ({ statement, index }) => {
  const { database, sqlite, queries } = opened();
  await work(database);
  const plans = queries.filter(({ sql }) => statement.test(sql)).map((query) => planOf(sqlite, query));
  expect(plans).not.toEqual([]);
  for (const { sql, steps } of plans) expect(steps.join("\n"), sql).toContain(index);
  await database.destroy();
});

it("every index is used by a statement", async () => {
  const { database, sqlite, queries } = opened();
  await work(database);
  const used = queries
    .filter(({ sql }) => /^(select|update|delete)/u.test(sql))
    .flatMap((query) => planOf(sqlite, query).steps)
    .join("\n");
  const names = sqlite
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .pluck()
    .all()
    .filter((name) => /^(step|run|outbox|question|received|key|asked|opened|announced)_/u.test(name));
  expect(names.filter((name) => !used.includes(name))).toEqual([]);
  await database.destroy();
});
