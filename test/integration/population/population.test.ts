import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulatedRoom, Population } from "../../lab/population/population.ts";
import { populate } from "../../lab/population/population.ts";
import { checkClaims } from "../../support/join-check/check-claims.ts";
import { claimsOfPopulation } from "../../support/join-check/claim.ts";
import { openJoinCheck } from "../../support/join-check/join-check.ts";
import { joinedRooms } from "../../support/join-check/requests.ts";

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
}

const fixture = {} as Fixture;
const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

beforeAll(async () => {
  fixture.folder = await mkdtemp(join(tmpdir(), "mover-population-"));
  const names = { old: "old.localhost", new: "new.localhost" };
  fixture.pair = await startHomeserverPair({
    folder: join(fixture.folder, "pair"),
    limits: "unlimited",
    names,
  });
  const startedAt = performance.now();
  fixture.population = await populate({ pair: fixture.pair, seed: 4 });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    `${fixture.population.rooms.length} rooms of ${kindCount(fixture.population.rooms)} kinds in ${seconds} s\n`,
  );
});

afterAll(async () => {
  const { folder, pair } = fixture;
  await guarded.close();
  await pair.stop();
  await rm(folder, { recursive: true });
});

describe("a population", () => {
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

  it("knows for every room who can enter, how, and who can help", async () => {
    const { pair, population } = fixture;
    const startedAt = performance.now();
    const check = await openJoinCheck(pair, population, guarded);
    const claims = claimsOfPopulation(population);
    await checkClaims(check, claims);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const byRoute = Object.entries(Object.groupBy(claims.rooms, ({ route }) => route));
    const counts = byRoute.map(([route, rooms]) => `${route} ${rooms.length}`).join(", ");
    process.stdout.write(`checked in ${seconds} s: ${counts}\n`);
    expect([...check.faults.values()].flat()).toEqual([]);
    expect((await joinedRooms(check.target)).toSorted()).toEqual([...check.entered].toSorted());
  });
});

async function asSource(path: string): Promise<unknown> {
  const { pair, population } = fixture;
  const response = await fetch(`${pair.old.baseUrl}/_matrix/client/v3${path}`, {
    headers: { authorization: `Bearer ${population.source.accessToken}` },
  });
  return await response.json();
}

function kindCount(rooms: readonly PopulatedRoom[]): number {
  return new Set(rooms.map(({ kind }) => kind)).size;
}
