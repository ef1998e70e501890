import { z } from "zod";
import { openPopulationSession } from "../../lab/population/session.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulatedPerson, Population } from "../../lab/population/population.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { HomeserverError } from "../../../src/platforms/matrix/api/homeserver-error.ts";
import type { GuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import { canJoin as entersInTime } from "../../support/servers/can-join.ts";

export type Row = Pick<PlannedRoom, "roomId" | "route">;

/** Everybody of a population who can act, and what the servers said to it. */
export interface Court {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  /** A second account on the target's server, for what the target itself can try only once. */
  readonly standIn: PopulationSession;
  readonly people: ReadonlyMap<string, PopulationSession>;
  /** By room: who of them has joined it, whether or not the source can see that. */
  readonly inside: ReadonlyMap<string, readonly PopulationSession[]>;
  /** Rooms the target is in, as far as is known. */
  readonly entered: Set<string>;
  /**
   * By room: in whose words it was refused at first, though the very same try succeeded soon after:
   * the servers had not heard of each other yet.
   */
  readonly late: Map<string, string>;
  /** By room: what of its row the servers contradict. */
  readonly faults: ReadonlyMap<string, readonly string[]>;
  /** @param what is wrong with the row unless `isRight` */
  check(row: Row, what: string, isRight: boolean): void;
}

const anyAnswer = z.object({});
const joinedRoomsAnswer = z.object({ joined_rooms: z.array(z.string()) });

export async function openCourt(
  pair: HomeserverPair,
  population: Population,
  standIn: PopulatedPerson,
  fetch: GuardedFetch,
): Promise<Court> {
  const open = (person: PopulatedPerson): PopulationSession =>
    openPopulationSession(pair[person.side], person, fetch);
  const faults = new Map<string, string[]>();
  const kinds = new Map(
    [...population.rooms, ...population.unlisted].map(({ roomId, kind }) => [roomId, kind]),
  );
  const target = open(population.target);
  const people = new Map(population.people.map((person) => [person.userId, open(person)]));
  const inside = new Map<string, PopulationSession[]>();
  for (const person of people.values()) {
    for (const roomId of await joinedRooms(person))
      inside.set(roomId, [...(inside.get(roomId) ?? []), person]);
  }
  return {
    source: open(population.source),
    target,
    standIn: open(standIn),
    people,
    inside,
    entered: new Set(await joinedRooms(target)),
    late: new Map(),
    faults,
    check: ({ roomId, route }, what, isRight) => {
      if (isRight) return;
      const known = faults.get(roomId) ?? [];
      faults.set(roomId, [...known, `${kinds.get(roomId) ?? "unknown kind"} (${route}, ${roomId}): ${what}`]);
    },
  };
}

/** Joins as the bot will: by the servers the plan names. */
export async function joinBy(
  { client }: PopulationSession,
  roomId: string,
  via: readonly string[],
): Promise<void> {
  const query = { via, server_name: via };
  await client.request({
    method: "POST",
    path: apiPath`/_matrix/client/v3/join/${roomId}`,
    query,
    body: {},
    schema: anyAnswer,
  });
}

/** Whether somebody whom the room lets in does get in. */
export function getsIn(
  { late }: Court,
  person: PopulationSession,
  roomId: string,
  via: readonly string[],
): Promise<boolean> {
  return entersInTime(
    () => joinBy(person, roomId, via),
    isRefusal,
    ({ status, errcode, text }) => late.set(roomId, `${status} ${errcode} ${text}`),
  );
}

export async function knockBy(
  { client }: PopulationSession,
  roomId: string,
  via: readonly string[],
): Promise<void> {
  const query = { via, server_name: via };
  await client.request({
    method: "POST",
    path: apiPath`/_matrix/client/v3/knock/${roomId}`,
    query,
    body: {},
    schema: anyAnswer,
  });
}

export async function joinedRooms({ client }: PopulationSession): Promise<string[]> {
  const answer = await client.request({
    method: "GET",
    path: "/_matrix/client/v3/joined_rooms",
    schema: joinedRoomsAnswer,
  });
  return answer.joined_rooms;
}

/** The content of a state event, `null` where there is none or it is not shown. */
export async function stateOf<Schema extends z.ZodType>(
  { client }: PopulationSession,
  roomId: string,
  type: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  try {
    return await client.request({
      method: "GET",
      path: apiPath`/_matrix/client/v3/rooms/${roomId}/state/${type}`,
      schema,
    });
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** False where the server refuses; anything else that goes wrong is no answer to the question. */
export async function isAllowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

function isRefusal(error: unknown): error is HomeserverError {
  if (!(error instanceof HomeserverError)) return false;
  const { status, errcode, text, path } = error;
  // Synapse 1.163.2 answers 500 to a local knock in a room version that has none, with this code.
  if (errcode === "M_FORBIDDEN") return true;
  // Synapse's words when no server asked could vouch for a restricted join or take a knock.
  if (status === 502) return /make_(join|knock)/.test(text);
  // Synapse 1.163.2 answers 500 to an invitation into a room that its server is not in.
  return status < 500 || (status === 500 && path.endsWith("/invite"));
}
