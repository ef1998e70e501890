import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
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

const syncAnswer = z.object({
  rooms: z.object({
    join: z.record(z.string(), z.unknown()).default({}),
    invite: z.record(z.string(), z.unknown()).default({}),
    knock: z.record(z.string(), z.unknown()).default({}),
  }),
  account_data: z.object({ events: z.array(z.object({ type: z.string(), content: z.unknown() })) }),
});

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

describe("a population with every kind of room", () => {
  it("lists exactly the rooms that the source has joined, is invited to or has knocked on", async () => {
    const { population } = fixture;
    const { rooms } = syncAnswer.parse(await asSource("/sync?timeout=0"));
    const known = [rooms.join, rooms.invite, rooms.knock].flatMap((section) => Object.keys(section));
    expect(population.rooms.map(({ roomId }) => roomId).toSorted()).toEqual(known.toSorted());
    expect(population.unlisted.filter(({ roomId }) => known.includes(roomId))).toEqual([]);
  });

  it("holds the account data that it lists", async () => {
    const { population } = fixture;
    const { account_data: held } = syncAnswer.parse(await asSource("/sync?timeout=0"));
    const byType = Object.fromEntries(held.events.map(({ type, content }) => [type, content]));
    const { accountData, tags, readMarkers, roomProfiles, markedUnread, pushRules, profile } =
      population.sourceData;
    expect(byType).toMatchObject(accountData);
    for (const [roomId, expected] of Object.entries(tags)) {
      const { tags: present } = z
        .object({ tags: z.record(z.string(), z.unknown()) })
        .parse(
          await asSource(
            `/user/${encodeURIComponent(population.source.userId)}/rooms/${encodeURIComponent(roomId)}/tags`,
          ),
        );
      expect(Object.keys(present)).toEqual(expect.arrayContaining(Object.keys(expected)));
    }
    expect(await asSource(`/profile/${encodeURIComponent(population.source.userId)}`)).toMatchObject(profile);
    const rules = JSON.stringify(await asSource("/pushrules/"));
    for (const rule of pushRules) expect(rules).toContain(rule.slice(rule.indexOf("/") + 1));
    expect([readMarkers, roomProfiles, markedUnread].map((each) => Object.keys(each).length > 0)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each([
    { kind: "encrypted", type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    { kind: "history-joined", type: "m.room.history_visibility", content: { history_visibility: "joined" } },
    {
      kind: "history-invited",
      type: "m.room.history_visibility",
      content: { history_visibility: "invited" },
    },
    {
      kind: "history-world-readable",
      type: "m.room.history_visibility",
      content: { history_visibility: "world_readable" },
    },
    { kind: "policy-server", type: "m.room.policy", content: { via: "policy.example" } },
    { kind: "space", type: "m.room.create", content: { type: "m.space" } },
    { kind: "not-federated", type: "m.room.create", content: { "m.federate": false } },
    { kind: "version-1-public", type: "m.room.create", content: { room_version: "1" } },
    { kind: "version-12-public", type: "m.room.create", content: { room_version: "12" } },
    { kind: "private", type: "m.room.join_rules", content: { join_rule: "private" } },
    { kind: "unknown-rule", type: "m.room.join_rules", content: { join_rule: "org.example.by_password" } },
    { kind: "strange-texts", type: "m.room.name", content: { name: expect.stringContaining("\u202E") } },
    {
      kind: "aliases",
      type: "m.room.canonical_alias",
      content: { alt_aliases: [expect.stringContaining("#room-")] },
    },
    { kind: "upgrade-taken-back", type: "m.room.tombstone", content: {} },
  ])("makes $kind rooms with their $type", async ({ kind, type, content }) => {
    const room = fixture.population.rooms.find((each) => each.kind === kind);
    expect(await asSource(`/rooms/${encodeURIComponent(room?.roomId ?? "")}/state/${type}`)).toMatchObject(
      content,
    );
  });
});

// The tests depend on each other: each one continues with the rooms of the one before.
describe("a plan for every kind of room", () => {
  // The servers confirm the plan below, and with it what is expected of each kind.
  it("has the expected row for each kind of room", () => {
    const { population, made } = fixture;
    expect(differences(made.plan, population.rooms)).toBe("");
  });

  it.each(["sync", "per_room"] as const)("is the same when the accounts are read by %s", async (how) => {
    const { pair, population, made } = fixture;
    const { plan } = await readAndPlan(pair, population, how);
    expect(comparable(plan)).toEqual(comparable(made.plan));
  });

  it("is confirmed by the servers for every room", async () => {
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

async function asSource(path: string): Promise<unknown> {
  const { pair, population } = fixture;
  const response = await fetch(`${pair.old.baseUrl}/_matrix/client/v3${path}`, {
    headers: { authorization: `Bearer ${population.source.accessToken}` },
  });
  return await response.json();
}

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
