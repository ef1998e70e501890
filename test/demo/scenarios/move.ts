import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { ExportedReport } from "../../../src/view/rooms/exported-report.ts";
import { askServer } from "../../lab/ask-server.ts";
import { askBot } from "../../lab/bot-answer.ts";
import type { SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";
import type { PopulatedRoom } from "../../lab/population/population.ts";
import type { Checks } from "../checks.ts";
import type { DemoEnvironment } from "../environment.ts";
import { ANSWER_TIMEOUT_MS, reportNow } from "../report-now.ts";
import { signedIn } from "../signed-in.ts";

/**
 * Number of rooms that the new account has joined when the bot is killed: enough to be in the
 * middle.
 */
const KILLED_AT = 15;
const POLL_MS = 100;
const END_TIMEOUT_MS = 240_000;
/** Events of the old server reach the new one by federation. */
const FEDERATION_TIMEOUT_MS = 30_000;

const joinedSchema = z.object({ joined_rooms: z.array(z.string()) });
const levelsSchema = z.looseObject({
  users: z.record(z.string(), z.number()).optional(),
  users_default: z.number().optional(),
});

/**
 * The whole move: started, killed in the middle and started again, ended, reported, a moderator's
 * late invitation, verified.
 */
export async function playMove(environment: DemoEnvironment, checks: Checks): Promise<void> {
  const { person, chatId, botUserId, bot, population, pair } = environment;
  const { source, target } = population;
  const fromBot = { from: botUserId };
  const ended = person.waitForMessage(chatId, (message) => textOf(message).includes("The move is done"), {
    ...fromBot,
    timeoutMs: END_TIMEOUT_MS,
  });
  // The rejection is handled below. An earlier failure is reported by the check that failed.
  ended.catch(() => undefined);
  await ask("!migrate start");
  while ((await joinedRooms()).size < KILLED_AT) await pause(POLL_MS);
  await bot.kill();
  environment.print(
    `  (the bot is killed, with ${(await joinedRooms()).size} rooms joined, and started again)`,
  );
  await bot.start();
  const end = await ended;

  const isAlert = JSON.stringify(end.content["m.mentions"]).includes(person.userId);
  await checks.check("the end is a new message that mentions Ada", () => isAlert);
  const joined = await joinedRooms();
  const movable = population.rooms.filter(({ expected }) => isMovable(expected.route));
  await checks.check(
    `all ${movable.length} rooms that need nobody's help are moved, in spite of the kill`,
    () => {
      const missing = movable.filter(({ roomId }) => !joined.has(roomId));
      if (missing.length > 0) throw new Error(`not in ${missing.map((room) => room.kind).join(", ")}`);
      return true;
    },
  );
  await checks.check("the one progress message says that it went on after a restart", async () => {
    // The edit may arrive after the message about the end.
    const restarted = await person.waitForMessage(
      chatId,
      (message) => isProgress(message) && everything(message).includes("restarted in between"),
      fromBot,
    );
    const progress = person
      .messages(chatId)
      .filter((message) => message.sender === botUserId && isProgress(message));
    return progress.length === 1 && progress[0]?.eventId === restarted.eventId;
  });
  const report = await reportNow(environment);
  await checks.check("every level that could be given is given", () => levelsAreRight(report, joined));
  await checks.check("nobody was invited twice, and no level was written twice", () => nothingTwice(movable));

  const helped = roomForModerator(population.rooms);
  const moderator = population.people.find(({ userId }) => userId === helped.expected.helpers[0]);
  if (moderator === undefined) throw new Error("the population has no moderator who can help");
  environment.print(
    `  (${moderator.displayName}, who may invite in ${helped.name}, lets Ada's new account in)`,
  );
  const arrival = person.waitForMessage(chatId, (message) => textOf(message).includes("let you in"), {
    ...fromBot,
    after: end.eventId,
    timeoutMs: ANSWER_TIMEOUT_MS,
  });
  const helper = await signedIn(environment, moderator);
  await helper.act("POST", `/rooms/${encodeURIComponent(helped.roomId)}/invite`, { user_id: target.userId });
  await arrival;
  await checks.check(`the new account took the moderator's invitation up by itself`, async () =>
    (await joinedRooms()).has(helped.roomId),
  );

  const verified = await ask("!migrate verify");
  const now = (await reportNow(environment)).rooms.filter((room) => room.status === "done").length;
  await checks.check("verify counts the rooms as the report does", () =>
    new RegExp(`\\b${now} of \\d+`, "u").test(verified),
  );
  const again = await ask("!migrate plan");
  await checks.check(
    "a second plan finds nothing left to move or to copy, and offers no start",
    () =>
      again.includes(": 0 I can move") &&
      again.includes("nothing left") &&
      !/To be copied|migrate start/u.test(again),
  );

  async function ask(command: string): Promise<string> {
    return textOf(await askBot(person, chatId, command, { botUserId, timeoutMs: ANSWER_TIMEOUT_MS }));
  }

  async function joinedRooms(): Promise<Set<string>> {
    return new Set(
      joinedSchema.parse(
        await askServer(pair.new.baseUrl, target.accessToken, "/_matrix/client/v3/joined_rooms"),
      ).joined_rooms,
    );
  }

  async function levelsAreRight({ rooms }: ExportedReport, inside: ReadonlySet<string>): Promise<boolean> {
    const given = rooms.filter(
      ({ roomId, power, warnings }) =>
        inside.has(roomId) &&
        typeof power.wanted === "number" &&
        !warnings.some(({ code }) => code === "power_not_transferable"),
    );
    for (const { roomId, power } of given) {
      const deadline = Date.now() + FEDERATION_TIMEOUT_MS;
      let level = await levelIn(roomId);
      while (level < Number(power.wanted) && Date.now() < deadline) {
        await pause(POLL_MS);
        level = await levelIn(roomId);
      }
      if (level < Number(power.wanted)) throw new Error(`${roomId}: ${level} instead of ${power.wanted}`);
    }
    return given.length > 0;
  }

  async function levelIn(roomId: string): Promise<number> {
    const levels = levelsSchema.parse(await stateOf(roomId, "m.room.power_levels").catch(() => ({})));
    return levels.users?.[target.userId] ?? levels.users_default ?? 0;
  }

  function stateOf(roomId: string, type: string): Promise<unknown> {
    const room = encodeURIComponent(roomId);
    return askServer(pair.new.baseUrl, target.accessToken, `/_matrix/client/v3/rooms/${room}/state/${type}/`);
  }

  /** Counted in the log of the server that accepted them. */
  async function nothingTwice(rooms: readonly PopulatedRoom[]): Promise<boolean> {
    const log = (await pair.old.accessLog()).filter(
      ({ user, status }) => user === source.userId && status === 200,
    );
    for (const { roomId } of rooms) {
      const room = encodeURIComponent(roomId);
      const invitations = log.filter(
        ({ method, path: asked }) => method === "POST" && asked.endsWith(`/rooms/${room}/invite`),
      );
      const levels = log.filter(
        ({ method, path: asked }) =>
          method === "PUT" && asked.includes(`/rooms/${room}/state/m.room.power_levels`),
      );
      if (invitations.length > 1 || levels.length > 1)
        throw new Error(`${roomId}: ${invitations.length} and ${levels.length}`);
    }
    return rooms.length > 0;
  }
}

function isMovable(route: PopulatedRoom["expected"]["route"]): boolean {
  return ["joined", "accept_invite", "join", "join_restricted", "invite"].includes(route);
}

function roomForModerator(rooms: readonly PopulatedRoom[]): PopulatedRoom {
  const room = rooms.find(
    ({ expected }) => expected.reason === "no_invite_power" && expected.route === "ask_moderator",
  );
  if (room === undefined) throw new Error("the population has no room that waits for a moderator");
  return room;
}

/** A message, not one of the events that edit it. */
function isProgress(message: SeenMessage): boolean {
  return message.relation?.type !== "m.replace" && everything(message).includes("is under way, as of");
}

/** The first and the current content of a message, in all its forms. */
function everything({ content, latestEditContent }: SeenMessage): string {
  return JSON.stringify([content, latestEditContent]);
}
