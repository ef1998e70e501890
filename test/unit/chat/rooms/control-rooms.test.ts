import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlRooms } from "../../../../src/chat/rooms/control-rooms.ts";
import type { Store } from "../../../../src/store/store.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";
import { bareAnswer, refusal } from "../fake-client.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ALIAS = "#moving:x.org";
const ROOM = "!room:x.org";
const NEXT = "!next:x.org";

async function setUp() {
  const { store, reopen } = await temporaryStore();
  const joins: string[] = [];
  const server: {
    aliases: Map<string, string>;
    joined: Set<string>;
    closed: Set<string>;
    state: Map<string, object>;
    isAway: boolean;
  } = {
    aliases: new Map([[ALIAS, ROOM]]),
    joined: new Set([ROOM]),
    closed: new Set(),
    state: new Map(),
    isAway: false,
  };
  const client = {
    resolveRoom: async (name: string) => {
      if (server.isAway) throw bareAnswer(502);
      const roomId = name.startsWith("#") ? server.aliases.get(name) : name;
      if (roomId === undefined) throw refusal(404, "M_NOT_FOUND");
      return roomId;
    },
    joinRoom: async (name: string, via: string[] = []) => {
      joins.push([name, ...via].join(" "));
      const roomId = server.aliases.get(name) ?? name;
      if (server.closed.has(roomId)) throw refusal(403, "M_FORBIDDEN");
      server.joined.add(roomId);
      return roomId;
    },
    getJoinedRooms: async () => [...server.joined],
    doRequest: async (_method: string, path: string) => {
      const [, roomId, type] = /rooms\/(.*)\/state\/(.*)\/$/u.exec(decodeURIComponent(path)) ?? [];
      const content = server.state.get(`${roomId} ${type}`);
      if (content === undefined) throw refusal(404, "M_NOT_FOUND");
      return content;
    },
  };
  const roomsOf = (from: Store) =>
    new ControlRooms({
      client,
      configured: [ALIAS],
      state: from.bot,
      now: () => Date.now(),
      monotonicNow: () => performance.now(),
      log: pino({ enabled: false }),
    });
  return { rooms: roomsOf(store), roomsOf, reopen, server, joins };
}

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe("a control room whose alias cannot be looked up", () => {
  it("is known from the last start", async () => {
    const { rooms, roomsOf, reopen, server } = await setUp();
    await rooms.find();
    server.isAway = true;
    const next = roomsOf(await reopen());
    await next.find();
    expect([...next.ids]).toEqual([ROOM]);
    expect(next.areAllKnown).toBe(true);
  });

  it("is looked up again, and does not count as another room meanwhile", async () => {
    const { rooms, server } = await setUp();
    server.isAway = true;
    server.state.set(`${ROOM} m.room.canonical_alias`, { alias: ALIAS });
    server.state.set(`!alt:x.org m.room.canonical_alias`, { alt_aliases: ["#more:x.org", ALIAS] });
    server.state.set(`!else:x.org m.room.canonical_alias`, { alias: "#else:x.org" });
    await rooms.find();
    expect(rooms.areAllKnown).toBe(false);
    expect(await rooms.mayBe(ROOM)).toBe(true);
    expect(await rooms.mayBe("!alt:x.org")).toBe(true);
    expect(await rooms.mayBe("!else:x.org")).toBe(false);
    expect(await rooms.mayBe("!nameless:x.org")).toBe(false);
    rooms.start();
    await pass();
    server.isAway = false;
    await pass(60_000);
    expect([...rooms.ids]).toEqual([ROOM]);
    expect(await rooms.mayBe("!alt:x.org")).toBe(false);
    await rooms.stop();
  });
});

describe("a control room that the bot is no longer in", () => {
  it("is entered again", async () => {
    const { rooms, server, joins } = await setUp();
    await rooms.find();
    rooms.start();
    await pass();
    expect(joins).toEqual([]);
    server.joined.clear();
    rooms.left(ROOM);
    await pass();
    expect(joins).toEqual([ALIAS]);
    rooms.left("!else:x.org");
    await pass(3_600_000);
    expect(joins).toHaveLength(1);
    await rooms.stop();
  });

  it("is asked with growing pauses while it is closed, and entered when it opens", async () => {
    const { rooms, server, joins } = await setUp();
    server.joined.clear();
    server.closed.add(ROOM);
    await rooms.find();
    rooms.start();
    await pass(24 * 3_600_000);
    expect(joins.length).toBeGreaterThan(20);
    expect(joins.length).toBeLessThan(40);
    server.closed.clear();
    await pass(3_600_000);
    expect(server.joined.has(ROOM)).toBe(true);
    await rooms.stop();
  });
});

describe("a control room that was replaced", () => {
  it("is followed to its replacement, over a restart too", async () => {
    const { rooms, roomsOf, reopen, joins } = await setUp();
    await rooms.find();
    rooms.start();
    await rooms.replaced(ROOM, { replacement_room: NEXT });
    await pass();
    expect(joins).toEqual([`${NEXT} x.org`]);
    expect([...rooms.ids]).toEqual([ROOM, NEXT]);
    expect(rooms.currentOf(ROOM)).toBe(NEXT);
    await rooms.stop();
    const next = roomsOf(await reopen());
    await next.find();
    expect([...next.ids]).toEqual([ROOM, NEXT]);
  });

  it("while the bot was away is followed at the start, however often it was replaced", async () => {
    const { rooms, server, joins } = await setUp();
    server.state.set(`${ROOM} m.room.tombstone`, { replacement_room: NEXT });
    server.state.set(`${NEXT} m.room.tombstone`, { replacement_room: "!last:y.org" });
    await rooms.find();
    rooms.start();
    await pass(10 * 60_000);
    expect(rooms.currentOf(ROOM)).toBe("!last:y.org");
    expect(joins).toEqual([`${NEXT} x.org`, "!last:y.org y.org x.org"]);
    await rooms.stop();
  });

  it.each<{ name: string; tombstone: unknown }>([
    { name: "by nothing", tombstone: { body: "closed" } },
    { name: "by what is no room", tombstone: { replacement_room: "#alias:x.org" } },
    { name: "by itself", tombstone: { replacement_room: ROOM } },
    { name: "in an odd way", tombstone: null },
  ])("$name stays the control room", async ({ tombstone }) => {
    const { rooms } = await setUp();
    await rooms.find();
    await rooms.replaced(ROOM, tombstone);
    expect(rooms.currentOf(ROOM)).toBe(ROOM);
  });

  it("is not followed if it is no control room", async () => {
    const { rooms } = await setUp();
    await rooms.find();
    await rooms.replaced("!else:x.org", { replacement_room: NEXT });
    expect([...rooms.ids]).toEqual([ROOM]);
  });
});
