import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { textOf } from "../lab/person/person.ts";
import type { PopulatedRoom } from "../lab/population/population.ts";
import type { MoveEnvironment } from "../support/environments/move-environment.ts";
import { createMoveEnvironment } from "../support/environments/move-environment.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";

/** Between two checks, in the first minutes after a move. */
const CHECK_INTERVAL_MS = 10_000;
/**
 * At least this between two requests of one account, by the server's log. A busy server begins a
 * request late, but not by half an interval. A second request of the same check comes at once.
 */
const MIN_PAUSE_MS = CHECK_INTERVAL_MS / 2;
/** For facts that one server learns from the other. */
const FEDERATION_WAIT = { interval: 200 };

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: MoveEnvironment;
  source: AccountOnServer;
  target: AccountOnServer;
  /** Rooms that wait for a person, each with a member who can help. */
  waiting: PopulatedRoom[];
  /** The one of them that the bot knocks on. */
  knocked: PopulatedRoom;
}

const story = {} as Story;

describe("the bot, after the end of a move", () => {
  beforeAll(async () => {
    story.move = await createMoveEnvironment({ seed: 31, rooms: { count: 26 } });
    story.source = new AccountOnServer(story.move.pair, story.move.population.source);
    story.target = new AccountOnServer(story.move.pair, story.move.population.target);
    story.waiting = story.move.population.rooms.filter(({ expected }) => expected.route === "ask_moderator");
    const [direct, , atDoor] = story.waiting;
    if (direct === undefined || atDoor === undefined) throw new Error("too few rooms wait");
    story.knocked = atDoor;
    await helperOf(story.knocked).act("PUT", statePath(story.knocked, "m.room.join_rules"), {
      join_rule: "knock",
    });
    // The room leaves three things to complete: power that the old account can give, a direct chat,
    // and a tag.
    const helper = helperOf(direct);
    const levels = (await helper.state(direct.roomId, "m.room.power_levels")) as {
      users: Record<string, number>;
    };
    await helper.act("PUT", statePath(direct, "m.room.power_levels"), {
      ...levels,
      invite: 60,
      events: { "m.room.power_levels": 50 },
      users: { ...levels.users, [story.source.userId]: 55 },
    });
    const own = `/user/${encodeURIComponent(story.source.userId)}`;
    const partner = Object.keys(levels.users).find((userId) => userId !== story.source.userId) ?? "";
    const listed = await story.source.accountData("m.direct");
    await story.source.act("PUT", `${own}/account_data/m.direct`, {
      ...listed,
      [partner]: [direct.roomId],
    });
    await story.source.act("PUT", `${own}/rooms/${encodeURIComponent(direct.roomId)}/tags/m.favourite`, {
      order: 0.125,
    });
    await story.move.ask("!migrate plan");
    await story.move.ask("!migrate start");
    await story.move.waitFor(/The move is done\./u);
  });

  afterAll(() => story.move.close());

  it("accepts a moderator's invitation, ignores rooms outside the plan, and asks each server once a check", async () => {
    const { move, source, target } = story;
    const [room] = invitable();
    if (room === undefined) throw new Error("no room waits for an invitation");
    const stranger = new AccountOnServer(move.pair, move.population.people[0] ?? move.population.source);
    const foreign = await stranger.act("POST", "/createRoom", {
      preset: "private_chat",
      invite: [target.userId],
    });
    const before = await requests();
    await helperOf(room).act("POST", `/rooms/${encodeURIComponent(room.roomId)}/invite`, {
      user_id: target.userId,
    });
    await move.waitFor(accepted(room, 1));
    const made = (await requests()).slice(before.length);
    const join = made.findIndex(({ path }) => path.includes("/join/"));
    // One check or two, depending on when the invitation came.
    const asked = made.slice(0, join);
    // The first check asks each server once for its features.
    const checks = asked.filter(({ path }) => path !== "/_matrix/client/versions");
    const features = asked.filter(({ path }) => path === "/_matrix/client/versions");
    expect(new Set(features.map(({ user }) => user)).size).toBe(features.length);
    expect(join).toBeGreaterThan(0);
    expect(checks.filter(({ method, path }) => method !== "POST" || !path.endsWith("/sync"))).toEqual([]);
    expect(checks.map(({ user }) => user)).toContain(source.userId);
    for (const { userId } of [source, target]) {
      const times = checks
        .filter(({ user }) => user === userId)
        .map(({ finishedAt, durationMs }) => finishedAt - durationMs);
      const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      expect(pauses.filter((pause) => pause < MIN_PAUSE_MS)).toEqual([]);
    }
    expect((await target.joinedRooms()).has(room.roomId)).toBe(true);
    expect(await target.membershipOf(target.userId, String(foreign["room_id"]))).not.toBe("join");
  });

  it("completes the room (power level, tag, direct chat) and lists it in the report", async () => {
    const { move, target } = story;
    const [room] = invitable();
    if (room === undefined) throw new Error("no room waits for an invitation");
    // The new account's server gets the old account's event by federation.
    const level = async (): Promise<unknown> => {
      const levels = (await target.state(room.roomId, "m.room.power_levels")) as {
        users: Record<string, number>;
      };
      return levels.users[target.userId];
    };
    await expect.poll(level, FEDERATION_WAIT).toBe(55);
    expect(await target.tags(room.roomId)).toMatchObject({ "m.favourite": { order: 0.125 } });
    expect(Object.values((await target.accountData("m.direct")) ?? {}).flat()).toContain(room.roomId);
    expect(statusIn(await move.askForReport("!report --format json", "report-1.json"), room)).toBe("done");
  });

  it("enters rooms that open during a restart, and mentions the person with the last of them", async () => {
    const { move, source, target, waiting, knocked } = story;
    await move.bot.stop();
    const [, opened, ...others] = invitable();
    if (opened === undefined) throw new Error("too few rooms wait");
    await expect
      .poll(() => source.membershipOf(target.userId, knocked.roomId), FEDERATION_WAIT)
      .toBe("knock");
    await helperOf(opened).act("PUT", statePath(opened, "m.room.join_rules"), { join_rule: "public" });
    for (const room of [knocked, ...others])
      await helperOf(room).act("POST", `/rooms/${encodeURIComponent(room.roomId)}/invite`, {
        user_id: target.userId,
      });
    await move.bot.start();
    const last = await move.waitFor(/No room waits for anybody any more\./u);
    expect(textOf(last)).toContain(`${waiting.length} of ${waiting.length} let you in`);
    expect(last.content).toMatchObject({
      msgtype: "m.text",
      "m.mentions": { user_ids: [move.typist.userId] },
    });
    const joined = await target.joinedRooms();
    expect(waiting.filter(({ roomId }) => !joined.has(roomId))).toEqual([]);
    const report = await move.askForReport("!report --format json", "report-1.json");
    expect(new Set(waiting.map((room) => statusIn(report, room)))).toEqual(new Set(["done"]));
    const arrivals = move.typist
      .messages(move.chatId)
      .filter((message) => textOf(message).startsWith("✅ Your new account is in"));
    expect(arrivals).toHaveLength(waiting.length);
  });
});

function invitable(): PopulatedRoom[] {
  const { waiting, knocked } = story;
  return waiting.filter(({ roomId }) => roomId !== knocked.roomId);
}

function helperOf({ expected }: PopulatedRoom): AccountOnServer {
  const { move } = story;
  const helper = move.population.people.find(({ userId }) => userId === expected.helpers[0]);
  if (helper === undefined) throw new Error("nobody can help");
  return new AccountOnServer(move.pair, helper);
}

function accepted({ roomId }: PopulatedRoom, letIn: number): RegExp {
  return new RegExp(`is in .*${escape(roomId)} now: ${letIn} of ${story.waiting.length} let you in`, "u");
}

function escape(text: string): string {
  return text.replaceAll(".", "\\.");
}

function statePath({ roomId }: PopulatedRoom, type: string): string {
  return `/rooms/${encodeURIComponent(roomId)}/state/${type}/`;
}

function statusIn(report: ExportedReport, { roomId }: PopulatedRoom): string | undefined {
  return report.rooms.find((row) => row.roomId === roomId)?.status;
}

/**
 * The requests to the two accounts' servers in their names, without this test's own requests about
 * rooms.
 */
async function requests() {
  const { move, source, target } = story;
  const logs = await Promise.all([move.pair.old.accessLog(), move.pair.new.accessLog()]);
  const isBot = ({ listener, user, path }: (typeof logs)[0][0]): boolean =>
    listener === "client" && (user === source.userId || user === target.userId) && !path.includes("/rooms/");
  return logs
    .flat()
    .filter(isBot)
    .sort((left, right) => left.finishedAt - right.finishedAt);
}
