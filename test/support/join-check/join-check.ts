import type { GuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulatedPerson, Population } from "../../lab/population/population.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { openPopulationSession, register } from "../../lab/population/session.ts";
import type { RoomClaim } from "./claim.ts";
import { joinedRooms } from "./requests.ts";

/**
 * Checks claims about the rooms of a population on its real servers. The people of the population
 * try what a claim says and what it calls impossible. That changes the rooms, so each population
 * serves one check.
 */
export interface JoinCheck {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  /** A second account on the target's server, for what the target can try only once. */
  readonly standIn: PopulationSession;
  readonly people: ReadonlyMap<string, PopulationSession>;
  /** The people who have joined each room at the start, whether or not the source can see them. */
  readonly inside: ReadonlyMap<string, readonly PopulationSession[]>;
  /** Rooms that the target has joined. */
  readonly entered: Set<string>;
  /** Contradictions between claims and servers, by room ID. */
  readonly faults: ReadonlyMap<string, readonly string[]>;
  /** @param fault what is wrong with the claim unless `isRight` */
  expect(claim: Pick<RoomClaim, "roomId" | "route">, fault: string, isRight: boolean): void;
}

export async function openJoinCheck(
  pair: HomeserverPair,
  population: Population,
  fetch: GuardedFetch,
): Promise<JoinCheck> {
  const open = (person: PopulatedPerson): PopulationSession =>
    openPopulationSession(pair[person.side], person, fetch);
  const kinds = new Map(
    [...population.rooms, ...population.unlisted].map(({ roomId, kind }) => [roomId, kind]),
  );
  const target = open(population.target);
  const people = new Map(population.people.map((person) => [person.userId, open(person)]));
  const inside = new Map<string, PopulationSession[]>();
  for (const person of people.values())
    for (const roomId of await joinedRooms(person))
      inside.set(roomId, [...(inside.get(roomId) ?? []), person]);
  const faults = new Map<string, string[]>();
  return {
    source: open(population.source),
    target,
    standIn: open(await register(pair.new, "new", { localpart: "stand-in", displayName: "Stand-in" })),
    people,
    inside,
    entered: new Set(await joinedRooms(target)),
    faults,
    expect: ({ roomId, route }, fault, isRight) => {
      if (isRight) return;
      const known = faults.get(roomId) ?? [];
      const kind = kinds.get(roomId) ?? "unknown kind";
      faults.set(roomId, [...known, `${kind} (${route}, ${roomId}): ${fault}`]);
    },
  };
}
