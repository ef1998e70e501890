import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import { content, ROOM } from "../../../../support/fakes/scripted-context.ts";
import { TARGET } from "../../../../support/plans/planned-rooms.ts";

export const OWN_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
export const SEEN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
export const timeout = new UnreachableError("timeout", "new.example");

export function member(membership: string): Answer {
  return content({ membership });
}

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
