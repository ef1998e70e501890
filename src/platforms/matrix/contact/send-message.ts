import { z } from "zod";
import type { StepOutcome, StepProblemCode } from "../../../model/step-outcome.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { StepSession } from "../steps/define-step.ts";
import { defineStep } from "../steps/define-step.ts";
import { serverProblem, toOutcome } from "../steps/step-errors.ts";
import { isStillNeeded } from "./ask/still-needed.ts";
import { isEncryptedNow, sendText } from "./message.ts";
import { sendMessagePayload } from "./payloads.ts";

/** A list of members beyond this is longer than any limit on them. */
const MAX_MEMBERS_BYTES = 1_048_576;
const joinedMembersSchema = z.object({ joined: z.record(z.string(), z.unknown()) });

/**
 * Sends a text to a room. The room is looked at right before. Whether the account may speak is left
 * to the server, because a refused message does not become visible.
 */
export const sendMessageStep = defineStep({
  payload: sendMessagePayload,
  undoRecord: z.null(),
  async run({ roomId, text, mentions, maxJoined, purpose }, scope) {
    const { own, stepId } = scope;
    if (!(await isStillNeeded(purpose, scope))) return { status: "already_done" };
    try {
      if (maxJoined !== null && !(await hasAtMost(own, roomId, maxJoined))) return failed("room_grew");
      if (await isEncryptedNow(own, roomId)) return failed("room_encrypted");
      await sendText(own, { roomId, text, mentions, transactionId: stepId });
    } catch (error) {
      return refusal(error);
    }
    return { status: "done" };
  },
  undo: null,
});

async function hasAtMost(session: StepSession, roomId: string, maxJoined: number): Promise<boolean> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/joined_members`;
  try {
    const { joined } = await session.request({
      method: "GET",
      path,
      schema: joinedMembersSchema,
      maxBytes: MAX_MEMBERS_BYTES,
    });
    return Object.keys(joined).length <= maxJoined;
  } catch (error) {
    if (error instanceof UnreachableError && error.reason === "too_large") return false;
    throw error;
  }
}

function refusal(error: unknown): StepOutcome {
  const outcome = toOutcome(error);
  return outcome.status === "failed" && error instanceof HomeserverError && error.status === 403
    ? { status: "failed", problem: serverProblem("no_power", error) }
    : outcome;
}

function failed(code: StepProblemCode): StepOutcome {
  return { status: "failed", problem: { code, serverText: null } };
}
