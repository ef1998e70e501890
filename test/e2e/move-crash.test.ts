import { afterAll, beforeAll, expect, it } from "vitest";
import { textOf } from "../../src/demo/person/person.ts";
import type { ServerEvent } from "../support/account-on-server.ts";
import { AccountOnServer, kindOf } from "../support/account-on-server.ts";
import { botMessagesBehind } from "../support/answers.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { runUntilKilled } from "../support/kill-points.ts";
import type { MoveWorld } from "../support/move-world.ts";
import { createMoveWorld } from "../support/move-world.ts";
import { seededRandom } from "../support/seeded-random.ts";

const SEED = 20_260_201;
const KILLS = 8;

let move: MoveWorld;
let source: AccountOnServer;
let target: AccountOnServer;
/** Between the bot and the servers of the two accounts. */
let oldServer: FaultProxy;
let newServer: FaultProxy;
let startedAt: number;
let startEvent: string;

beforeAll(async () => {
  move = await createMoveWorld({
    seed: 21,
    rooms: { count: 25 },
    bot: async (pair) => {
      oldServer = await startFaultProxy({ target: pair.old.baseUrl });
      newServer = await startFaultProxy({ target: pair.new.baseUrl });
      return { servers: { [pair.old.serverName]: oldServer.url, [pair.new.serverName]: newServer.url } };
    },
  });
  source = new AccountOnServer(move.pair, move.population.source);
  target = new AccountOnServer(move.pair, move.population.target);
});

afterAll(async () => {
  await move.close();
  await Promise.all([oldServer.stop(), newServer.stop()]);
});

it("reaches the end although it is killed again and again in the middle", async () => {
  const random = seededRandom(SEED);
  await move.ask("!migrate plan");
  startedAt = Date.now();
  const isWriting = ({ method, path }: { method: string; path: string }): boolean =>
    method !== "GET" && !path.endsWith("/sync") && !path.endsWith("/login");
  let written = 0;
  const firstKill = Promise.withResolvers<undefined>();
  newServer.setRule((request) => {
    if (isWriting(request) && ++written === 6) firstKill.resolve(undefined);
    return undefined;
  });
  startEvent = await move.typist.say(move.chatId, "!migrate start");
  await firstKill.promise;
  await move.bot.kill();
  for (let kill = 1; kill < KILLS; kill++) {
    // By turns before the server has heard of it, and after it has done it.
    const fault = random() < 0.4 ? ({ kind: "lose-answer" } as const) : undefined;
    const nth = Math.floor(random() * 6);
    const point = { isOfKind: isWriting, nth, afterMs: Math.floor(random() * 40), ...(fault && { fault }) };
    // On whichever server it is: of the old account there is less to be done, only invitations and levels.
    await runUntilKilled(move.bot, [oldServer, newServer], point);
  }
  const told = Promise.withResolvers<undefined>();
  for (const proxy of [oldServer, newServer])
    proxy.setRule((request) => (isWriting(request) ? { kind: "hold", until: told.promise } : undefined));
  await move.bot.start();
  await move.waitFor(/is under way[^]*I was started anew in the middle, and went on by myself\./u);
  told.resolve(undefined);
  for (const proxy of [oldServer, newServer]) proxy.setRule();
  const end = await move.waitFor(/The move is done\./u);
  expect(textOf(end)).toContain(`${entered().length} of ${move.population.rooms.length} rooms done.`);
  expect(textOf(end)).toContain(`- ${entered().length} rooms joined`);
  expect(textOf(end)).not.toContain("What did not work");
});

it("has the same rooms, direct chats and levels as a move that nothing disturbs", async () => {
  const joined = await target.joinedRooms();
  const missing = entered().filter(({ roomId, expected }) => !joined.has(expected.successor ?? roomId));
  expect(missing).toEqual([]);
  await move.ask("!migrate plan");
  await move.ask("!migrate start", /There is nothing left/u);
});

it("did nothing twice that others can see", async () => {
  const counts = new Map<string, number>();
  for (const { roomId, expected } of move.population.rooms) {
    const here = expected.successor ?? roomId;
    for (const event of await source.changes(here, startedAt)) {
      if (event.sender !== source.userId && event.sender !== target.userId) continue;
      const what = `${isRenaming(event) ? "renaming" : kindOf(event)} by ${event.sender} in ${here}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  }
  expect(counts.size).toBeGreaterThan(20);
  expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
});

it("said everything once, and in the same progress message that it went on after a restart", async () => {
  await move.waitFor(/^The move @\S+ → @\S+ is done since/u);
  const said = await botMessagesBehind(move.typist, move.chatId, { botUserId: move.botUserId, after: startEvent });
  const progress = said.filter((message) => textOf(message).startsWith(`The move ${source.userId} → `));
  expect(progress).toHaveLength(1);
  expect(said.filter((message) => textOf(message).startsWith("Started.")).length).toBe(1);
  expect(said.filter((message) => textOf(message).startsWith("The move is done."))).toHaveLength(1);
  expect(said.filter(({ content }) => content["filename"] === "report-1.json")).toHaveLength(1);
});

function entered() {
  const isIn = ({ route, status }: { route: string; status: string }): boolean =>
    ["join", "join_restricted", "invite", "accept_invite", "joined"].includes(route) ||
    (route === "successor" && status === "planned");
  return move.population.rooms.filter(({ expected }) => isIn(expected));
}

/** A name of the account's own in one room is a new event of its membership. */
function isRenaming({ type, content, unsigned }: ServerEvent): boolean {
  return type === "m.room.member" && content["membership"] === "join" && unsigned?.prev_content?.["membership"] === "join";
}
