import { z } from "zod";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import type { Expected, PopulatedRoom, Population } from "../../lab/population/population.ts";
import { changeMember, join, knock, openPopulationSession, setState } from "../../lab/population/session.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { HomeserverError } from "../../../src/platforms/matrix/api/homeserver-error.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { canJoin } from "../../support/servers/can-join.ts";

/** What is said of a room, by the population or by a plan. */
export type Outcome = Pick<
  Expected,
  "route" | "status" | "reason" | "helpers" | "moreHelpers" | "through" | "successor"
> &
  Pick<PopulatedRoom, "roomId" | "kind">;

export interface Trial {
  /** Outcomes that the servers contradict, in words; empty when all were right. */
  readonly wrong: readonly string[];
  /** How many outcomes were tried, by route. */
  readonly tried: Readonly<Record<string, number>>;
}

interface Court {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  readonly people: ReadonlyMap<string, PopulationSession>;
  /** Rooms the target is in, as far as this trial knows. */
  readonly entered: Set<string>;
  check(outcome: Outcome, what: string, isRight: boolean): void;
}

const LIMIT = 6;
const joinedAnswer = z.object({ joined_rooms: z.array(z.string()) });
const membersAnswer = z.object({ joined: z.record(z.string(), z.unknown()) });
const tombstoneAnswer = z.object({ replacement_room: z.string() });
const functionalAnswer = z.object({ service_members: z.array(z.string()) });

/**
 * Tries what is said of each room on the servers themselves: every way in lets the target in,
 * everything else refuses it until a helper has acted, every helper can act, nobody else can. It
 * changes the rooms; a population serves one trial.
 */
export async function tryOutcomes(
  pair: HomeserverPair,
  population: Population,
  outcomes: readonly Outcome[],
): Promise<Trial> {
  const fetch = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  const wrong: string[] = [];
  const sessions = [population.source, population.target, ...population.people].map((person) =>
    openPopulationSession(pair[person.side], person, fetch),
  );
  const [source, target, ...others] = sessions;
  if (source === undefined || target === undefined) throw new Error("a population without accounts");
  const court: Court = {
    source,
    target,
    people: new Map(others.map((person) => [person.userId, person])),
    entered: new Set(await joinedRooms(target)),
    check: ({ kind, route, roomId }, what, isRight) => {
      if (!isRight) wrong.push(`${kind} (${route}, ${roomId}): ${what}`);
    },
  };
  try {
    await tryAll(court, outcomes);
  } finally {
    await fetch.close();
  }
  const tried: Record<string, number> = {};
  for (const { route } of outcomes) tried[route] = (tried[route] ?? 0) + 1;
  return { wrong, tried };
}

async function tryAll(court: Court, outcomes: readonly Outcome[]): Promise<void> {
  for (const outcome of outcomes) {
    court.check(
      outcome,
      "the target is in from the start",
      (outcome.route === "joined") === court.entered.has(outcome.roomId),
    );
  }
  await concurrently(outcomes, LIMIT, (outcome) => tryWithoutHelp(court, outcome));
  await enterOpenRooms(court, outcomes);
  await concurrently(outcomes, LIMIT, (outcome) => trySuccessor(court, outcome, outcomes));
  // A space's own row comes before the rows of what is behind it: who helps with the space can do
  // so once.
  for (const isBehind of [false, true]) {
    const part = outcomes.filter(({ reason }) => (reason === "space_unreachable") === isBehind);
    await concurrently(part, LIMIT, (outcome) => tryPeople(court, outcome));
  }
  const inside = new Set(await joinedRooms(court.target));
  for (const outcome of outcomes) {
    const isToBeIn = outcome.route !== "impossible" && outcome.route !== "successor" && canEndInside(outcome);
    court.check(
      outcome,
      `the target ends ${isToBeIn ? "outside" : "inside"}`,
      inside.has(outcome.roomId) === isToBeIn,
    );
  }
}

/** The source's own knock waits for an answer that nobody of the trial gives. */
function canEndInside({ reason, helpers }: Outcome): boolean {
  return reason !== "source_not_joined" || helpers.length > 0;
}

/**
 * What needs something first is refused without it; what says that the source has no power is right
 * in that.
 */
async function tryWithoutHelp(court: Court, outcome: Outcome): Promise<void> {
  const { route, reason, roomId, through } = outcome;
  const { source, target, entered } = court;
  if (["joined", "accept_invite", "join", "successor"].includes(route)) return;
  // A room that the source is merely invited to is left to the inviter, even a public one
  // (product.md, "Routes").
  if (reason !== "source_not_joined" && (through === null || !entered.has(through))) {
    court.check(
      outcome,
      "the target could join without more",
      !(await isAllowed(() => join(target, roomId, source.serverName))),
    );
  }
  if (
    reason !== null &&
    ["no_invite_power", "space_unreachable", "source_not_joined", "no_helper"].includes(reason)
  ) {
    const invitation = changeMember(source, "invite", roomId, target.userId);
    // Synapse 1.163.2 answers 500 where its server is not in the room either.
    const mayInvite = await (reason === "source_not_joined"
      ? invitation.then(
          () => true,
          () => false,
        )
      : isAllowed(() => invitation));
    court.check(outcome, "the source could invite", !mayInvite);
  }
}

/** Everything that needs nobody, each room as soon as the one that opens it is entered. */
async function enterOpenRooms(court: Court, outcomes: readonly Outcome[]): Promise<void> {
  const open = ["accept_invite", "join", "invite", "join_restricted"];
  let left = outcomes.filter(({ route }) => open.includes(route));
  while (left.length > 0) {
    const ready = left.filter(
      ({ route, through }) => route !== "join_restricted" || court.entered.has(through ?? ""),
    );
    if (ready.length === 0) break;
    await concurrently(ready, LIMIT, (outcome) => enterOpenRoom(court, outcome));
    left = left.filter((outcome) => !ready.includes(outcome));
  }
  for (const outcome of left) court.check(outcome, "the room that opens it was not entered", false);
}

async function enterOpenRoom(court: Court, outcome: Outcome): Promise<void> {
  const { source, target } = court;
  const { roomId, route } = outcome;
  if (route === "invite") {
    const mayInvite = await isAllowed(() => changeMember(source, "invite", roomId, target.userId));
    court.check(outcome, "the source may not invite", mayInvite);
  }
  await enter(court, outcome, roomId);
}

/**
 * The last replacement is what is named, and it lets the target in exactly when the row says so.
 */
async function trySuccessor(court: Court, outcome: Outcome, outcomes: readonly Outcome[]): Promise<void> {
  const { successor, status, route } = outcome;
  if (route !== "successor" || successor === null) return;
  const { source, target } = court;
  court.check(
    outcome,
    "another room replaced it",
    (await lastReplacement(source, outcome.roomId)) === successor,
  );
  if (outcomes.some(({ roomId }) => roomId === successor)) return;
  const isOpen = status === "planned" || status === "done";
  const enters = (): Promise<unknown> => join(target, successor, source.serverName);
  const canEnter =
    court.entered.has(successor) || (await (isOpen ? canJoin(enters, isRefusal) : isAllowed(enters)));
  court.check(outcome, "its status is not its replacement's", canEnter === isOpen);
}

async function tryPeople(court: Court, outcome: Outcome): Promise<void> {
  const { source, target } = court;
  const { route, reason, roomId, status } = outcome;
  if (route === "impossible") {
    await tryEverybody(court, outcome);
    return;
  }
  if (route !== "knock" && route !== "ask_moderator") return;
  if (status === "needs_you") {
    court.check(
      outcome,
      "the source cannot help itself",
      await isAllowed(() => help(court, source, outcome)),
    );
    await enter(court, outcome, roomId);
    return;
  }
  if (route === "knock" && status === "planned") {
    const mayKnock = await isAllowed(() => knock(target, roomId, source.serverName));
    court.check(outcome, "the target may not knock", mayKnock);
  }
  if (reason !== "source_not_joined") {
    const others = (await peopleIn(court, roomId)).filter(({ userId }) => !outcome.helpers.includes(userId));
    const able: string[] = [];
    for (const other of others)
      if (await isAllowed(() => help(court, other, outcome))) able.push(other.userId);
    const says = `${able.length} others could help (${able.join(", ")}), not ${outcome.moreHelpers}`;
    court.check(outcome, says, able.length === outcome.moreHelpers);
  }
  const helpers = outcome.helpers.map((userId) => court.people.get(userId));
  for (const [index, helper] of helpers.entries()) {
    const isAble = helper !== undefined && (await isAllowed(() => help(court, helper, outcome)));
    court.check(outcome, `${outcome.helpers[index] ?? ""} cannot help`, isAble);
  }
  if (helpers.length > 0) await enter(court, outcome, roomId);
}

/** Whatever anybody inside tries, the target is refused. */
async function tryEverybody(court: Court, outcome: Outcome): Promise<void> {
  const { source, target } = court;
  const { roomId, reason } = outcome;
  if (reason === "no_helper") {
    for (const person of [source, ...(await peopleIn(court, roomId))]) {
      for (const act of ["target_banned", "server_acl", "no_invite_power"] as const) {
        const isAble = await isAllowed(() => help(court, person, { ...outcome, reason: act }));
        court.check(outcome, `${person.userId} could help (${act})`, !isAble);
      }
    }
  } else {
    await isAllowed(() => changeMember(source, "invite", roomId, target.userId));
  }
  court.check(
    outcome,
    "the target could join",
    !(await isAllowed(() => join(target, roomId, source.serverName))),
  );
}

/** What the reason asks of a person. */
async function help(
  court: Court,
  person: PopulationSession,
  { reason, roomId, through }: Outcome,
): Promise<void> {
  const { target, source } = court;
  if (reason === "target_banned") {
    await changeMember(person, "unban", roomId, target.userId);
    return;
  }
  if (reason === "server_acl") {
    await setState(person, roomId, { type: "m.room.server_acl", content: { allow: ["*"], deny: [] } });
    return;
  }
  if (reason !== "space_unreachable" || through === null || (await isJoined(person, roomId))) {
    await changeMember(person, "invite", roomId, target.userId);
    return;
  }
  if (court.entered.has(through)) return;
  await changeMember(person, "invite", through, target.userId);
  const enter = (): Promise<void> => join(target, through, source.serverName);
  // What is refused for good counts as the helper's failure.
  if (!(await canJoin(enter, isRefusal))) await enter();
}

async function enter(court: Court, outcome: Outcome, roomId: string): Promise<void> {
  const { source, target, entered } = court;
  const isIn = await canJoin(() => join(target, roomId, source.serverName), isRefusal);
  court.check(outcome, "the target may not join", isIn);
  if (isIn) entered.add(roomId);
}

/**
 * People of the population who are in, besides the two accounts and those whom the room calls no
 * people.
 */
async function peopleIn(court: Court, roomId: string): Promise<PopulationSession[]> {
  const { client } = court.source;
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/joined_members`;
  const { joined } = await client.request({ method: "GET", path, schema: membersAnswer });
  const functional = await client
    .request({
      method: "GET",
      path: apiPath`/_matrix/client/v3/rooms/${roomId}/state/io.element.functional_members`,
      schema: functionalAnswer,
    })
    .catch(orNull);
  const bots = functional?.service_members ?? [];
  return Object.keys(joined).flatMap((userId) =>
    bots.includes(userId) ? [] : (court.people.get(userId) ?? []),
  );
}

async function lastReplacement(source: PopulationSession, roomId: string): Promise<string> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/state/m.room.tombstone`;
  const answer = await source.client.request({ method: "GET", path, schema: tombstoneAnswer }).catch(orNull);
  return answer === null ? roomId : await lastReplacement(source, answer.replacement_room);
}

async function joinedRooms({ client }: PopulationSession): Promise<string[]> {
  const path = "/_matrix/client/v3/joined_rooms";
  return (await client.request({ method: "GET", path, schema: joinedAnswer })).joined_rooms;
}

async function isJoined(person: PopulationSession, roomId: string): Promise<boolean> {
  return (await joinedRooms(person)).includes(roomId);
}

/** False where the server refuses; anything else that goes wrong is no answer to the question. */
async function isAllowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    orNull(error);
    return false;
  }
}

/** Nothing where the server refuses or has no such thing. */
function orNull(error: unknown): null {
  if (isRefusal(error)) return null;
  throw error;
}

function isRefusal(error: unknown): error is HomeserverError {
  return error instanceof HomeserverError && (error.status < 500 || isRefusalOfEveryServer(error));
}

/** Synapse's word when the servers asked could not vouch for a restricted join. */
function isRefusalOfEveryServer({ status, text }: HomeserverError): boolean {
  return status === 502 && text.includes("make_join");
}
