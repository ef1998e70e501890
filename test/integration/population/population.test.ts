import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulatedRoom, Population } from "../../lab/population/population.ts";
import { populate } from "../../lab/population/population.ts";
import { tryOutcomes } from "./trial.ts";

const syncAnswer = z.object({
  rooms: z.object({
    join: z.record(z.string(), z.unknown()).default({}),
    invite: z.record(z.string(), z.unknown()).default({}),
    knock: z.record(z.string(), z.unknown()).default({}),
  }),
  account_data: z.object({ events: z.array(z.object({ type: z.string(), content: z.unknown() })) }),
});

let folder: string;
let pair: HomeserverPair;
let population: Population;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mover-population-"));
  const names = { old: "old.localhost", new: "new.localhost" };
  pair = await startHomeserverPair({ folder: join(folder, "pair"), limits: "unlimited", names });
  const startedAt = performance.now();
  population = await populate({ pair, seed: 4 });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    `${population.rooms.length} rooms of ${kindCount(population.rooms)} kinds in ${seconds} s\n`,
  );
});

afterAll(async () => {
  await pair.stop();
  await rm(folder, { recursive: true });
});

describe("a population", () => {
  it("lists exactly the rooms that the source has joined, is invited to or knocks at", async () => {
    const { rooms } = syncAnswer.parse(await asSource("/sync?timeout=0"));
    const known = [rooms.join, rooms.invite, rooms.knock].flatMap((section) => Object.keys(section));
    expect(population.rooms.map(({ roomId }) => roomId).toSorted()).toEqual(known.toSorted());
    expect(population.unlisted.filter(({ roomId }) => known.includes(roomId))).toEqual([]);
  });

  it("holds the account data it says", async () => {
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
    ["encrypted", "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" }],
    ["history-joined", "m.room.history_visibility", { history_visibility: "joined" }],
    ["history-invited", "m.room.history_visibility", { history_visibility: "invited" }],
    ["history-world-readable", "m.room.history_visibility", { history_visibility: "world_readable" }],
    ["policy-server", "m.room.policy", { via: "policy.example" }],
    ["space", "m.room.create", { type: "m.space" }],
    ["not-federated", "m.room.create", { "m.federate": false }],
    ["version-1-public", "m.room.create", { room_version: "1" }],
    ["version-12-public", "m.room.create", { room_version: "12" }],
    ["private", "m.room.join_rules", { join_rule: "private" }],
    ["unknown-rule", "m.room.join_rules", { join_rule: "org.example.by_password" }],
    ["strange-texts", "m.room.name", { name: expect.stringContaining("\u202E") }],
    ["aliases", "m.room.canonical_alias", { alt_aliases: [expect.stringContaining("#room-")] }],
    ["upgrade-taken-back", "m.room.tombstone", {}],
  ])("makes %s rooms with their %s", async (kind, type, content) => {
    const room = population.rooms.find((each) => each.kind === kind);
    expect(await asSource(`/rooms/${encodeURIComponent(room?.roomId ?? "")}/state/${type}`)).toMatchObject(
      content,
    );
  });

  it("is right in every room about who gets in, how, and who can help", { timeout: 300_000 }, async () => {
    const startedAt = performance.now();
    const outcomes = population.rooms.map(({ roomId, kind, expected }) => ({ roomId, kind, ...expected }));
    const { wrong, tried } = await tryOutcomes(pair, population, outcomes);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`tried in ${seconds} s: ${JSON.stringify(tried)}\n`);
    expect(wrong).toEqual([]);
  });
});

async function asSource(path: string): Promise<unknown> {
  const response = await fetch(`${pair.old.baseUrl}/_matrix/client/v3${path}`, {
    headers: { authorization: `Bearer ${population.source.accessToken}` },
  });
  return await response.json();
}

function kindCount(rooms: readonly PopulatedRoom[]): number {
  return new Set(rooms.map(({ kind }) => kind)).size;
}
