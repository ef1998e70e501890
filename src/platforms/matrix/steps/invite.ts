import type { StepOutcome } from "../../../model/step-outcome.ts";
import { anyAnswer } from "../api/any-answer.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError, isAccountLimit } from "../api/homeserver-error.ts";
import type { EnteredRoom } from "../planning/step-payloads.ts";
import { enteredRoom, invitePayload } from "../planning/step-payloads.ts";
import type { SeenMembership } from "../reading/state-now.ts";
import { membershipNow } from "../reading/state-now.ts";
import type { StepScope } from "./define-step.ts";
import { defineStep } from "./define-step.ts";
import { heldBy } from "./room-errors.ts";
import { serverProblem, toOutcome } from "./step-errors.ts";
import { declineInvitation } from "./undo-entry.ts";
import { alreadyDone, resolveRefused, writeWithUndo } from "./write-with-undo.ts";

/** The inviter's server answers only after the invited account's server has answered. */
const TIMEOUT_MS = 2 * 60_000;

/** The source invites the target. */
export const inviteStep = defineStep({
  payload: invitePayload,
  undoRecord: enteredRoom,
  async run({ roomId }, scope) {
    if (!scope.canSkipCheck) {
      const seen = await seenBySource(roomId, scope);
      if (isInvited(seen)) return alreadyDone(scope);
      if (seen === "ban") {
        await scope.saveUndo(null);
        return { status: "failed", problem: { code: "refused", serverText: null } };
      }
    }
    return await invite(roomId, scope);
  },
  undo: declineInvitation,
});

async function invite(roomId: string, scope: StepScope<EnteredRoom>): Promise<StepOutcome> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/invite`;
  // Never `is_direct`: clients would list the chat under the old account
  // (platforms/matrix/README.md, "Direct chats").
  const body = { user_id: scope.target.userId };
  const undo: EnteredRoom = { roomId };
  try {
    await writeWithUndo(scope, { undo, earlier: scope.savedUndo }, () =>
      scope.source.request({
        method: "POST",
        path,
        body,
        schema: anyAnswer,
        timeoutMs: TIMEOUT_MS,
        isRelayed: true,
      }),
    );
  } catch (error) {
    return await refusal(error, roomId, scope);
  }
  return { status: "done", undo };
}

async function refusal(error: unknown, roomId: string, scope: StepScope<EnteredRoom>): Promise<StepOutcome> {
  if (!(error instanceof HomeserverError)) return toOutcome(error);
  // Only the end of the code is compared: servers also send it with a prefix of their own
  // (MSC4155).
  const isBlocked = error.errcode.endsWith("INVITE_BLOCKED");
  const outcome: StepOutcome = isBlocked
    ? { status: "failed", problem: serverProblem("invite_blocked", error) }
    : toOutcome(error);
  if (outcome.status === "retry") return await trouble(error, roomId, scope);
  if (outcome.status !== "failed") return outcome;
  if (isAccountLimit(error)) return heldBy(error);
  const look = async (): Promise<StepOutcome | null> =>
    isInvited(await seenBySource(roomId, scope)) ? alreadyDone(scope) : null;
  // "Already in the room" is a refusal too.
  return await resolveRefused({ error, outcome, isLookedAt: error.errcode === "M_FORBIDDEN", look }, scope);
}

async function trouble(
  error: HomeserverError,
  roomId: string,
  scope: StepScope<EnteredRoom>,
): Promise<StepOutcome> {
  const seen = await seenBySource(roomId, scope);
  if (isInvited(seen)) return { status: "done", undo: { roomId } satisfies EnteredRoom };
  // An account that sees nothing has not joined the room and cannot invite anybody.
  const isOver = seen === "hidden" || seen === "ban" || error.errcode === "M_FORBIDDEN";
  await scope.saveUndo(isOver ? null : scope.savedUndo);
  if (isOver) return { status: "failed", problem: serverProblem("refused", error) };
  // The limit of the invited account's server arrives as this error, without its name or a delay.
  // The step waits for the whole period of the limit (platforms/matrix/README.md, "Rate limits").
  return {
    status: "wait",
    waitingFor: "limit",
    waitMs: null,
    problem: serverProblem("server_trouble", error),
  };
}

function isInvited(seen: SeenMembership): boolean {
  return seen === "invite" || seen === "join";
}

/** The step belongs to the source, so an error of this request needs no attribution. */
async function seenBySource(
  roomId: string,
  { source, target }: StepScope<EnteredRoom>,
): Promise<SeenMembership> {
  return await membershipNow(source, { roomId, userId: target.userId });
}
