import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concurrently } from "../../src/platforms/matrix/reading/concurrently.ts";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { categoryWords } from "../../src/view/words/category-words.ts";
import type { SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { PopulatedRoom } from "../lab/population/population.ts";
import { botMessages } from "../support/chat/bot-messages.ts";
import { enteredRooms, isEntered } from "../support/environments/entered-rooms.ts";
import type { MoveEnvironment } from "../support/environments/move-environment.ts";
import { createMoveEnvironment } from "../support/environments/move-environment.ts";
import type { ServerEvent } from "../support/servers/account-on-server.ts";
import { AccountOnServer, kindOf } from "../support/servers/account-on-server.ts";
import { storedRows } from "../support/store/bot-database.ts";

/** Between two edits. */
const EDIT_INTERVAL_MS = 5_000;
/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: MoveEnvironment;
  source: AccountOnServer;
  target: AccountOnServer;
  startedAt: number;
  end: SeenMessage;
  report: ExportedReport;
  /** The state changes that the two accounts made in the rooms. */
  changes: (ServerEvent & { room: string })[];
}

const story = {} as Story;

interface Levels {
  users?: Record<string, number>;
  users_default?: number;
  state_default?: number;
  events?: Record<string, number>;
}

interface Rule {
  rule_id: string;
  default: boolean;
  enabled: boolean;
  actions: unknown[];
  conditions?: unknown[];
}

describe("a move", () => {
  beforeAll(async () => {
    story.move = await createMoveEnvironment({
      seed: 11,
      rooms: "one of each",
      names: { old: "old.localhost", new: "new.localhost" },
    });
    story.source = new AccountOnServer(story.move.pair, story.move.population.source);
    story.target = new AccountOnServer(story.move.pair, story.move.population.target);
  });

  afterAll(() => story.move.close());

  it("moves everything that needs nobody's help, and ends with a message that mentions the person and has the report", async () => {
    const { move, source, target } = story;
    await move.ask("!migrate plan");
    story.startedAt = Date.now();
    expect(await move.ask("!migrate start", /^Started\./u)).toContain(
      "Started. I move everything that needs nobody's help, as planned.",
    );
    story.end = await move.waitFor(/The move is done\./u);
    story.report = await move.reportFile("report-1.json", story.end.eventId);
    await untilOldServerKnows();
    story.changes = await changesOfRooms();
    expect(story.end.content).toMatchObject({
      msgtype: "m.text",
      "m.mentions": { user_ids: [move.typist.userId] },
    });
    expect(story.report).toMatchObject({ source: source.userId, target: target.userId });
  });

  it("brings the new account into every room that it can enter without help, and into no other", async () => {
    const { move, target } = story;
    const joined = await target.joinedRooms();
    const actual = move.population.rooms.map(({ kind, roomId, expected }) => ({
      kind,
      isIn: joined.has(expected.successor ?? roomId),
    }));
    expect(actual).toEqual(move.population.rooms.map((room) => ({ kind: room.kind, isIn: isEntered(room) })));
  });

  it("gives the new account the old one's power level wherever the old one can", async () => {
    const { move, target } = story;
    const ofEach = (level: (room: PopulatedRoom) => Promise<number>): Promise<unknown[]> =>
      concurrently(enteredRooms(move.population), 6, async (room) => ({
        kind: room.kind,
        level: await level(room),
      }));
    // The new account's server gets the old account's events by federation.
    await expect
      .poll(() => ofEach((room) => levelOf(room, target.userId)))
      .toEqual(await ofEach(expectedLevel));
  });

  it("reports each room as done, or as not moved with the reason and the people who can help", () => {
    const { move } = story;
    expect(story.report.rooms.map(({ roomId }) => roomId).toSorted()).toEqual(
      move.population.rooms.map(({ roomId }) => roomId).toSorted(),
    );
    const reported = move.population.rooms.map((room) => {
      const row = rowOf(room);
      const helpers = row?.helpers.map(({ userId }) => userId).toSorted();
      return isEntered(room)
        ? { kind: room.kind, status: row?.status }
        : {
            kind: room.kind,
            status: row?.status,
            route: row?.route,
            reason: row?.reason?.code ?? null,
            helpers,
          };
    });
    const expected = move.population.rooms.map((room) => {
      const { kind, expected } = room;
      const { route, reason, helpers } = expected;
      const status = expected.status === "planned" ? "needs_moderator" : expected.status;
      return isEntered(room)
        ? { kind, status: "done" }
        : { kind, status, route, reason, helpers: helpers.toSorted() };
    });
    expect(reported).toEqual(expected);
    const unexplained = story.report.rooms.filter(
      (row) => row.route === "ask_moderator" && row.status === "needs_moderator" && row.reason === null,
    );
    expect(unexplained).toEqual([]);
  });

  it("counts in the end message what the servers have", async () => {
    const { move, source, target } = story;
    const text = textOf(story.end);
    const invited = story.changes.filter((event) => isMember(event, "invite", source.userId));
    const joins = story.changes.filter(isEntry);
    const knocks = story.changes.filter((event) => isMember(event, "knock", target.userId));
    const powers = story.changes.filter(
      ({ type, sender }) => type === "m.room.power_levels" && sender === source.userId,
    );
    expect(text).toContain(
      `${enteredRooms(move.population).length} of ${move.population.rooms.length} rooms done.`,
    );
    expect(text).toContain(`- ${invited.length} invitations sent`);
    expect(text).toContain(`- ${joins.length} rooms joined`);
    expect(text).toContain(`- knocked at ${knocks.length} room`);
    expect(text).toContain(`- power levels: ${powers.length}`);
  });

  it("does nothing twice that others can see, and nothing as the old account but invitations and power levels", async () => {
    const { move, source, target } = story;
    const counts = new Map<string, number>();
    for (const event of story.changes) {
      const what = `${kindOf(event)} by ${event.sender}`;
      if (event.sender === target.userId && event.content["membership"] === "join" && !isEntry(event))
        continue;
      const key = `${what} in ${event.room}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
    const written = (await move.pair.old.accessLog()).filter(
      ({ user, method, path, finishedAt }) =>
        user === source.userId && finishedAt > story.startedAt && method !== "GET" && !path.endsWith("/sync"),
    );
    const others = written.filter(
      ({ method, path }) => !/\/invite$|\/state\/m\.room\.power_levels/u.test(path) || method === "DELETE",
    );
    expect(others.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it("keeps one progress message current, by edits at least five seconds apart", async () => {
    const { move, source } = story;
    await move.waitFor(/^The move @\S+ → @\S+ is done since/u);
    const isProgress = (message: SeenMessage): boolean =>
      textOf(message).startsWith(`The move ${source.userId} → `);
    const [shown, ...more] = botMessages(move.typist, move.chatId, { botUserId: move.botUserId }).filter(
      isProgress,
    );
    expect(more).toEqual([]);
    if (shown === undefined) throw new Error("there is no progress message");
    expect(textOf(shown)).toContain("is done since");
    // A client shows an edit before it emits the edit's event. Before the answer to another command
    // it has emitted all of them.
    await move.ask("!whoami");
    const edits = move.typist
      .messages(move.chatId)
      .filter(({ relation }) => relation?.eventId === shown.eventId && relation.type === "m.replace");
    expect(edits.length).toBeGreaterThan(0);
    // On a busy machine one edit may be late and the next one on time. Therefore the due times are
    // compared. The bot keeps those of the message and of its last edit.
    const last = edits.at(-1) ?? shown;
    expect(dueTime(last) - dueTime(shown)).toBeGreaterThanOrEqual(edits.length * EDIT_INTERVAL_MS);
    expect([shown, last].filter((message) => message.timestamp < dueTime(message))).toEqual([]);
    for (const { content } of [shown, ...edits])
      expect(content).toMatchObject({ msgtype: "m.notice", "m.mentions": {} });
  });

  it("copies the direct chats of moved rooms, and nothing malformed", async () => {
    const { move, source, target } = story;
    const listed = (await target.accountData("m.direct")) ?? {};
    const partners = Object.entries(listed).flatMap(([userId, roomIds]) =>
      (roomIds as string[]).map((roomId) => `${roomId} ${userId}`),
    );
    const expected = enteredRooms(move.population).flatMap(({ roomId, directWith }) =>
      directWith === null ? [] : [`${roomId} ${directWith === source.userId ? target.userId : directWith}`],
    );
    expect(partners.toSorted()).toEqual(expected.toSorted());
  });

  it("copies the tags, marks and names of single rooms", async () => {
    const { move, target } = story;
    const { tags, markedUnread, readMarkers, roomProfiles } = move.population.sourceData;
    const actual: unknown[] = [];
    const expectedData: unknown[] = [];
    for (const { kind, roomId, expected } of enteredRooms(move.population)) {
      const here = expected.successor ?? roomId;
      if (tags[roomId] !== undefined) {
        expectedData.push({ kind, tags: tags[roomId] });
        const found = Object.entries(await target.tags(here)).map(([tag, content]) => [
          tag,
          (content as { order?: number }).order ?? null,
        ]);
        actual.push({ kind, tags: Object.fromEntries(found) as unknown });
      }
      if (markedUnread.includes(roomId)) {
        expectedData.push({ kind, unread: true });
        actual.push({ kind, unread: (await target.roomAccountData(here, "m.marked_unread"))?.["unread"] });
      }
      if (readMarkers[roomId] !== undefined) {
        // If the new account may not see the event, the mark is at the first event that it sees.
        const isHidden = kind.startsWith("history-joined") || kind.startsWith("history-invited");
        expectedData.push({ kind, read: isHidden ? (expect.any(String) as unknown) : readMarkers[roomId] });
        actual.push({ kind, read: (await target.roomAccountData(here, "m.fully_read"))?.["event_id"] });
      }
      if (roomProfiles[roomId] !== undefined) {
        expectedData.push({ kind, name: roomProfiles[roomId] });
        actual.push({
          kind,
          name: (await target.state(here, "m.room.member", target.userId))?.["displayname"],
        });
      }
    }
    expect(expectedData.length).toBeGreaterThan(15);
    expect(actual).toEqual(expectedData);
  });

  it("copies the profile and its picture, byte for byte, to the new account's server", async () => {
    const { move, source, target } = story;
    const { avatarUrl, profile } = move.population.sourceData;
    const actual = await target.profile();
    expect(actual).toMatchObject({
      "m.tz": profile["m.tz"],
      "org.example.pronouns": profile["org.example.pronouns"],
    });
    expect(actual["displayname"]).toBe((await source.profile())["displayname"]);
    expect(actual["avatar_url"]).toMatch(new RegExp(`^mxc://${move.pair.new.serverName}/`, "u"));
    expect(await target.media(actual["avatar_url"])).toEqual(await source.media(avatarUrl));
  });

  it("copies the notification rules in the old account's order, and its changed defaults", async () => {
    const { move, source, target } = story;
    const left = move.population.rooms.filter((room) => !isEntered(room)).map(({ roomId }) => roomId);
    const [expected, actual] = [await rulesOf(source), await rulesOf(target)];
    expect(actual.own).toEqual(expected.own.filter((rule) => !left.some((roomId) => rule.includes(roomId))));
    expect(actual.own.length).toBeGreaterThan(4);
    expect(actual.changed).toEqual(expected.changed);
  });

  it("copies the ignored people and settings, and none of the old account's secrets and consents", async () => {
    const { move, target } = story;
    const expected = move.population.sourceData.accountData;
    for (const type of [
      "m.ignored_user_list",
      "io.element.recent_emoji",
      "m.recent_emoji",
      "org.example.notes",
    ])
      expect({ type, content: await target.accountData(type) }).toEqual({ type, content: expected[type] });
    expect(await target.accountData("im.vector.web.settings")).toMatchObject({
      showTwelveHourTimestamps: true,
    });
    for (const type of [
      "m.secret_storage.default_key",
      "m.secret_storage.key.abc",
      "m.megolm_backup.v1",
      "m.identity_server",
      "im.vector.analytics",
    ])
      expect({ type, content: await target.accountData(type) }).toEqual({ type, content: null });
  });

  it("leaves nothing to plan but rooms that wait for a person and levels that cannot be given", async () => {
    const { move } = story;
    const plan = await move.ask("!migrate plan");
    expect(plan).toContain("There is nothing left that I can do alone.");
    expect(plan).toContain("I keep watching");
    expect(plan).not.toMatch(/To be copied|Time:|migrate start/u);
    const again = await move.askForReport("!report --format json", "report-2.json");
    expect(again.rooms.filter(({ status }) => status === "planned")).toEqual([]);
    const idsOf = (rooms: ExportedReport["rooms"]): string[] =>
      rooms.flatMap(({ roomId, successor }) => [roomId, successor ?? roomId]);
    const open = idsOf(again.rooms.filter(({ status }) => status !== "done"));
    const powerless = again.rooms.filter(({ warnings }) =>
      warnings.some(({ code }) => /power_not|creator_not/u.test(code)),
    );
    const excuses = [...open, ...idsOf(powerless)];
    for (const { name, missing } of again.categories) {
      const waiting = name === "power_levels" ? excuses : open;
      const unexcused = missing.filter((item) => !waiting.some((roomId) => item.includes(roomId)));
      expect({ name, unexcused }).toEqual({ name, unexcused: [] });
    }
  });

  it("starts no second run, and !migrate verify finds what the report says", async () => {
    const { move } = story;
    expect(await move.ask("!migrate start")).toContain("There is nothing left that I can do alone.");
    const compared = await move.ask("!migrate verify");
    for (const { name, expected, present } of story.report.categories)
      if (expected > 0) expect(compared).toContain(`${categoryWords[name]}: ${present} of ${expected}`);
  });
});

/** Waits until the old server knows the new account's membership in each room. */
async function untilOldServerKnows(): Promise<void> {
  const { move, source, target } = story;
  const [joined, common] = [await target.joinedRooms(), await source.joinedRooms()];
  const knocked = move.population.rooms.filter(
    ({ expected }) => expected.route === "knock" && expected.status === "planned",
  );
  const actual = [
    ...[...joined].filter((roomId) => common.has(roomId)).map((roomId) => ({ roomId, membership: "join" })),
    ...knocked.map(({ roomId }) => ({ roomId, membership: "knock" })),
  ];
  const seen = async ({
    roomId,
  }: {
    roomId: string;
  }): Promise<{ roomId: string; membership: string | null }> => ({
    roomId,
    membership: await source.membershipOf(target.userId, roomId),
  });
  await expect.poll(() => Promise.all(actual.map(seen))).toEqual(actual);
}

/** The time for which the bot had planned a message. */
function dueTime({ eventId }: SeenMessage): number {
  const [row] = storedRows(
    story.move.bot,
    "SELECT not_before AS dueAt FROM outbox WHERE event_id = ?",
    eventId,
  );
  return (row as { dueAt: number }).dueAt;
}

function rowOf({ roomId }: PopulatedRoom): ExportedReport["rooms"][number] | undefined {
  return story.report.rooms.find((row) => row.roomId === roomId);
}

async function levelsIn({ roomId, expected }: PopulatedRoom): Promise<Levels> {
  return (await story.target.state(expected.successor ?? roomId, "m.room.power_levels")) ?? {};
}

async function levelOf(room: PopulatedRoom, userId: string): Promise<number> {
  const levels = await levelsIn(room);
  return levels.users?.[userId] ?? levels.users_default ?? 0;
}

/**
 * The old account's own level, if it may write it (rooms/v11 §Authorization rules). From room
 * version 12 on creators are above all levels.
 */
async function expectedLevel(room: PopulatedRoom): Promise<number> {
  const { source, target } = story;
  const levels = await levelsIn(room);
  const here = room.expected.successor ?? room.roomId;
  const creation = await target.state(here, "m.room.create");
  const own = levels.users?.[source.userId] ?? levels.users_default ?? 0;
  if (creation?.["room_version"] === "12") {
    const level = story.report.rooms.find((row) => row.roomId === here)?.power.target;
    return typeof level === "number" ? level : (levels.users_default ?? 0);
  }
  const needed = levels.events?.["m.room.power_levels"] ?? levels.state_default ?? 50;
  const isJoined = (await source.membershipOf(source.userId, here)) === "join";
  return isJoined && own >= needed ? own : (levels.users_default ?? 0);
}

/**
 * The changes in every room, as the old account sees them: it sees events from before the new
 * account's join. If it left the room, as the new account sees them.
 */
async function changesOfRooms(): Promise<(ServerEvent & { room: string })[]> {
  const { move, source, target } = story;
  const joined = await source.joinedRooms();
  const rooms = new Set(
    move.population.rooms.flatMap(({ roomId, expected }) =>
      expected.successor === null ? [roomId] : [roomId, expected.successor],
    ),
  );
  const found = await concurrently([...rooms], 6, async (roomId) => {
    const events = await (joined.has(roomId) ? source : target).changes(roomId, story.startedAt);
    return events.map((event) => ({ ...event, room: roomId }));
  });
  return found.flat().filter(({ sender }) => sender === source.userId || sender === target.userId);
}

function isMember({ type, content, sender }: ServerEvent, membership: string, by: string): boolean {
  return type === "m.room.member" && content["membership"] === membership && sender === by;
}

function isEntry(event: ServerEvent): boolean {
  return (
    isMember(event, "join", story.target.userId) && event.unsigned?.prev_content?.["membership"] !== "join"
  );
}

/**
 * The account's own rules by kind, in order, and the state of the two defaults that the old account
 * had changed.
 */
async function rulesOf(account: AccountOnServer): Promise<{ own: string[]; changed: unknown[] }> {
  const global = (await account.read("/pushrules/"))?.["global"] as Record<string, Rule[]>;
  const all = Object.entries(global).flatMap(([kind, rules]) => rules.map((rule) => ({ kind, ...rule })));
  const isChanged = ({ rule_id: id }: Rule): boolean =>
    id === ".m.rule.suppress_notices" || id === ".m.rule.message";
  return {
    own: all.filter((rule) => !rule.default).map((rule) => JSON.stringify(rule)),
    changed: all.filter(isChanged).map(({ rule_id: id, enabled, actions }) => ({ id, enabled, actions })),
  };
}
