import { afterAll, beforeAll, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import { enteredRooms, missingRooms } from "../support/environments/entered-rooms.ts";
import { runUntilKilled } from "../support/faults/crash-points.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { countVisibleChanges } from "../support/environments/visible-changes.ts";

const SEED = 20_260_201;
const KILLS = 8;

let move: FaultyMoveEnvironment;
let startedAt: number;
let startEvent: string;

beforeAll(async () => {
  move = await createFaultyMoveEnvironment({ seed: 21, rooms: { count: 40 } });
});

afterAll(() => move.close());

it("reaches the end although it is killed again and again in the middle", async () => {
  const random = seededRandom(SEED);
  await move.ask("!migrate plan");
  startedAt = Date.now();
  const isWriting = ({ method, path }: { method: string; path: string }): boolean =>
    method !== "GET" && !path.endsWith("/sync") && !path.endsWith("/login");
  let written = 0;
  const firstKill = Promise.withResolvers<undefined>();
  move.newServer.setRule((request) => {
    if (isWriting(request) && ++written === 6) firstKill.resolve(undefined);
    return undefined;
  });
  startEvent = await move.typist.say(move.chatId, "!migrate start");
  await firstKill.promise;
  await move.bot.kill();
  for (let kill = 1; kill < KILLS; kill++) {
    // By turns before the server has heard of it, and after it has done it.
    const fault = random() < 0.4 ? ({ kind: "lose-answer" } as const) : undefined;
    // Soon after the start, so that something is left for the next kill.
    const nth = Math.floor(random() * 3);
    const point = { isOfKind: isWriting, nth, afterMs: Math.floor(random() * 20), ...(fault && { fault }) };
    // On whichever server it is: of the old account there is less to be done, only invitations and
    // levels.
    await runUntilKilled(move.bot, [move.oldServer, move.newServer], point);
  }
  const told = Promise.withResolvers<undefined>();
  for (const proxy of [move.oldServer, move.newServer])
    proxy.setRule((request) => (isWriting(request) ? { kind: "hold", until: told.promise } : undefined));
  await move.bot.start();
  await move.waitFor(/is under way[^]*I was restarted in between and resumed by myself\./u);
  told.resolve(undefined);
  for (const proxy of [move.oldServer, move.newServer]) proxy.setRule();
  const end = await move.waitFor(/The move is done\./u);
  expect(textOf(end)).toContain(
    `${enteredRooms(move.population).length} of ${move.population.rooms.length} rooms done.`,
  );
  expect(textOf(end)).toContain(`- ${enteredRooms(move.population).length} rooms joined`);
  expect(textOf(end)).not.toContain("What did not work");
});

it("has the same rooms, direct chats and levels as a move that nothing disturbs", async () => {
  expect(await missingRooms(move)).toEqual([]);
  await move.ask("!migrate plan");
  await move.ask("!migrate start", /There is nothing left/u);
});

it("did nothing twice that others can see", async () => {
  const counts = await countVisibleChanges(move, startedAt);
  expect(counts.size).toBeGreaterThan(20);
  expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
});

it("said everything once, and in the same progress message that it went on after a restart", async () => {
  await move.waitFor(/^The move @\S+ → @\S+ is done since/u);
  const said = await botMessagesBehind(move.typist, move.chatId, {
    botUserId: move.botUserId,
    after: startEvent,
  });
  const progress = said.filter((message) => textOf(message).startsWith(`The move ${move.source.userId} → `));
  expect(progress).toHaveLength(1);
  expect(said.filter((message) => textOf(message).startsWith("Started.")).length).toBe(1);
  expect(said.filter((message) => textOf(message).startsWith("The move is done."))).toHaveLength(1);
  expect(said.filter(({ content }) => content["filename"] === "report-1.json")).toHaveLength(1);
});
