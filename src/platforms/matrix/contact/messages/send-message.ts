import { z } from "zod";
import type { StepOutcome, StepProblemCode } from "../../../../model/step-outcome.ts";
import { UnreachableError } from "../../../../network/unreachable-error.ts";
import { apiPath } from "../../api/homeserver-client.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import type { StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { serverProblem, toOutcome } from "../../steps/step-errors.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { isStillNeeded } from "../ask/still-needed.ts";
import { sendMessagePayload } from "../payloads.ts";
import { isEncryptedNow, sendText } from "./message.ts";

/** A list of members beyond this is longer than any limit on them. */
const MAX_MEMBERS_BYTES = 1_048_576;
/** Stored before the text is sent, as its answer may be lost. */
const sendingSchema = z.object({ mayBeSent: z.literal(true) });
const joinedMembersSchema = z.object({ joined: z.record(z.string(), z.unknown()) });

/**
 * Sends a text to a room. The room is looked at right before. Whether the account may speak is left
 * to the server, because a refused message does not become visible.
 */
export const sendMessageStep = defineStep({
  payload: sendMessagePayload,
  undoRecord: sendingSchema,
  async run({ roomId, text, mentions, maxJoined, purpose }, scope) {
    const { own, stepId, savedUndo } = scope;
    // Whoever may have the text counts as told, although its answer was lost.
    const unlessSent = (outcome: StepOutcome): StepOutcome =>
      savedUndo === null ? outcome : { status: "done" };
    if (!(await isStillNeeded(purpose, scope))) return unlessSent({ status: "already_done" });
    try {
      if (maxJoined !== null && !(await hasAtMost(own, roomId, maxJoined)))
        return unlessSent(failed("room_grew"));
      if (await isEncryptedNow(own, roomId)) return unlessSent(failed("room_encrypted"));
      await writeWithUndo(scope, { undo: { mayBeSent: true }, earlier: savedUndo }, () =>
        sendText(own, { roomId, text, mentions, transactionId: stepId }),
      );
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
