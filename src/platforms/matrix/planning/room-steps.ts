import type { Route } from "../../../model/routes.ts";
import type { LimitName, PlannedStep, StepKind } from "../../../model/step.ts";
import type { PlannedRoom } from "./planned-room.ts";
import { plannedStep } from "./planned-step.ts";
import type { InvitePayload, JoinPayload, KnockPayload, PowerLevelPayload } from "./step-payloads.ts";

/** The kinds of steps on rooms. */
export type RoomStepKind = Extract<
  StepKind,
  "accept_invite" | "join" | "join_restricted" | "invite" | "join_invited" | "knock" | "power_level"
>;

/** The properties of a room that the steps to enter it need. */
export type RoomToEnter = Pick<PlannedRoom, "roomId" | "through" | "via" | "isNewToServer" | "isTry">;

/** The steps that enter a room by one route; none if the route has no work for the bot. */
export function entrySteps(room: RoomToEnter, route: Route): PlannedStep[] {
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
      return [knockStep(room)];
    case "joined":
    case "ask_moderator":
    case "successor":
    case "impossible":
    case "excluded":
      return [];
  }
}

/**
 * The step that gives the target its level after the join; `null` if no level can or must be given.
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

/**
 * The limits of a join at Synapse (`update_membership` and `update_membership_locked` in
 * handlers/room_member.py, 1.163.2):
 * 1. Every join counts against `rc_joins.local`.
 * 2. If no user of the target's server has joined the room, the join also counts against
 *   `rc_joins.remote`, whatever lets the account in.
 * 3. Any other join also counts against `rc_message`.
 *
 * An exception is a restricted room in which no user of the target's server can vouch. That join is
 * remote too, which is not known beforehand.
 */
function joinStep(room: RoomToEnter, kind: JoinPayload["kind"]): PlannedStep {
  const through = kind === "join_restricted" ? room.through : null;
  const payload: JoinPayload = {
    ...{ kind, roomId: room.roomId, via: [...room.via], through },
    ...((kind === "join" || kind === "join_restricted") && ofTry(room)),
  };
  const limits: LimitName[] = ["joins", room.isNewToServer ? "remote_joins" : "messages"];
  return { ...step(room, kind, payload), limits };
}

/**
 * The request counts against the invited account's limit before the sender's messages are counted
 * (platforms/matrix/README.md, "Rate limits").
 */
function inviteStep(room: RoomToEnter): PlannedStep {
  const payload: InvitePayload = { roomId: room.roomId };
  return { ...step(room, "invite", payload), side: "source", limits: ["invitations", "messages"] };
}

function knockStep(room: RoomToEnter): PlannedStep {
  const payload: KnockPayload = { roomId: room.roomId, via: [...room.via], ...ofTry(room) };
  return { ...step(room, "knock", payload), limits: ["messages"] };
}

function ofTry({ isTry }: RoomToEnter): Pick<JoinPayload, "isTry"> {
  return isTry === true ? { isTry } : {};
}

function step({ roomId }: Pick<PlannedRoom, "roomId">, kind: RoomStepKind, payload: unknown): PlannedStep {
  return plannedStep({ key: `${kind}:${roomId}`, kind, side: "target", limits: [], roomId, payload });
}
