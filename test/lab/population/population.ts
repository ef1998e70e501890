/*
 * A person with an account on each of two real homeservers, other people, and rooms of every kind.
 * The plan must be right about them, and the benchmark measures them.
 *
 * Populate under unlimited limits. Then the pair's folder may be copied and started with other
 * limits. The same seed gives the same people, names, kinds and order. Room IDs differ, because
 * servers choose them.
 */
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import type { Homeserver, HomeserverPair } from "../homeservers/pair.ts";
import { IMPOSSIBLE_KINDS, KINDS } from "./kinds/all.ts";
import type { Kind, RoomOfKind } from "./kinds/kind.ts";
import { hostOf } from "./kinds/shut-out.ts";
import { mixOf } from "./mix.ts";
import type { KindNotMade, PopulatedPerson, PopulatedRoom, Population } from "./model.ts";
import { personNames, roomNames } from "./names.ts";
import type { Participants } from "./room-fixture.ts";
import { openRoomFixture } from "./room-fixture.ts";
import type { Dice } from "./seed.ts";
import { dice } from "./seed.ts";
import type { PopulationSession } from "./session.ts";
import { openPopulationSession, register } from "./session.ts";
import { writeProfile, writeSourceData } from "./source-data.ts";

export type { Expected, PopulatedPerson, PopulatedRoom, Population } from "./model.ts";

export interface PopulateOptions {
  /**
   * Two running servers without request limits. The kinds about server ACLs need different host
   * names.
   */
  readonly pair: Pick<HomeserverPair, "old" | "new">;
  readonly seed: number;
  /** Number of other people on each server. Minimum and default: 30 and 4. */
  readonly people?: { readonly old: number; readonly new: number };
  /**
   * Every kind once, or this many rooms of the source in the proportions of a real account.
   * Default: one of each.
   */
  readonly rooms?: "one of each" | { readonly count: number };
  /** Local parts of the two accounts. Default: made from the seed. */
  readonly localparts?: { readonly source: string; readonly target: string };
  /**
   * Maximum number of requests under way. Default 6: more does not help servers of one core each.
   */
  readonly concurrency?: number;
}

interface Inhabitants {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  readonly old: readonly PopulationSession[];
  readonly new: readonly PopulationSession[];
  readonly bridge: PopulationSession;
}

/** @throws HomeserverError for anything that a server refuses: no kind is left out silently */
export async function populate(options: PopulateOptions): Promise<Population> {
  const { pair, seed, rooms = "one of each", concurrency = 6 } = options;
  const chance = dice(seed);
  const fetch = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  try {
    const people = await settle(options, chance, (server, person) =>
      openPopulationSession(server, person, fetch),
    );
    const profile = await writeProfile(people.source);
    const isOneOfEach = rooms === "one of each";
    const { kinds, notMade } = isOneOfEach
      ? kindsFor(pair)
      : { kinds: mixOf(rooms.count, chance), notMade: [] };
    const made = await makeRooms(kinds, { people, chance, seed, concurrency, hasCompany: !isOneOfEach });
    const listed = made.flatMap(toListed);
    const data = await writeSourceData(people.source, people.target, listed, concurrency);
    return {
      source: plain(people.source),
      target: plain(people.target),
      people: [...people.old, ...people.new, people.bridge].map(plain),
      rooms: listed,
      unlisted: made.flatMap(({ roomId, kind, name, expected }) =>
        expected === null ? [{ roomId, kind, name }] : [],
      ),
      notMade,
      sourceData: { ...profile, ...data },
    };
  } finally {
    await fetch.close();
  }
}

/**
 * Registers everybody. The seed is part of their names, so that two populations can share a pair.
 */
async function settle(
  { pair, seed, people = { old: 30, new: 4 }, localparts, concurrency = 6 }: PopulateOptions,
  chance: Dice,
  open: (server: Homeserver, person: PopulatedPerson) => PopulationSession,
): Promise<Inhabitants> {
  const tag = seed.toString(36);
  const counts = { old: Math.max(30, people.old), new: Math.max(4, people.new) };
  const [own = "", ...names] = personNames(chance, counts.old + counts.new + 1);
  const person = (
    side: "old" | "new",
    displayName: string,
    localpart = `${localpartOf(displayName)}-${tag}`,
  ) => ({ side, displayName, localpart });
  const persons = [
    person("old", own, localparts?.source),
    person("new", own, localparts?.target),
    person("old", "Bridge", `bridge-${tag}`),
    ...names.map((name, index) => person(index < counts.old ? "old" : "new", name)),
  ];
  const [source, target, bridge, ...others] = await concurrently(
    persons,
    concurrency,
    async ({ side, displayName, localpart }) =>
      open(pair[side], await register(pair[side], side, { localpart, displayName })),
  );
  if (source === undefined || target === undefined || bridge === undefined)
    throw new Error("nobody was registered");
  return { source, target, bridge, old: others.slice(0, counts.old), new: others.slice(counts.old) };
}

function localpartOf(displayName: string): string {
  return displayName.toLowerCase().replaceAll(/[^a-z0-9]+/g, ".");
}

/** The kinds that these two servers allow, and the others. */
function kindsFor(pair: PopulateOptions["pair"]): { kinds: Kind[]; notMade: KindNotMade[] } {
  const haveOwnHosts = hostOf(pair.old.serverName) !== hostOf(pair.new.serverName);
  const [kinds, others] = [true, false].map((isMade) =>
    KINDS.filter((kind) => (haveOwnHosts || kind.needsOwnHosts !== true) === isMade),
  );
  const why = "both servers have the same host name, and server ACLs do not look at ports";
  return {
    kinds: kinds ?? [],
    notMade: [...IMPOSSIBLE_KINDS, ...(others ?? []).map(({ name }) => ({ kind: name, why }))],
  };
}

interface Making {
  readonly people: Inhabitants;
  readonly chance: Dice;
  readonly seed: number;
  readonly concurrency: number;
  readonly hasCompany: boolean;
}

async function makeRooms(kinds: readonly Kind[], making: Making): Promise<RoomOfKind[]> {
  const { people, chance, seed, concurrency, hasCompany } = making;
  const names = roomNames(
    chance,
    kinds.reduce((sum, kind) => sum + (kind.names ?? 1), 0),
  );
  // Everything random is decided before the first request, so that it does not depend on the timing
  // of answers.
  const tasks = kinds.map((kind, index) => {
    const participants = castFor(people, index, hasCompany ? companySize(chance) : 0);
    const fixture = openRoomFixture(
      participants,
      names.splice(0, kind.names ?? 1),
      `${seed.toString(36)}-${index}`,
    );
    return { kind, run: () => kind.make(fixture) };
  });
  const spaces = tasks.filter(({ kind }) => kind.name === "shared-space");
  const others = tasks.filter(({ kind }) => kind.name !== "shared-space");
  const made = [
    ...(await concurrently(spaces, concurrency, ({ run }) => run())),
    ...(await concurrently(others, concurrency, ({ run }) => run())),
  ];
  return made.flat();
}

/** Each kind gets other people, so that many people make rooms. */
function castFor(people: Inhabitants, index: number, companions: number): Participants {
  const { source, target, bridge } = people;
  const person = (offset: number): PopulationSession =>
    people.old[(index * 3 + offset) % people.old.length] ?? source;
  return {
    source,
    target,
    bridge,
    admin: person(0),
    moderator: person(1),
    member: person(2),
    foreigner: people.new[index % people.new.length] ?? target,
    allOldPeople: people.old,
    members: Array.from({ length: companions }, (_, offset) => person(3 + offset)),
  };
}

/** Most rooms are small, some are not. */
function companySize(chance: Dice): number {
  const roll = chance.roll(40);
  return roll === 0 ? 20 : roll % 3;
}

function toListed({ expected, directWith, ...room }: RoomOfKind): PopulatedRoom[] {
  return expected === null ? [] : [{ ...room, directWith: directWith ?? null, expected }];
}

function plain({ userId, password, accessToken, displayName, side }: PopulationSession): PopulatedPerson {
  return { userId, password, accessToken, displayName, side };
}
