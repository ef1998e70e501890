import type { StayReason } from "../../../model/stay-reason.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { anyAnswer } from "../api/any-answer.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { EnteredRoom } from "../planning/step-payloads.ts";
import { findStayReason } from "../reading/find-stay-reason.ts";
import { mayBeInvited } from "../reading/state-now.ts";
import type { StepScope } from "./define-step.ts";
import { toOutcome } from "./step-errors.ts";
import { isTargetJoined, membershipOfSource, membershipSeenBySource } from "./target-membership.ts";

/** The account's server asks another server to decline an invitation or withdraw a knock. */
const TIMEOUT_MS = 2 * 60_000;

type Scope = StepScope<EnteredRoom>;

/**
 * The target leaves a room that the run joined. It stays if it would be missed, unless the person
 * has confirmed that it leaves anyway.
 */
export async function leaveJoinedRoom(
  { roomId, leavesAnyway = false }: EnteredRoom,
  scope: Scope,
): Promise<StepOutcome> {
  if (!(await isTargetJoined(roomId, scope))) return { status: "already_done" };
  const reason = leavesAnyway ? null : await currentStayReason(roomId, scope);
  return reason === null ? await leave(roomId, scope) : stayOutcome(reason);
}

/** Why the target should not leave the room, as both servers see it now. */
export async function currentStayReason(
  roomId: string,
  { source, target }: Pick<Scope, "source" | "target">,
): Promise<StayReason | null> {
  const isJoined = (await membershipOfSource(roomId, { source })) === "join";
  return findStayReason({
    roomId,
    sourceUserId: source.userId,
    targetUserId: target.userId,
    source: !source.isSignedIn ? "from_file" : isJoined ? "joined" : "not_joined",
    target,
    // A room that lets its members into others is left after them.
    isLeftToo: () => false,
  });
}

export function stayOutcome(reason: StayReason): StepOutcome {
  return { status: "failed", problem: { code: reason, serverText: null } };
}

/**
 * The target declines an invitation that it has not accepted. A server may refuse for good: the
 * invitation was withdrawn and the server does not know it (element-hq/synapse#6762), or it comes
 * from the server itself (M_CANNOT_LEAVE_SERVER_NOTICE_ROOM). Then nothing is left to undo.
 */
export async function declineInvitation(
  { roomId, leavesAnyway = false }: EnteredRoom,
  scope: Scope,
): Promise<StepOutcome> {
  if (!(await isPending(roomId, scope, "invite"))) return { status: "already_done" };
  if (!leavesAnyway && (await isLastWay(roomId, scope))) return stayOutcome("source_not_joined");
  try {
    return await leave(roomId, scope);
  } catch (error) {
    const outcome = toOutcome(error);
    return outcome.status === "failed" ? { status: "already_done" } : outcome;
  }
}

/** Whether nobody of the two accounts could invite again: the source is not in the room. */
async function isLastWay(roomId: string, { source, target }: Scope): Promise<boolean> {
  const membership = await membershipOfSource(roomId, { source });
  return membership !== "join" && (await mayBeInvited(target, roomId));
}

/**
 * The target withdraws a knock that nobody has answered. Synapse forgets a knock on a room of
 * another server without informing that server (1.163.2, `remote_rescind_knock`; its issue 18030).
 * So the step checks whether the room knows of the withdrawal. If the room does not learn of it
 * soon, only a member with the power to kick can decline the knock.
 */
export async function withdrawKnock({ roomId }: EnteredRoom, scope: Scope): Promise<StepOutcome> {
  const outcome: StepOutcome = (await isPending(roomId, scope, "knock"))
    ? await leaveKnock(roomId, scope)
    : { status: "already_done" };
  if (outcome.status !== "done" && outcome.status !== "already_done") return outcome;
  return (await membershipSeenBySource(roomId, scope)) === "knock"
    ? { status: "retry", problem: { code: "no_power", serverText: null } }
    : outcome;
}

/** Without the source only this request shows that the knock was declined before. */
async function leaveKnock(roomId: string, scope: Scope): Promise<StepOutcome> {
  try {
    return await leave(roomId, scope);
  } catch (error) {
    const outcome = toOutcome(error);
    return outcome.status === "failed" && !scope.source.isSignedIn ? { status: "already_done" } : outcome;
  }
}

/**
 * Only members of a room see a pending membership; usually that is the source. If the source has
 * not joined or is not signed in, the target's server answers whether there is one.
 */
async function isPending(roomId: string, scope: Scope, pending: "invite" | "knock"): Promise<boolean> {
  const seen = await membershipSeenBySource(roomId, scope);
  return seen === "hidden" ? !(await isTargetJoined(roomId, scope)) : seen === pending;
}

async function leave(roomId: string, { target }: Scope): Promise<StepOutcome> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/leave`;
  try {
    await target.request({
      method: "POST",
      path,
      body: {},
      schema: anyAnswer,
      timeoutMs: TIMEOUT_MS,
      isRelayed: true,
    });
    return { status: "done" };
  } catch (error) {
    // "Not a known room": the account has no membership there.
    if (error instanceof HomeserverError && error.status === 404) return { status: "already_done" };
    throw error;
  }
}
