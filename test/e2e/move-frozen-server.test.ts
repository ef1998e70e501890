import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { countVisibleChanges } from "../support/environments/visible-changes.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  startedAt: number;
}

const story = {} as Story;

describe("a move whose server stops answering", () => {
  beforeAll(async () => {
    story.move = await createFaultyMoveEnvironment({ seed: 61, rooms: { count: 20 } });
  });

  afterAll(() => story.move.close());

  it("can be paused although requests get no answer, and does not claim to know their effect", async () => {
    const { move } = story;
    await move.ask("!migrate plan");
    story.startedAt = Date.now();
    const isHeld = Promise.withResolvers<undefined>();
    const isFrozen = Promise.withResolvers<undefined>();
    move.oldServer.setRule((request) => {
      if (!request.path.endsWith("/invite")) return undefined;
      isHeld.resolve(undefined);
      return { kind: "hold", until: isFrozen.promise };
    });
    await move.ask("!migrate start", /^Started\./u);
    await isHeld.promise;
    move.pair.old.pause();
    isFrozen.resolve(undefined);
    const paused = await move.ask("!migrate pause", /^The move is paused\./u);
    expect(paused).toContain(
      "A server has not answered my last request yet. Before I repeat it, I check whether it is done.",
    );
  });

  it("continues when the server answers again, reaches its end, and does nothing twice", async () => {
    const { move } = story;
    move.oldServer.setRule();
    move.pair.old.resume();
    expect(await move.ask("!migrate resume", /^The move is resumed\./u)).toContain("!migrate status");
    await move.waitFor(/The move is done\./u);
    expect(await missingRooms(move)).toEqual([]);
    const counts = await countVisibleChanges(move, story.startedAt);
    expect(counts.size).toBeGreaterThan(10);
    expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
  });
});
