import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { Population } from "../../lab/population/population.ts";
import { populate } from "../../lab/population/population.ts";
import { register } from "../../lab/population/session.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import { roomCategories } from "../../../src/platforms/matrix/planning/room-categories.ts";
import { roomRequestCounts } from "../../../src/platforms/matrix/planning/request-counts.ts";
import { readAndPlan } from "./accounts.ts";
import type { ReadPlan } from "./accounts.ts";
import { joinedRooms, openCourt } from "./court.ts";
import type { Court } from "./court.ts";
import { differences } from "./differences.ts";
import { tryPeople } from "./try-people.ts";
import { tryPower } from "./try-power.ts";
import { carryOut, tryFallbacks, tryWithoutHelp } from "./try-routes.ts";

let folder: string;
let pair: HomeserverPair;
let population: Population;
let made: ReadPlan;
let court: Court;
const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mover-plan-"));
  const names = { old: "old.localhost", new: "new.localhost" };
  pair = await startHomeserverPair({ folder: join(folder, "pair"), limits: "unlimited", names });
  population = await populate({ pair, seed: 4 });
  made = await readAndPlan(pair, population);
  const standIn = await register(pair.new, "new", { localpart: "stand-in", displayName: "Stand-in" });
  court = await openCourt(pair, population, standIn, guarded);
});

afterAll(async () => {
  await guarded.close();
  await pair.stop();
  await rm(folder, { recursive: true });
});

// The tests follow each other: each tries the rooms as the ones before have left them.
describe("a plan for every kind of room", () => {
  it("says of each room what is right for its kind", () => {
    expect(differences(made.plan, population.rooms)).toBe("");
  });

  it.each(["sync", "per_room"] as const)("is the same when the accounts are read by %s", async (how) => {
    const { plan } = await readAndPlan(pair, population, how);
    expect(comparable(plan)).toEqual(comparable(made.plan));
  });

  it("is right about every room when it is tried", { timeout: 600_000 }, async () => {
    await tryWithoutHelp(court, made.plan);
    await carryOut(court, made.plan);
    await tryFallbacks(court, made.plan);
    await tryPeople(court, made.plan);
    const power = await tryPower(court, made.plan, made.source.snapshot);
    process.stdout.write(`${summary(made.plan, court)}\npower: ${JSON.stringify(power)}\n`);
    expect([...court.faults.values()].flat()).toEqual([]);
    expect((await joinedRooms(court.target)).toSorted()).toEqual([...court.entered].toSorted());
  });

  it("is empty once it was carried out, and says so of each room", async () => {
    const { plan } = await readAndPlan(pair, population);
    const { entered } = court;
    const expected = made.plan.rooms.map(({ roomId, route, successor, status, reason }) => {
      if (entered.has(roomId)) return [roomId, "joined", "done", null];
      if (route === "successor") return [roomId, route, entered.has(successor ?? "") ? "done" : status, null];
      return [roomId, route, status, reason?.code ?? null];
    });
    const found = plan.rooms.map(({ roomId, route, status, reason }) => [
      roomId,
      route,
      status,
      reason?.code ?? null,
    ]);
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(plan.order).toEqual([]);
    expect(roomRequestCounts([...plan.rooms, ...plan.replacements])).toEqual({
      invitations: 0,
      joinsNewToServer: 0,
      otherJoins: 0,
      sourceWrites: 0,
      targetWrites: 0,
    });
    const [rooms, levels] = roomCategories(plan.rooms);
    const left = plan.rooms.filter(({ status }) => status !== "done").map(({ roomId }) => roomId);
    expect(rooms).toEqual({
      name: "rooms",
      expected: plan.rooms.length,
      present: plan.rooms.length - left.length,
      missing: left,
    });
    expect(levels?.missing.filter((item) => entered.has(item.split(" ")[0] ?? ""))).toEqual([]);
  });
});

/**
 * Whom a sync shows besides differs between the ways, and with it an estimate and the order of
 * servers; no outcome does.
 */
function comparable({ rooms, replacements, order }: RoomPlan): unknown {
  const rows = [...rooms, ...replacements].map(({ isNewToServer: _, via, ...room }) => ({
    ...room,
    via: via.toSorted(),
  }));
  return {
    rows: rows.toSorted((left, right) => (left.roomId < right.roomId ? -1 : 1)),
    order: order.toSorted(),
  };
}

/** One line: for each route its rooms, and of how many all was right when tried. */
function summary({ rooms }: RoomPlan, { faults }: Court): string {
  const byRoute = Map.groupBy(rooms, ({ route }) => route);
  const figures = [...byRoute].map(([route, rows]) => {
    const right = rows.filter(({ roomId, successor }) => !faults.has(roomId) && !faults.has(successor ?? ""));
    return `${route} ${right.length}/${rows.length}`;
  });
  const right = rooms.filter(({ roomId, successor }) => !faults.has(roomId) && !faults.has(successor ?? ""));
  return `outcomes right when tried: ${right.length}/${rooms.length} (${figures.join(", ")})`;
}
