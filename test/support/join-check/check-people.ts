import { z } from "zod";
import type { Help } from "../../../src/model/routes.ts";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { changeMember, setState } from "../../lab/population/session.ts";
import { enter, viaWithSource } from "./check-routes.ts";
import type { RoomClaim } from "./claim.ts";
import type { JoinCheck } from "./join-check.ts";
import { canJoinVia, isAllowed, joinVia, stateOf } from "./requests.ts";

const MAX_CONCURRENT = 6;
const functionalContent = z.object({ service_members: z.array(z.string()) });

/**
 * Rooms that wait for people: the named ones can help and nobody else can; then the target gets in.
 * Nobody can help with a room that is impossible.
 */
export async function checkPeople(check: JoinCheck, claims: readonly RoomClaim[]): Promise<void> {
  // A space has a claim of its own, and its helper lets the target in there once. The rooms behind
  // it come later.
  for (const isBehind of [false, true]) {
    const part = claims.filter(
      ({ route, reason }) => route !== "successor" && (reason === "space_unreachable") === isBehind,
    );
    await concurrently(part, MAX_CONCURRENT, (claim) => checkRoom(check, claim));
  }
}

async function checkRoom(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const { route, status, reason, helpers } = claim;
  if (route === "impossible") {
    await expectNobodyHelps(check, claim);
    return;
  }
  if (route !== "knock" && route !== "ask_moderator") return;
  if (status === "needs_you") {
    const isAble = await isAllowed(() => help(check, check.source, claim));
    check.expect(claim, "the source cannot help itself", isAble);
  } else {
    if (reason !== "source_not_joined") await checkOthers(check, claim);
    await checkHelpers(check, claim);
    if (helpers.length === 0) return;
  }
  await enter(check, claim);
}

/** As many of the room's unnamed people can help as the claim counts. */
async function checkOthers(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const able: string[] = [];
  for (const person of await peopleIn(check, claim.roomId)) {
    if (claim.helpers.includes(person.userId)) continue;
    if (await isAllowed(() => help(check, person, claim))) able.push(person.userId);
  }
  const fault = `${able.length} others could help (${able.join(", ")}), not ${claim.moreHelpers}`;
  check.expect(claim, fault, able.length === claim.moreHelpers);
}

async function checkHelpers(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const { people, target } = check;
  const first = people.get(claim.helpers[0] ?? "");
  for (const [index, userId] of claim.helpers.entries()) {
    const helper = people.get(userId);
    // A lifted ban can be lifted by the next helper only if the target is banned again.
    if (index > 0 && first !== undefined && claim.reason === "target_banned")
      await changeMember(first, "ban", claim.roomId, target.userId);
    const isAble = helper !== undefined && (await isAllowed(() => help(check, helper, claim)));
    check.expect(claim, `${userId} cannot help`, isAble);
  }
}

/** The target is refused, whatever the source and the people in the room try. */
async function expectNobodyHelps(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const { source, target } = check;
  const { roomId, impossibleHelp } = claim;
  for (const person of [source, ...(await peopleIn(check, roomId))]) {
    for (const kind of impossibleHelp) {
      const isAble = await isAllowed(() => give(check, person, roomId, kind));
      check.expect(claim, `${person.userId} could help (${kind})`, !isAble);
    }
    // Other reasons leave the invitation open. It does not help the target. Changing the join rule
    // would help, but the bot never asks for that: it would be another room.
    if (impossibleHelp.length === 0) await isAllowed(() => give(check, person, roomId, "invite"));
  }
  const mayJoin = await isAllowed(() => joinVia(target, roomId, viaWithSource(check, claim)));
  check.expect(claim, "the target could join", !mayJoin);
}

/** Does what the claim's reason asks of a person. */
async function help(check: JoinCheck, person: PopulationSession, claim: RoomClaim): Promise<void> {
  const { roomId, reason, through } = claim;
  if (reason === "target_banned") return give(check, person, roomId, "unban");
  if (reason === "server_acl") return give(check, person, roomId, "change_acl");
  const isJoined = check.inside.get(roomId)?.includes(person) === true;
  if (reason !== "space_unreachable" || through === null || isJoined)
    return give(check, person, roomId, "invite");
  // The person is only in the space. Letting the target into the space opens the room.
  if (check.entered.has(through)) return;
  await give(check, person, through, "invite");
  const via = [check.source.serverName];
  // A refusal that stays is thrown: the person cannot help.
  if (!(await canJoinVia(check.target, through, via))) await joinVia(check.target, through, via);
  check.entered.add(through);
}

async function give(
  { target }: JoinCheck,
  person: PopulationSession,
  roomId: string,
  kind: Help,
): Promise<void> {
  switch (kind) {
    case "invite":
    case "unban":
      await changeMember(person, kind, roomId, target.userId);
      return;
    case "change_acl": {
      const content = { allow: ["*"], deny: [], allow_ip_literals: true };
      await setState(person, roomId, { type: "m.room.server_acl", content });
    }
  }
}

/** The people of the population who are in the room, without its service members. */
async function peopleIn({ inside }: JoinCheck, roomId: string): Promise<readonly PopulationSession[]> {
  const people = inside.get(roomId) ?? [];
  const [first] = people;
  const content = first && (await stateOf(first, roomId, "io.element.functional_members", functionalContent));
  return people.filter(({ userId }) => content?.service_members.includes(userId) !== true);
}
