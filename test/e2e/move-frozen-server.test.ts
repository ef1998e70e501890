import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { countVisibleChanges } from "../support/environments/visible-changes.ts";
import type { Fault, ProxiedRequest } from "../support/faults/fault-proxy.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  startedAt: number;
}

const story = {} as Story;

/** The server does not show the room: it leaves the room out of listings, and its state hangs. */
function hide(roomId: string, { path, method }: ProxiedRequest): Fault | undefined {
  if (path.endsWith("/org.matrix.simplified_msc3575/sync"))
    return { kind: "edit", edit: (answer) => withoutRoom(answer, roomId) };
  const state = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state`;
  const isWhole = path === state || path === `${state}/m.room.create`;
  return method === "GET" && isWhole ? { kind: "hang" } : undefined;
}

function withoutRoom(answer: Record<string, unknown>, roomId: string): Record<string, unknown> {
  const rooms = Object.entries((answer["rooms"] ?? {}) as Record<string, unknown>);
  return { ...answer, rooms: Object.fromEntries(rooms.filter(([id]) => id !== roomId)) };
}

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

  it("continues when the server answers again, reaches its end though the new one does not show a room, and does nothing twice", async () => {
    const { move } = story;
    move.oldServer.setRule();
    const hidden = move.population.rooms.find(({ expected }) => expected.route === "join")?.roomId ?? "";
    move.newServer.setRule((request) => hide(hidden, request));
    move.pair.old.resume();
    expect(await move.ask("!migrate resume", /^The move is resumed\./u)).toContain("!migrate status");
    const end = await move.waitFor(/The move is done\./u);
    expect(textOf(end)).toContain("does not show this room just now.");
    const { rooms } = await move.reportFile("report-1.json");
    expect(rooms.filter(({ reason }) => reason?.code === "unreadable")).toMatchObject([
      { roomId: hidden, route: "ask_moderator", status: "waiting", waitingFor: "room", helpers: [] },
    ]);
    move.newServer.setRule();
    expect(await missingRooms(move)).toEqual([]);
    const counts = await countVisibleChanges(move, story.startedAt);
    expect(counts.size).toBeGreaterThan(10);
    expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
  });
});
