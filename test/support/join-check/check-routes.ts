import { z } from "zod";
import type { ReasonCode } from "../../../src/model/routes.ts";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import { changeMember } from "../../lab/population/session.ts";
import type { RoomClaim } from "./claim.ts";
import type { JoinCheck } from "./join-check.ts";
import { canJoinVia, isAllowed, joinVia, knockVia, stateOf } from "./requests.ts";

const MAX_CONCURRENT = 6;
const tombstoneContent = z.object({ replacement_room: z.string().optional() });
/** Reasons that say, among other things, that the source cannot invite. */
const NO_INVITING: ReadonlySet<ReasonCode | null> = new Set<ReasonCode>([
  "no_invite_power",
  "space_unreachable",
  "source_not_joined",
  "target_banned",
  "not_federated",
  "no_helper",
]);

/** Before any change: a room that needs an invitation or a helper refuses the target. */
export async function checkWithoutHelp(check: JoinCheck, claims: readonly RoomClaim[]): Promise<void> {
  for (const claim of claims) {
    const isIn = check.entered.has(claim.roomId);
    const fault = `the target is ${isIn ? "" : "not "}in from the start`;
    check.expect(claim, fault, isIn === (claim.route === "joined"));
  }
  await concurrently(claims, MAX_CONCURRENT, (claim) => checkDirectRoutes(check, claim));
}

async function checkDirectRoutes(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const { source, target, entered } = check;
  const { route, roomId, reason, through } = claim;
  if (route === "joined" || route === "accept_invite" || route === "join") return;
  if (route === "successor") {
    const last = await lastReplacement(check, roomId);
    check.expect(claim, "another room replaced it", last === claim.successor);
    return;
  }
  // The servers of the claim might be the wrong ones, so the source's server is asked as well.
  const via = viaWithSource(check, claim);
  // If the source is only invited to a room, even a public one, its inviter decides.
  const isLeftToInviter = reason === "source_not_joined";
  const isOpened = route === "join_restricted" && through !== null && entered.has(through);
  if (!isLeftToInviter && !isOpened) {
    const mayJoin = await isAllowed(() => joinVia(target, roomId, via));
    check.expect(claim, "the target could join at once", !mayJoin);
  }
  const isClosed = route === "ask_moderator" || route === "impossible";
  if (isClosed && !isLeftToInviter && reason !== "no_helper") {
    const mayKnock = await isAllowed(() => knockVia(target, roomId, via));
    check.expect(claim, "the target could knock", !mayKnock);
  }
  if (route !== "invite" && NO_INVITING.has(reason)) {
    const mayInvite = await isAllowed(() => changeMember(source, "invite", roomId, target.userId));
    check.expect(claim, "the source could invite", !mayInvite);
  }
}

async function lastReplacement({ source }: JoinCheck, roomId: string): Promise<string> {
  for (let last = roomId; ;) {
    const tombstone = await stateOf(source, last, "m.room.tombstone", tombstoneContent);
    if (tombstone?.replacement_room === undefined) return last;
    last = tombstone.replacement_room;
  }
}

/** Enters the rooms one after the other, each by its route. */
export async function enterInOrder(
  check: JoinCheck,
  claims: readonly RoomClaim[],
  order: readonly string[],
): Promise<void> {
  const byRoom = new Map(claims.map((claim) => [claim.roomId, claim]));
  for (const roomId of order) {
    const claim = byRoom.get(roomId);
    if (claim === undefined) throw new Error(`no claim for ${roomId}, which the order names`);
    await enterByRoute(check, claim);
  }
  for (const claim of claims)
    if (claim.status === "planned" && claim.route !== "successor")
      check.expect(claim, "is planned and not in the order", order.includes(claim.roomId));
}

async function enterByRoute(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const { source, target, entered } = check;
  const { route, roomId, through } = claim;
  const via = viaOf(check, claim);
  if (route === "knock") {
    const mayKnock = await isAllowed(() => knockVia(target, roomId, via));
    check.expect(claim, "the target may not knock", mayKnock);
    return;
  }
  if (route === "join_restricted")
    check.expect(claim, "comes before the room that opens it", entered.has(through ?? ""));
  if (route === "invite") {
    const mayInvite = await isAllowed(() => changeMember(source, "invite", roomId, target.userId));
    check.expect(claim, "the source may not invite", mayInvite);
  }
  await enter(check, claim);
}

/** Joins a room that lets the target in. */
export async function enter(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const isIn = await canJoinVia(check.target, claim.roomId, viaOf(check, claim));
  check.expect(claim, "the target may not join", isIn);
  if (isIn) check.entered.add(claim.roomId);
}

/**
 * A replacement without its own claim lets the target in exactly if the claim of the replaced room
 * says so.
 */
export async function checkSuccessors(check: JoinCheck, claims: readonly RoomClaim[]): Promise<void> {
  const claimed = new Set(claims.map(({ roomId }) => roomId));
  await concurrently(claims, MAX_CONCURRENT, async (claim) => {
    const { route, status, successor } = claim;
    if (route !== "successor" || successor === null || claimed.has(successor)) return;
    const { target, source, entered } = check;
    const isOpen = status === "planned" || status === "done";
    const via = [source.serverName];
    const canEnter =
      entered.has(successor) ||
      (await (isOpen
        ? canJoinVia(target, successor, via)
        : isAllowed(() => joinVia(target, successor, via))));
    if (canEnter) entered.add(successor);
    check.expect(claim, "its status is not the one of its replacement", canEnter === isOpen);
  });
}

/**
 * The routes that remain after the first one fails. The stand-in tries them, because it relates to
 * the room as the target did before.
 */
export async function checkFallbacks(check: JoinCheck, claims: readonly RoomClaim[]): Promise<void> {
  const entered = claims.filter(({ roomId }) => check.entered.has(roomId));
  await concurrently(entered, MAX_CONCURRENT, (claim) => checkFallback(check, claim));
}

async function checkFallback(check: JoinCheck, claim: RoomClaim): Promise<void> {
  const { source, standIn } = check;
  const { roomId, fallbacks } = claim;
  const via = viaOf(check, claim);
  if (fallbacks.includes("knock")) {
    const mayKnock = await isAllowed(() => knockVia(standIn, roomId, via));
    check.expect(claim, "a second account may not knock", mayKnock);
  }
  if (fallbacks.includes("invite")) {
    const mayInvite = await isAllowed(() => changeMember(source, "invite", roomId, standIn.userId));
    check.expect(claim, "the source may not invite a second account", mayInvite);
  }
  if (fallbacks.includes("join") || fallbacks.includes("invite"))
    check.expect(claim, "a second account may not join", await canJoinVia(standIn, roomId, via));
}

/** The servers that the claim names. Without names it means the source's server. */
function viaOf({ source }: JoinCheck, { via }: RoomClaim): readonly string[] {
  return via.length === 0 ? [source.serverName] : via;
}

export function viaWithSource({ source }: JoinCheck, { via }: RoomClaim): readonly string[] {
  return [...new Set([...via, source.serverName])];
}
