import { z } from "zod";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import { changeMember, setState } from "../../lab/population/session.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import type { Help, ReasonCode } from "../../../src/model/routes.ts";
import { getsIn, isAllowed, joinBy, stateOf } from "./court.ts";
import type { Court } from "./court.ts";

const LIMIT = 6;
const functionalContent = z.object({ service_members: z.array(z.string()) });

/**
 * Rooms that wait for people: those named can help and nobody else can; then the target gets in.
 * Nobody can help with what is impossible.
 */
export async function tryPeople(court: Court, plan: RoomPlan): Promise<void> {
  // Whoever helps with a space does so once, in the space's own row, so what is behind it comes
  // later.
  for (const isBehind of [false, true]) {
    const rows = [...plan.rooms, ...plan.replacements].filter(
      ({ route, reason }) => route !== "successor" && (reason?.code === "space_unreachable") === isBehind,
    );
    await concurrently(rows, LIMIT, (row) => tryRow(court, row));
  }
}

async function tryRow(court: Court, row: PlannedRoom): Promise<void> {
  const { route, status, reason } = row;
  if (route === "impossible") {
    await tryEverybody(court, row);
    return;
  }
  if (route !== "knock" && route !== "ask_moderator") return;
  if (status === "needs_you") {
    court.check(row, "the source cannot help itself", await isAllowed(() => act(court, court.source, row)));
  } else {
    if (reason?.code !== "source_not_joined") await tryUnnamed(court, row);
    await tryNamed(court, row);
    if (row.helpers.length === 0) return;
  }
  await enter(court, row);
}

/** People inside who are not named: as many as the row counts can help, the others are refused. */
async function tryUnnamed(court: Court, row: PlannedRoom): Promise<void> {
  const inside = await peopleIn(court, row.roomId);
  const able: string[] = [];
  for (const person of inside.filter(({ userId }) =>
    row.helpers.every((helper) => helper.userId !== userId),
  )) {
    if (await isAllowed(() => act(court, person, row))) able.push(person.userId);
  }
  const says = `${able.length} others could help (${able.join(", ")}), not ${row.moreHelpers}`;
  court.check(row, says, able.length === row.moreHelpers);
}

async function tryNamed(court: Court, row: PlannedRoom): Promise<void> {
  const { people, target } = court;
  for (const [index, { userId }] of row.helpers.entries()) {
    const helper = people.get(userId);
    const first = people.get(row.helpers[0]?.userId ?? "");
    // What one has done, the next one could not do again.
    if (index > 0 && first !== undefined && reasonOf(row) === "target_banned") {
      await changeMember(first, "ban", row.roomId, target.userId);
    }
    const isAble = helper !== undefined && (await isAllowed(() => act(court, helper, row)));
    court.check(row, `${userId} cannot help`, isAble);
  }
}

/** Whatever the source and everybody inside try, the target is refused. */
async function tryEverybody(court: Court, row: PlannedRoom): Promise<void> {
  const { source, target } = court;
  const { roomId } = row;
  const missing = row.reason?.code === "no_helper" ? row.reason.help : null;
  for (const person of [source, ...(await peopleIn(court, roomId))]) {
    // Who could change a join rule would make it another room; that is never asked (product.md,
    // "Routes").
    const isAble = await isAllowed(() => doIn(court, person, roomId, missing ?? "invite"));
    court.check(row, `${person.userId} could help (${missing ?? ""})`, missing === null || !isAble);
  }
  const via = [...new Set([...row.via, source.serverName])];
  court.check(row, "the target could join", !(await isAllowed(() => joinBy(target, roomId, via))));
}

/** What the row's reason asks of a person. */
async function act(court: Court, person: PopulationSession, row: PlannedRoom): Promise<void> {
  const { roomId, through } = row;
  const reason = reasonOf(row);
  if (reason === "target_banned") return doIn(court, person, roomId, "unban");
  if (reason === "server_acl") return doIn(court, person, roomId, "change_acl");
  if (
    reason !== "space_unreachable" ||
    through === null ||
    court.inside.get(roomId)?.includes(person) === true
  ) {
    return doIn(court, person, roomId, "invite");
  }
  // Somebody of the space only: they let the target into that, which opens the room.
  if (court.entered.has(through)) return;
  await doIn(court, person, through, "invite");
  if (await getsIn(court, court.target, through, [court.source.serverName])) court.entered.add(through);
}

async function doIn({ target }: Court, person: PopulationSession, roomId: string, what: Help): Promise<void> {
  if (what === "invite") await changeMember(person, "invite", roomId, target.userId);
  if (what === "unban") await changeMember(person, "unban", roomId, target.userId);
  if (what === "change_acl") {
    const content = { allow: ["*"], deny: [], allow_ip_literals: true };
    await setState(person, roomId, { type: "m.room.server_acl", content });
  }
}

async function enter(court: Court, row: PlannedRoom): Promise<void> {
  const isIn = await getsIn(court, court.target, row.roomId, row.via);
  court.check(row, "the target may not join after all", isIn);
  if (isIn) court.entered.add(row.roomId);
}

/** People of the population who are inside, but for those whom the room calls no people. */
async function peopleIn({ inside }: Court, roomId: string): Promise<readonly PopulationSession[]> {
  const people = inside.get(roomId) ?? [];
  const [first] = people;
  const content = first && (await stateOf(first, roomId, "io.element.functional_members", functionalContent));
  return people.filter(({ userId }) => content?.service_members.includes(userId) !== true);
}

function reasonOf({ reason }: PlannedRoom): ReasonCode | null {
  return reason?.code ?? null;
}
