import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import { enteredRooms, missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { countVisibleChanges } from "../support/environments/visible-changes.ts";
import { runUntilKilled } from "../support/faults/crash-points.ts";
import { seededRandom } from "../support/seeded-random.ts";

const SEED = 20_260_201;
const KILLS = 8;

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  startedAt: number;
  startEvent: string;
}

const story = {} as Story;

describe("a move in which the bot is killed", () => {
  beforeAll(async () => {
    story.move = await createFaultyMoveEnvironment({ seed: 21, rooms: { count: 40 } });
  });

  afterAll(() => story.move.close());

  it("reaches its end in spite of many kills", async () => {
    const { move } = story;
    const random = seededRandom(SEED);
    await move.ask("!migrate plan");
    story.startedAt = Date.now();
    const isWriting = ({ method, path }: { method: string; path: string }): boolean =>
      method !== "GET" && !path.endsWith("/sync") && !path.endsWith("/login");
    let written = 0;
    const firstKill = Promise.withResolvers<undefined>();
    move.newServer.setRule((request) => {
      if (isWriting(request) && ++written === 6) firstKill.resolve(undefined);
      return undefined;
    });
    story.startEvent = await move.typist.say(move.chatId, "!migrate start");
    await firstKill.promise;
    await move.bot.kill();
    for (let kill = 1; kill < KILLS; kill++) {
      // In turn before the server gets the request and after it has handled it.
      const fault = random() < 0.4 ? ({ kind: "lose-answer" } as const) : undefined;
      // Soon after the start, so that steps are left for the next kill.
      const nth = Math.floor(random() * 3);
      const point = { isOfKind: isWriting, nth, afterMs: Math.floor(random() * 20), ...(fault && { fault }) };
      // On either server. The old account has fewer writes: only invitations and power levels.
      await runUntilKilled(move.bot, [move.oldServer, move.newServer], point);
    }
    const released = Promise.withResolvers<undefined>();
    for (const proxy of [move.oldServer, move.newServer])
      proxy.setRule((request) =>
        isWriting(request) ? { kind: "hold", until: released.promise } : undefined,
      );
    await move.bot.start();
    await move.waitFor(/is under way[^]*I was restarted in between and resumed by myself\./u);
    released.resolve(undefined);
    for (const proxy of [move.oldServer, move.newServer]) proxy.setRule();
    const end = await move.waitFor(/The move is done\./u);
    expect(textOf(end)).toContain(
      `${enteredRooms(move.population).length} of ${move.population.rooms.length} rooms done.`,
    );
    expect(textOf(end)).toContain(`- ${enteredRooms(move.population).length} rooms joined`);
    expect(textOf(end)).not.toContain("What did not work");
  });

  it("has the same rooms, direct chats and levels as an undisturbed move", async () => {
    const { move } = story;
    expect(await missingRooms(move)).toEqual([]);
    await move.ask("!migrate plan");
    await move.ask("!migrate start", /There is nothing left/u);
  });

  it("does nothing twice that others can see", async () => {
    const counts = await countVisibleChanges(story.move, story.startedAt);
    expect(counts.size).toBeGreaterThan(20);
    expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
  });

  it("says everything once, and says in the same progress message that it continued after a restart", async () => {
    const { move } = story;
    await move.waitFor(/^The move @\S+ → @\S+ is done since/u);
    const said = await botMessagesBehind(move.typist, move.chatId, {
      botUserId: move.botUserId,
      after: story.startEvent,
    });
    const progress = said.filter((message) =>
      textOf(message).startsWith(`The move ${move.source.userId} → `),
    );
    expect(progress).toHaveLength(1);
    expect(said.filter((message) => textOf(message).startsWith("Started.")).length).toBe(1);
    expect(said.filter((message) => textOf(message).startsWith("The move is done."))).toHaveLength(1);
    expect(said.filter(({ content }) => content["filename"] === "report-1.json")).toHaveLength(1);
  });
});
