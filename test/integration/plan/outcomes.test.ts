import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import { roomRequestCounts } from "../../../src/platforms/matrix/planning/request-counts.ts";
import { roomCategories } from "../../../src/platforms/matrix/planning/room-categories.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { Population } from "../../lab/population/population.ts";
import { populate } from "../../lab/population/population.ts";
import { checkClaims } from "../../support/join-check/check-claims.ts";
import { claimsOfPlan } from "../../support/join-check/claim.ts";
import type { JoinCheck } from "../../support/join-check/join-check.ts";
import { openJoinCheck } from "../../support/join-check/join-check.ts";
import { joinedRooms } from "../../support/join-check/requests.ts";
import { checkPower } from "./check-power.ts";
import { differences } from "./differences.ts";
import type { ReadPlan } from "./read-and-plan.ts";
import { readAndPlan } from "./read-and-plan.ts";

/** What the tests of this file share. */
interface Fixture {
  folder: string;
  pair: HomeserverPair;
  population: Population;
  made: ReadPlan;
  check: JoinCheck;
}

const fixture = {} as Fixture;
const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

beforeAll(async () => {
  fixture.folder = await mkdtemp(join(tmpdir(), "mover-plan-"));
  const names = { old: "old.localhost", new: "new.localhost" };
  fixture.pair = await startHomeserverPair({
    folder: join(fixture.folder, "pair"),
    limits: "unlimited",
    names,
  });
  fixture.population = await populate({ pair: fixture.pair, seed: 4 });
  fixture.made = await readAndPlan(fixture.pair, fixture.population);
  fixture.check = await openJoinCheck(fixture.pair, fixture.population, guarded);
});

afterAll(async () => {
  const { folder, pair } = fixture;
  await guarded.close();
  await pair.stop();
  await rm(folder, { recursive: true });
});

// The tests depend on each other: each one continues with the rooms of the one before.
describe("a plan for every kind of room", () => {
  it("has the expected row for each kind of room", () => {
    const { population, made } = fixture;
    expect(differences(made.plan, population.rooms)).toBe("");
  });

  it.each(["sync", "per_room"] as const)("is the same when the accounts are read by %s", async (how) => {
    const { pair, population, made } = fixture;
    const { plan } = await readAndPlan(pair, population, how);
    expect(comparable(plan)).toEqual(comparable(made.plan));
  });

  it("is confirmed by the servers for every room", { timeout: 600_000 }, async () => {
    const { made, check } = fixture;
    await checkClaims(check, claimsOfPlan(made.plan));
    const power = await checkPower(check, made.plan, made.source.snapshot);
    process.stdout.write(`${summary(made.plan, check)}\npower: ${JSON.stringify(power)}\n`);
    expect([...check.faults.values()].flat()).toEqual([]);
    expect((await joinedRooms(check.target)).toSorted()).toEqual([...check.entered].toSorted());
  });

  it("is empty after its run, with every room done or waiting for people", async () => {
    const { pair, population, made, check } = fixture;
    const { plan } = await readAndPlan(pair, population);
    const { entered } = check;
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
    const [rooms] = roomCategories(plan.rooms);
    const left = plan.rooms.filter(({ status }) => status !== "done").map(({ roomId }) => roomId);
    expect(rooms).toEqual({
      name: "rooms",
      expected: plan.rooms.length,
      present: plan.rooms.length - left.length,
      missing: left,
    });
    // The new account's server learns by federation which power was written on the other one.
    const missingPowers = async (): Promise<unknown> => {
      const [, levels] = roomCategories((await readAndPlan(pair, population)).plan.rooms);
      return levels?.missing.filter((item) => entered.has(item.split(" ")[0] ?? ""));
    };
    await expect.poll(missingPowers, { interval: 500 }).toEqual([]);
  });
});

/**
 * The reading methods return different other members. So one estimate and the order of `via`
 * servers differ, but no outcome.
 */
function comparable({ rooms, replacements, order }: RoomPlan): unknown {
  const rows = [...rooms, ...replacements].map(({ isNewToServer: _, via, facts, ...room }) => ({
    ...room,
    via: via.toSorted(),
    // Not every way of reading shows when an event was sent, or its position.
    facts: Object.entries(facts).map(([name, fact]) => [name, fact?.value ?? null]),
  }));
  return {
    rows: rows.toSorted((left, right) => (left.roomId < right.roomId ? -1 : 1)),
    order: order.toSorted(),
  };
}

/** One line with the number of confirmed rooms and of all rooms, by route. */
function summary({ rooms }: RoomPlan, { faults }: JoinCheck): string {
  const byRoute = Map.groupBy(rooms, ({ route }) => route);
  const figures = [...byRoute].map(([route, rows]) => {
    const right = rows.filter(({ roomId, successor }) => !faults.has(roomId) && !faults.has(successor ?? ""));
    return `${route} ${right.length}/${rows.length}`;
  });
  const right = rooms.filter(({ roomId, successor }) => !faults.has(roomId) && !faults.has(successor ?? ""));
  return `outcomes confirmed: ${right.length}/${rooms.length} (${figures.join(", ")})`;
}
