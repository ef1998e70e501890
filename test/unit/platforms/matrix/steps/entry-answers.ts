import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import { content, NOT_FOUND, ROOM } from "../../../../support/fakes/scripted-context.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

export const OWN_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
export const SEEN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
/** The source's own membership, as each server shows it. */
export const SOURCE_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${SOURCE}`;
export const SOURCE_MEMBER_SEEN = `target GET /rooms/${ROOM}/state/m.room.member/${SOURCE}`;
export const timeout = new UnreachableError("timeout", "new.example");

export function member(membership: string): Answer {
  return content({ membership });
}

/** A room that would not miss the target: the source is in it, and the target has no power. */
export const NOT_MISSED = {
  [SOURCE_MEMBER]: member("join"),
  [SOURCE_MEMBER_SEEN]: member("join"),
  [`target GET /rooms/${ROOM}/state/m.room.create`]: content({ room_version: "11" }),
  [`target GET /rooms/${ROOM}/state/m.room.power_levels`]: content({ users: { [SOURCE]: 100 } }),
  [`target GET /rooms/${ROOM}/state/m.room.server_acl`]: NOT_FOUND,
};

export function problem(code: string, serverText: unknown = "words") {
  return { code, serverText };
}

export function waitForRoom(serverText: unknown = "words") {
  return {
    status: "wait",
    waitingFor: "room",
    waitMs: null,
    problem: problem("unreachable_server", serverText),
  };
}
