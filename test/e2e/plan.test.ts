import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { exportedReportSchema } from "../../src/view/rooms/exported-report.ts";
import type { Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { Population } from "../lab/population/population.ts";
import { populate } from "../lab/population/population.ts";
import type { BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import { makeSessions, storeBackup } from "../support/keys/made-backup.ts";
import { callServer } from "../support/servers/server-api.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  environment: BotEnvironment;
  population: Population;
  ada: Person;
  roomId: string;
}

const story = {} as Story;

describe("the bot, when it is asked for a plan", () => {
  beforeAll(async () => {
    story.environment = await createBotEnvironment();
    story.population = await populate({ pair: story.environment.pair, seed: 7, rooms: { count: 30 } });
    await story.environment.bot.start();
    // A third account types. So every request in the two accounts' names is the bot's.
    const typist = await story.environment.register("new", "typist");
    story.ada = await story.environment.client(typist);
    story.roomId = await story.environment.directChat(story.ada);
  });

  afterAll(() => story.environment.close());

  it("says which accounts are not signed in, and that there is no report before a plan", async () => {
    expect(await ask("!migrate plan")).toContain("A plan needs your two accounts first: !login old");
    expect(await ask("!report")).toContain("!migrate plan makes one");
    expect(await ask("!rooms")).toContain("!login old");
  });

  it("plans every room of the old account and writes nothing to either account", async () => {
    const { population } = story;
    await ask(`!login old ${population.source.userId} --password ${population.source.password}`);
    await ask(`!login new ${population.target.userId} --password ${population.target.password}`);
    const since = Date.now();
    const plan = await ask("!migrate plan");
    expect(plan).toContain(
      `Plan 1 for ${population.source.userId} → ${population.target.userId}. Nothing was changed.`,
    );
    expect(plan).toContain(`${population.rooms.length} rooms:`);
    const made = await requestsOfAccounts(since);
    expect(made).not.toEqual([]);
    const written = made.filter(({ method, path }) => method !== "GET" && !path.endsWith("/sync"));
    expect(written).toEqual([]);
    expect(made.length).toBeLessThanOrEqual(20);
  });

  it("lists each room once in the report file, with the right route and helpers", async () => {
    const { population } = story;
    const report = await reportNow(1);
    expect(report.rooms.map((room) => room.roomId).toSorted()).toEqual(
      population.rooms.map((room) => room.roomId).toSorted(),
    );
    expect(report.categories).toHaveLength(12);
    for (const { roomId: expectedId, kind, expected } of population.rooms) {
      const row = report.rooms.find((room) => room.roomId === expectedId);
      const found = { kind, route: row?.route, status: row?.status, reason: row?.reason?.code ?? null };
      expect(found).toEqual({
        kind,
        route: expected.route,
        status: expected.status,
        reason: expected.reason,
      });
      expect(row?.helpers.map((helper) => helper.userId).toSorted()).toEqual(
        [...expected.helpers].toSorted(),
      );
    }
    for (const { name, expected, present, missing } of report.categories)
      // Room keys are counted by key, and missing ones are named by room. This account has none.
      expect({ name, sum: present + missing.length }).toEqual({ name, sum: expected });
  });

  it("gives the report as text, Markdown and CSV with one line a room", async () => {
    const { population } = story;
    expect(await ask("!report")).toContain(`Report of ${population.rooms.length} rooms`);
    expect(await askForFile("!report --format md", "report-1.md")).toContain(
      `# From ${population.source.userId} to ${population.target.userId}`,
    );
    const csv = await askForFile("!report --format csv", "report-1.csv");
    expect(csv.split("\r\n")[0]).toBe("roomId,name,alias,route,status,reason,helpers,link,asked");
    for (const room of population.rooms) expect(csv).toContain(room.roomId);
  });

  it("lists the old account's rooms with numbers that commands accept", async () => {
    const list = await ask("!rooms --direct");
    const first = /^1\. .*(![\w-]+:localhost:\d+)/mu.exec(list)?.[1];
    expect(first).toBeDefined();
    await ask("!migrate plan --only #1");
    const report = await reportNow(2);
    expect(report.rooms.filter((room) => room.route !== "excluded").map((room) => room.roomId)).toEqual([
      first,
    ]);
  });

  it("says when a filter names an unknown room or matches no room", async () => {
    const alias = `#nowhere:${story.environment.pair.old.serverName}`;
    const plan = await ask(`!migrate plan --only ${alias}`);
    expect(plan).toContain(`Not among your old account's rooms: ${alias}.`);
    expect(plan).toMatch(/None of your \d+ rooms fits these filters\./u);
  });

  it("makes no plan when the server of an alias can't be reached", async () => {
    expect(await ask("!migrate plan --exclude #away:away.invalid")).toContain(
      "which room #away:away.invalid is",
    );
  });

  it("says what changed since the previous plan", async () => {
    const { environment, population } = story;
    await ask("!migrate plan");
    const room = population.rooms.find(({ expected }) => expected.route === "invite");
    if (!room) throw new Error("no room to invite into");
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room.roomId)}/invite`;
    await callServer(environment.pair.old, population.source.accessToken, "POST", path, {
      user_id: population.target.userId,
    });
    const plan = await ask("!migrate plan");
    expect(plan).toContain("Changed since your last plan");
    expect(plan).toContain(
      "now by an invitation that is waiting, before by an invitation from your old account",
    );
  });

  it("counts room keys, and warns no longer of rooms whose keys are all in the new backup", async () => {
    const { environment, population } = story;
    const { old, new: target } = environment.pair;
    const encrypted = (await reportNow(5)).rooms.filter((room) => room.encrypted);
    const [first, second] = encrypted.map(({ roomId }) => roomId);
    if (first === undefined || second === undefined) throw new Error("too few encrypted rooms");
    expect(await ask("!migrate plan")).toContain(
      "2 encrypted rooms: your old account has no keys in a backup",
    );
    const sessions = makeSessions(12, 1).map((session, index) => ({
      ...session,
      roomId: ["!gone:old.example", first, second][index % 3] ?? "",
    }));
    await storeBackup({ ...population.source, server: old }, sessions);
    const counted = await ask("!migrate plan");
    expect(counted).toContain("To be copied\n\n");
    expect(counted).toContain("12 of 12 keys of encrypted history, by !keys copy");
    expect(counted).toContain(
      "Next: !keys copy copies the keys of encrypted history, and then !migrate start",
    );
    expect(roomKeysIn(await reportNow(7))).toMatchObject({ expected: 12, present: 0, missing: ["* 12"] });

    await storeBackup(
      { ...population.target, server: target },
      sessions.filter(({ roomId }, index) => roomId === first || (roomId === second && index > 2)),
    );
    const compared = await ask("!migrate plan");
    expect(compared).toContain("2 encrypted rooms: your old account's backup has keys of every one.");
    const report = await reportNow(8);
    const missing = ["!gone:old.example 4", `${second} 1`];
    expect(roomKeysIn(report)).toMatchObject({ expected: 12, present: 7, missing });
    const isWarned = (roomId: string): boolean | undefined =>
      report.rooms
        .find((room) => room.roomId === roomId)
        ?.warnings.some(({ code }) => code === "encrypted_history");
    expect([isWarned(first), isWarned(second)]).toEqual([false, true]);
    const verified = await ask("!migrate verify");
    expect(verified).toContain(
      `▫️ keys of encrypted history: 7 of 12, missing !gone:old.example 4, ${second} 1`,
    );
    expect(verified).toContain("5 keys of encrypted history are missing: !keys copy copies them.");
    expect(await ask("!migrate plan --categories tags")).not.toContain("!keys");
  });

  it("does not read an account whose session has ended, and says how to continue", async () => {
    const { environment, population } = story;
    const { accessToken } = population.source;
    await callServer(environment.pair.old, accessToken, "POST", "/_matrix/client/v3/logout/all", {});
    const answer = await ask("!migrate plan");
    expect(answer).toContain("Its session has ended. Please sign in again: !login old");
    expect((await reportNow(9)).rooms.length).toBe(population.rooms.length);
  });

  it("forgets the plan on !forget", async () => {
    await ask("!forget");
    expect(await ask("!report")).toContain("There is no report yet");
  });
});

async function ask(text: string): Promise<string> {
  const { environment, ada, roomId } = story;
  return textOf(await environment.answer(ada, roomId, text));
}

/** The bot's text comes first, then the file. */
async function askForFile(text: string, fileName: string): Promise<string> {
  const { environment, ada, roomId } = story;
  const after = await ada.say(roomId, text);
  const isFile = (message: SeenMessage): boolean => message.content["filename"] === fileName;
  return (
    await ada.downloadFile(await ada.waitForMessage(roomId, isFile, { from: environment.botUserId, after }))
  ).toString();
}

function roomKeysIn({ categories }: ExportedReport): ExportedReport["categories"][number] | undefined {
  return categories.find(({ name }) => name === "room_keys");
}

async function reportNow(number: number): Promise<ExportedReport> {
  return exportedReportSchema.parse(
    JSON.parse(await askForFile("!report --format json", `report-${number}.json`)),
  );
}

/** The requests in the two accounts' names that their servers have answered since then. */
async function requestsOfAccounts(since: number): Promise<{ method: string; path: string }[]> {
  const { environment, population } = story;
  const logs = await Promise.all([environment.pair.old.accessLog(), environment.pair.new.accessLog()]);
  const owners = [population.source.userId, population.target.userId];
  return logs.flatMap((lines) =>
    lines.filter(
      ({ user, listener, finishedAt }) =>
        listener === "client" && user !== undefined && owners.includes(user) && finishedAt >= since,
    ),
  );
}
