import { z } from "zod";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import { changeMember } from "../../lab/population/session.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import type { ReasonCode } from "../../../src/model/routes.ts";
import { getsIn, isAllowed, joinBy, knockBy, stateOf } from "./court.ts";
import type { Court } from "./court.ts";

const LIMIT = 6;
const tombstoneContent = z.object({ replacement_room: z.string().optional() });
const NO_INVITING: ReadonlySet<ReasonCode | undefined> = new Set<ReasonCode>([
  "no_invite_power",
  "space_unreachable",
  "source_not_joined",
  "target_banned",
  "not_federated",
  "no_helper",
]);

/**
 * Before anything is done: whatever is not open by itself really is not, so that no invitation is
 * spent and nobody asked without need.
 */
export async function tryWithoutHelp(court: Court, plan: RoomPlan): Promise<void> {
  for (const row of plan.rooms) {
    const isIn = court.entered.has(row.roomId);
    court.check(
      row,
      `the target is ${isIn ? "" : "not "}in from the start`,
      isIn === (row.route === "joined"),
    );
  }
  const rows = [...plan.rooms, ...plan.replacements];
  await concurrently(rows, LIMIT, (row) => tryDirectWay(court, row));
}

async function tryDirectWay(court: Court, row: PlannedRoom): Promise<void> {
  const { source, target, entered } = court;
  const { route, roomId, reason, through } = row;
  if (route === "joined" || route === "accept_invite" || route === "join") return;
  if (route === "successor") {
    court.check(row, "another room replaced it", (await lastReplacement(court, roomId)) === row.successor);
    return;
  }
  // Not by the plan's servers alone, which might be the wrong ones.
  const via = [...new Set([...row.via, source.serverName])];
  // A room that the source is merely invited to is left to the inviter, even a public one
  // (product.md, "Routes").
  const isLeftToInviter = reason?.code === "source_not_joined";
  const isOpened = route === "join_restricted" && through !== null && entered.has(through);
  if (!isLeftToInviter && !isOpened) {
    court.check(row, "the target could join at once", !(await isAllowed(() => joinBy(target, roomId, via))));
  }
  if (
    (route === "ask_moderator" || route === "impossible") &&
    !isLeftToInviter &&
    reason?.code !== "no_helper"
  ) {
    court.check(row, "the target could knock", !(await isAllowed(() => knockBy(target, roomId, via))));
  }
  if (route !== "invite" && NO_INVITING.has(reason?.code)) {
    const mayInvite = await isAllowed(() => changeMember(source, "invite", roomId, target.userId));
    court.check(row, "the source could invite", !mayInvite);
  }
}

async function lastReplacement(court: Court, roomId: string): Promise<string> {
  for (let last = roomId; ;) {
    const tombstone = await stateOf(court.source, last, "m.room.tombstone", tombstoneContent);
    if (tombstone?.replacement_room === undefined) return last;
    last = tombstone.replacement_room;
  }
}

/** The plan itself, in its order, one room after the other. */
export async function carryOut(court: Court, plan: RoomPlan): Promise<void> {
  const rows = new Map([...plan.rooms, ...plan.replacements].map((row) => [row.roomId, row]));
  for (const roomId of plan.order) {
    const row = rows.get(roomId);
    if (row === undefined) throw new Error(`the order names ${roomId}, which has no row`);
    await carryOutRow(court, row);
  }
  const left = [...rows.values()].filter(
    ({ status, route }) => status === "planned" && route !== "successor",
  );
  for (const row of left)
    court.check(row, "is planned and not in the order", plan.order.includes(row.roomId));
}

async function carryOutRow(court: Court, row: PlannedRoom): Promise<void> {
  const { source, target, entered } = court;
  const { route, roomId, through, via } = row;
  if (route === "knock") {
    court.check(row, "the target may not knock", await isAllowed(() => knockBy(target, roomId, via)));
    return;
  }
  if (route === "join_restricted") court.check(row, "comes before what opens it", entered.has(through ?? ""));
  if (route === "invite") {
    const mayInvite = await isAllowed(() => changeMember(source, "invite", roomId, target.userId));
    court.check(row, "the source may not invite", mayInvite);
  }
  const isIn = await getsIn(court, target, roomId, via);
  court.check(row, "the target may not join", isIn);
  if (isIn) entered.add(roomId);
}

/**
 * What is to be tried when the planned route fails: by an account that is to the room what the
 * target was.
 */
export async function tryFallbacks(court: Court, plan: RoomPlan): Promise<void> {
  const entered = [...plan.rooms, ...plan.replacements].filter(({ roomId }) => court.entered.has(roomId));
  await concurrently(entered, LIMIT, (row) => tryFallback(court, row));
}

async function tryFallback(court: Court, row: PlannedRoom): Promise<void> {
  const { source, standIn } = court;
  const { roomId, via } = row;
  const others = row.routes.slice(1);
  if (others.includes("knock"))
    court.check(row, "no knocking", await isAllowed(() => knockBy(standIn, roomId, via)));
  if (others.includes("invite")) {
    const mayInvite = await isAllowed(() => changeMember(source, "invite", roomId, standIn.userId));
    court.check(row, "no invitation after all", mayInvite);
  }
  if (others.includes("join") || others.includes("invite")) {
    court.check(row, "no joining after all", await getsIn(court, standIn, roomId, via));
  }
}
