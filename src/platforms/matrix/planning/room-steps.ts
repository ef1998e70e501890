import { stages } from "../../../model/step.ts";
import type { LimitName, PlannedStep, StepKind } from "../../../model/step.ts";
import type { PlannedRoom } from "./planned-room.ts";
import type { Route } from "../../../model/routes.ts";
import type { InvitePayload, JoinPayload, KnockPayload, PowerLevelPayload } from "./step-payloads.ts";

/** What the steps on rooms are. */
export type RoomStepKind = Extract<
  StepKind,
  "accept_invite" | "join" | "join_restricted" | "invite" | "join_invited" | "knock" | "power_level"
>;

/** What it takes to know of a room to bring the target into it. */
export type RoomToEnter = Pick<PlannedRoom, "roomId" | "through" | "via" | "isNewToServer">;

/**
 * The steps that take a room by one route; none for routes that are no work for the bot.
 * @param knockReason what the room's people are told with a knock
 */
export function entrySteps(
  room: RoomToEnter,
  route: Route,
  knockReason: string | null = null,
): PlannedStep[] {
  switch (route) {
    case "accept_invite":
    case "join":
      return [joinStep(room, route)];
    case "join_restricted":
      return [{ ...joinStep(room, route), needsRoom: room.through }];
    case "invite": {
      const invite = inviteStep(room);
      return [invite, { ...joinStep(room, "join_invited"), after: invite.key }];
    }
    case "knock":
      return [knockStep(room, knockReason)];
    case "joined":
    case "ask_moderator":
    case "successor":
    case "impossible":
    case "excluded":
      return [];
  }
}

/**
 * The step that gives the target its level, once it is in; `null` where nothing can be given or
 * nothing needs to be.
 */
export function powerStep(room: PlannedRoom): PlannedStep | null {
  const { outcome, wanted } = room.grant;
  if (outcome !== "write" || wanted === "creator") return null;
  const payload: PowerLevelPayload = {
    roomId: room.roomId,
    level: wanted,
    roomVersion: room.creation.roomVersion,
    creators: [...room.creation.creators],
  };
  return {
    ...step(room, "power_level", payload),
    side: "source",
    limits: ["messages"],
    needsRoom: room.roomId,
  };
}

/** The route that a step belongs to; `null` for steps that belong to none. */
export function routeOfStep(kind: StepKind): Route | null {
  switch (kind) {
    case "accept_invite":
    case "join":
    case "join_restricted":
    case "invite":
    case "knock":
      return kind;
    case "join_invited":
      return "invite";
    default:
      return null;
  }
}

/**
 * Synapse asks the limit on joins first. A room its server is not in takes one of the scarcer kind
 * next, whatever lets the account in; any other join is a message of its own (`update_membership`
 * and `update_membership_locked` in handlers/room_member.py, 1.163.2), but for a restricted room in
 * which nobody of its server can vouch, which is not known beforehand.
 */
function joinStep(room: RoomToEnter, kind: JoinPayload["kind"]): PlannedStep {
  const through = kind === "join_restricted" ? room.through : null;
  const payload: JoinPayload = { kind, roomId: room.roomId, via: [...room.via], through };
  const limits: LimitName[] = ["joins", room.isNewToServer ? "remote_joins" : "messages"];
  return { ...step(room, kind, payload), limits };
}

/**
 * The token of the invited account is taken before the sender's messages are counted
 * (protocol-facts.md section 13).
 */
function inviteStep(room: RoomToEnter): PlannedStep {
  const payload: InvitePayload = { roomId: room.roomId };
  return { ...step(room, "invite", payload), side: "source", limits: ["invitations", "messages"] };
}

function knockStep(room: RoomToEnter, reason: string | null): PlannedStep {
  const payload: KnockPayload = { roomId: room.roomId, via: [...room.via], reason };
  return { ...step(room, "knock", payload), limits: ["messages"] };
}

function step({ roomId }: Pick<PlannedRoom, "roomId">, kind: RoomStepKind, payload: unknown): PlannedStep {
  const key = `${kind}:${roomId}`;
  return {
    key,
    kind,
    side: "target",
    stage: stages.rooms,
    limits: [],
    needsRoom: null,
    after: null,
    roomId,
    payload,
  };
}
