import type { RunRoom } from "../../../model/run-room.ts";
import type { PlannedStep } from "../../../model/step.ts";
import type { KnockFacts, KnockOrder, NotKnockedReason, Proposal } from "../../contact.ts";
import type { RoomPlan } from "../planning/plan-rooms.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { entrySteps } from "../planning/room-steps.ts";
import type { KnockPayload } from "../planning/step-payloads.ts";
import { reportRoom } from "../report/report.ts";
import { canKnockBy, joinRuleOf } from "../rooms/join-rule.ts";
import type { AccountSnapshot } from "../rooms/types.ts";
import { namedRows } from "./ask/rooms.ts";
import { roomsToWatch } from "./watched-rooms.ts";

type RoomsOfPlan = Pick<RoomPlan, "rooms" | "replacements">;

/**
 * At which rooms the new account knocks.
 * @param reason the one that the people in the rooms read
 */
export function proposeKnocks(
  { decided, source }: { decided: RoomsOfPlan; source: AccountSnapshot },
  order: Pick<KnockOrder, "rooms">,
  reason: string,
): Proposal<KnockFacts> {
  const areNamed = order.rooms.length > 0;
  const rows = [...decided.rooms, ...decided.replacements];
  const chosen = areNamed ? namedRows(rows, order.rooms) : rows.filter(({ route }) => route === "knock");
  const knocks: PlannedRoom[] = [];
  const left: { room: KnockFacts["left"][number]["room"]; why: NotKnockedReason }[] = [];
  for (const row of chosen) {
    const why = whyNot(row, source, areNamed);
    if (why === null) knocks.push(row);
    else left.push({ room: reportRoom(row), why });
  }
  return {
    facts: { knocks: knocks.map((row) => ({ room: reportRoom(row), reason })), left },
    exact: { reason, rooms: knocks.map(({ roomId }) => roomId).toSorted() },
    ...knocksOf(decided, knocks, reason),
  };
}

/** The rooms and steps of a run that knocks at rooms of a plan. */
export function knocksOf(
  decided: RoomsOfPlan,
  chosen: readonly PlannedRoom[],
  reason: string,
): { rooms: RunRoom[]; steps: PlannedStep[] } {
  return {
    rooms: roomsToWatch(decided, chosen.map(knockedRow)),
    steps: chosen.flatMap((row) => entrySteps(row, "knock").map((step) => withReason(step, row, reason))),
  };
}

function withReason(step: PlannedStep, { roomId, via }: PlannedRoom, reason: string): PlannedStep {
  const payload: KnockPayload = { roomId, via: [...via], reason };
  return { ...step, payload };
}

/** The answer to an earlier knock is no answer to this one. */
function knockedRow(row: PlannedRoom): PlannedRoom {
  const reason = row.reason?.code === "refused" ? null : row.reason;
  return { ...row, route: "knock", routes: ["knock", "ask_moderator"], status: "planned", reason };
}

/** Why the new account does not knock at a room; `null` if it does. */
function whyNot(row: PlannedRoom, source: AccountSnapshot, isNamed: boolean): NotKnockedReason | null {
  const { roomId, route, status, reason } = row;
  if (status === "done") return "joined";
  if (route === "knock") {
    if (status === "planned") return null;
    if (reason?.code === "refused") return isNamed ? null : "declined";
    return "pending";
  }
  if (status === "planned") return "open";
  if (route !== "ask_moderator" || reason === null || CLOSED_TO_KNOCKS.has(reason.code))
    return "not_knockable";
  // A server has refused a knock before. It may admit one now.
  const room = source.rooms.get(roomId);
  const mayKnock = room !== undefined && canKnockBy(joinRuleOf(room.joinRules, "unread"));
  return mayKnock ? null : "not_knockable";
}

/** Causes for which a server would refuse the knock, or the invitation that answers it. */
const CLOSED_TO_KNOCKS: ReadonlySet<string> = new Set([
  "target_banned",
  "server_acl",
  "invite_blocked",
  "unreadable",
  "room_version",
  "not_federated",
] satisfies NonNullable<PlannedRoom["reason"]>["code"][]);
