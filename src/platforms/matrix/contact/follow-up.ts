import type { ContactChange } from "../../../model/contact.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { PlannedStep } from "../../../model/step.ts";
import type { FollowUp } from "../../runs.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { stepsAfterRefusal } from "./ask/steps.ts";
import type { ContactPurpose } from "./payloads.ts";
import { openChatPayload, openedChatSchema, sendMessagePayload } from "./payloads.ts";

export type FollowedStep = Pick<PlannedStep, "side" | "payload">;

/** What follows from a message in a room. */
export function afterMessage({ payload }: FollowedStep, outcome: StepOutcome): FollowUp {
  const { roomId, purpose } = sendMessagePayload.parse(payload);
  return { contact: outcome.status === "done" ? told(purpose, roomId) : [], steps: [] };
}

/** What follows from a new chat. */
export function afterChat({ side, payload }: FollowedStep, outcome: StepOutcome): FollowUp {
  const { partner, purpose } = openChatPayload.parse(payload);
  if (outcome.status === "done") {
    const { roomId } = openedChatSchema.parse(outcome.undo);
    return {
      contact: [
        { kind: "chat", roomId, state: "open" },
        ...serverOf(partner, false),
        ...told(purpose, roomId),
      ],
      steps: [],
    };
  }
  // Nobody is needed any more.
  if (outcome.status === "already_done") return { contact: [], steps: [] };
  const code = outcome.status === "failed" ? outcome.problem.code : null;
  const next = stepsAfterRefusal(side, purpose);
  const notOpened: ContactChange = { kind: "chat", roomId: null, state: "refused" };
  switch (code) {
    case "partner_refused":
      return { contact: [notOpened, ...refused(purpose)], steps: next };
    case "unreachable_server":
      // Nobody was asked.
      return { contact: [notOpened, ...serverOf(partner, true)], steps: next };
    default:
      return { contact: [notOpened], steps: [] };
  }
}

function told(purpose: ContactPurpose, chatRoomId: string): ContactChange[] {
  switch (purpose.kind) {
    case "ask": {
      const { way, userIds, roomIds } = purpose;
      return [{ kind: "asked", roomIds, userIds, way, result: "sent", chatRoomId }];
    }
    case "announce":
      return [{ kind: "announced", roomId: chatRoomId }];
    case "direct_chat":
      return [];
  }
}

function refused(purpose: ContactPurpose): ContactChange[] {
  if (purpose.kind !== "ask") return [];
  const { way, userIds, roomIds } = purpose;
  return [{ kind: "asked", roomIds, userIds, way, result: "refused", chatRoomId: null }];
}

function serverOf(partner: string, isSilent: boolean): ContactChange[] {
  const serverName = serverNameOf(partner);
  return serverName === null ? [] : [{ kind: "server", serverName, isSilent }];
}
