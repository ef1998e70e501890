import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { enteredRooms, missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { SmallDisk } from "../support/store/small-disk.ts";

/** What the tests of this file share. */
interface Story {
  disk: SmallDisk;
  move: FaultyMoveEnvironment;
}

const story = {} as Story;

describe("a move during which the disk is full", () => {
  beforeAll(async () => {
    story.disk = new SmallDisk("32m");
    story.move = await createFaultyMoveEnvironment({
      seed: 33,
      rooms: { count: 12 },
      configuration: { dataDir: story.disk.folder },
    });
  });

  afterAll(async () => {
    await story.move.close().finally(() => story.disk.remove());
  });

  it("says so in the log and goes on by itself when there is room", async () => {
    const { move, disk } = story;
    const processId = move.bot.processId;
    await move.ask("!migrate plan");
    let written = 0;
    move.newServer.setRule(({ method, path }) => {
      if (method !== "GET" && !path.endsWith("/sync") && ++written === 4) disk.fill();
      return undefined;
    });
    await move.typist.say(move.chatId, "!migrate start");
    const isToldFull = (): boolean => move.bot.output().includes("The disk is full");
    await expect.poll(isToldFull).toBe(true);
    expect(move.bot.output()).not.toContain("cannot rollback");
    disk.free();
    const end = textOf(await move.waitFor(/The move is done\./u));
    expect(end).toContain(
      `${enteredRooms(move.population).length} of ${move.population.rooms.length} rooms done.`,
    );
    expect(end).not.toContain("What did not work");
    expect(await missingRooms(move)).toEqual([]);
    // No restart was needed, and the bot still answers.
    expect(move.bot.processId).toBe(processId);
    await move.ask("!migrate start", /There is nothing left/u);
  });
});
