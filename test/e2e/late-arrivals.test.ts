import { afterAll, beforeAll, expect, it } from "vitest";
import type { PopulatedRoom } from "../lab/population/population.ts";
import { textOf } from "../lab/person/person.ts";
import type { Report } from "../../src/model/report.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";
import type { MoveEnvironment } from "../support/environments/move-environment.ts";
import { createMoveEnvironment } from "../support/environments/move-environment.ts";

/** Between two looks, in the first minutes. */
const LOOKS_APART_MS = 10_000;
/** By so much the clocks of a log may be off. */
const CLOCK_MS = 500;
/** For what one server tells the other. */
const HEARD = { timeout: 60_000, interval: 200 };

let move: MoveEnvironment;
let source: AccountOnServer;
let target: AccountOnServer;
/** Rooms that wait for somebody, each with somebody in it who can help. */
let waiting: PopulatedRoom[];
/** The one of them at which the bot knocks. */
let knocked: PopulatedRoom;

beforeAll(async () => {
  move = await createMoveEnvironment({ seed: 31, rooms: { count: 26 } });
  source = new AccountOnServer(move.pair, move.population.source);
  target = new AccountOnServer(move.pair, move.population.target);
  waiting = move.population.rooms.filter(({ expected }) => expected.route === "ask_moderator");
  const [direct, , atDoor] = waiting;
  if (direct === undefined || atDoor === undefined) throw new Error("too few rooms wait");
  knocked = atDoor;
  await helperOf(knocked).act("PUT", statePath(knocked, "m.room.join_rules"), { join_rule: "knock" });
  // Something in it to complete: power that the old account can give, a direct chat, and a tag.
  const helper = helperOf(direct);
  const levels = (await helper.state(direct.roomId, "m.room.power_levels")) as {
    users: Record<string, number>;
  };
  await helper.act("PUT", statePath(direct, "m.room.power_levels"), {
    ...levels,
    invite: 60,
    events: { "m.room.power_levels": 50 },
    users: { ...levels.users, [source.userId]: 55 },
  });
  const own = `/user/${encodeURIComponent(source.userId)}`;
  const partner = Object.keys(levels.users).find((userId) => userId !== source.userId) ?? "";
  const listed = await source.accountData("m.direct");
  await source.act("PUT", `${own}/account_data/m.direct`, { ...listed, [partner]: [direct.roomId] });
  await source.act("PUT", `${own}/rooms/${encodeURIComponent(direct.roomId)}/tags/m.favourite`, {
    order: 0.125,
  });
  await move.ask("!migrate plan");
  await move.ask("!migrate start");
  await move.waitFor(/The move is done\./u);
});

afterAll(() => move.close());

it("takes up a moderator's invitation, and none to a room that is not in the plan, by one request a look to each server", async () => {
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
  await move.waitFor(told(room, 1));
  const made = (await requests()).slice(before.length);
  const join = made.findIndex(({ path }) => path.includes("/join/"));
  // One look or two, by when the invitation came.
  const looks = made.slice(0, join);
  expect(join).toBeGreaterThan(0);
  expect(looks.filter(({ method, path }) => method !== "POST" || !path.endsWith("/sync"))).toEqual([]);
  expect(looks.map(({ user }) => user)).toContain(source.userId);
  for (const { userId } of [source, target]) {
    const times = looks
      .filter(({ user }) => user === userId)
      .map(({ finishedAt, durationMs }) => finishedAt - durationMs);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.filter((pause) => pause < LOOKS_APART_MS - CLOCK_MS)).toEqual([]);
  }
  expect((await target.joinedRooms()).has(room.roomId)).toBe(true);
  expect(await target.membershipOf(target.userId, String(foreign["room_id"]))).not.toBe("join");
});

it("completes the room: its power, its tag and its direct chat, and has it in the report", async () => {
  const [room] = invitable();
  if (room === undefined) throw new Error("no room waits for an invitation");
  // What the old account wrote comes to the new one's server by federation.
  const level = async (): Promise<unknown> => {
    const levels = (await target.state(room.roomId, "m.room.power_levels")) as {
      users: Record<string, number>;
    };
    return levels.users[target.userId];
  };
  await expect.poll(level, HEARD).toBe(55);
  expect(await target.tags(room.roomId)).toMatchObject({ "m.favourite": { order: 0.125 } });
  expect(Object.values((await target.accountData("m.direct")) ?? {}).flat()).toContain(room.roomId);
  expect(statusIn(await move.askForReport("!report --format json", "report-1.json"), room)).toBe("done");
});

it("after a restart takes up a room that was made public, a knock that was accepted and more invitations, and calls the person with the last", async () => {
  await move.bot.stop();
  const [, opened, ...others] = invitable();
  if (opened === undefined) throw new Error("too few rooms wait");
  await expect.poll(() => source.membershipOf(target.userId, knocked.roomId), HEARD).toBe("knock");
  await helperOf(opened).act("PUT", statePath(opened, "m.room.join_rules"), { join_rule: "public" });
  for (const room of [knocked, ...others])
    await helperOf(room).act("POST", `/rooms/${encodeURIComponent(room.roomId)}/invite`, {
      user_id: target.userId,
    });
  await move.bot.start();
  const last = await move.waitFor(/No room waits for anybody any more\./u);
  expect(textOf(last)).toContain(`${waiting.length} of ${waiting.length} let you in`);
  expect(last.content).toMatchObject({ msgtype: "m.text", "m.mentions": { user_ids: [move.typist.userId] } });
  const joined = await target.joinedRooms();
  expect(waiting.filter(({ roomId }) => !joined.has(roomId))).toEqual([]);
  const report = await move.askForReport("!report --format json", "report-1.json");
  expect(new Set(waiting.map((room) => statusIn(report, room)))).toEqual(new Set(["done"]));
  const arrivals = move.typist
    .messages(move.chatId)
    .filter((message) => textOf(message).startsWith("✅ Your new account is in"));
  expect(arrivals).toHaveLength(waiting.length);
});

function invitable(): PopulatedRoom[] {
  return waiting.filter(({ roomId }) => roomId !== knocked.roomId);
}

function helperOf({ expected }: PopulatedRoom): AccountOnServer {
  const helper = move.population.people.find(({ userId }) => userId === expected.helpers[0]);
  if (helper === undefined) throw new Error("nobody can help");
  return new AccountOnServer(move.pair, helper);
}

function told({ roomId }: PopulatedRoom, letIn: number): RegExp {
  return new RegExp(`is in .*${escape(roomId)} now: ${letIn} of ${waiting.length} let you in`, "u");
}

function escape(text: string): string {
  return text.replaceAll(".", "\\.");
}

function statePath({ roomId }: PopulatedRoom, type: string): string {
  return `/rooms/${encodeURIComponent(roomId)}/state/${type}/`;
}

function statusIn(report: Report, { roomId }: PopulatedRoom): string | undefined {
  return report.rooms.find((row) => row.roomId === roomId)?.status;
}

/**
 * What the two accounts' servers were asked in their names, but for this test's own looks into
 * rooms.
 */
async function requests() {
  const logs = await Promise.all([move.pair.old.accessLog(), move.pair.new.accessLog()]);
  const isBot = ({ listener, user, path }: (typeof logs)[0][0]): boolean =>
    listener === "client" && (user === source.userId || user === target.userId) && !path.includes("/rooms/");
  return logs
    .flat()
    .filter(isBot)
    .sort((left, right) => left.finishedAt - right.finishedAt);
}
