import type { StepOutcome } from "../../../model/step-outcome.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { anyAnswer } from "../api/json.ts";
import type { EnteredRoom } from "../planning/step-payloads.ts";
import type { StepScope } from "./define-step.ts";
import { isTargetJoined, membershipSeenBySource } from "./target-membership.ts";

/** The account's server asks another server to decline an invitation or withdraw a knock. */
const TIMEOUT_MS = 2 * 60_000;

type Scope = StepScope<EnteredRoom>;

/** The target leaves a room that the run joined. */
export async function leaveJoinedRoom({ roomId }: EnteredRoom, scope: Scope): Promise<StepOutcome> {
  return (await isTargetJoined(roomId, scope)) ? await leave(roomId, scope) : { status: "already_done" };
}

/** The target declines an invitation that it has not accepted. */
export async function declineInvitation({ roomId }: EnteredRoom, scope: Scope): Promise<StepOutcome> {
  return await leavePending(roomId, scope, "invite");
}

/**
 * The target withdraws a knock that nobody has answered. Synapse forgets a knock on a room of
 * another server without informing that server (1.163.2, `remote_rescind_knock`; its issue 18030).
 * So the step checks whether the room knows of the withdrawal. If the room does not learn of it
 * soon, only a member with the power to kick can decline the knock.
 */
export async function withdrawKnock({ roomId }: EnteredRoom, scope: Scope): Promise<StepOutcome> {
  const outcome = await leavePending(roomId, scope, "knock");
  if (outcome.status !== "done" && outcome.status !== "already_done") return outcome;
  return (await membershipSeenBySource(roomId, scope)) === "knock"
    ? { status: "retry", problem: { code: "no_power", serverText: null } }
    : outcome;
}

/**
 * Only members of a room see a pending membership; usually that is the source. If the source has
 * not joined, the target's server answers whether there is one.
 */
async function leavePending(roomId: string, scope: Scope, pending: "invite" | "knock"): Promise<StepOutcome> {
  const seen = await membershipSeenBySource(roomId, scope);
  const isOver = seen === "hidden" ? await isTargetJoined(roomId, scope) : seen !== pending;
  return isOver ? { status: "already_done" } : await leave(roomId, scope);
}

async function leave(roomId: string, { target }: Scope): Promise<StepOutcome> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/leave`;
  try {
    await target.request({ method: "POST", path, body: {}, schema: anyAnswer, timeoutMs: TIMEOUT_MS });
    return { status: "done" };
  } catch (error) {
    // "Not a known room": the account has no membership there.
    if (error instanceof HomeserverError && error.status === 404) return { status: "already_done" };
    throw error;
  }
}
