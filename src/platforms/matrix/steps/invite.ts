import { z } from "zod";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { membershipNow } from "../reading/state-now.ts";
import type { SeenMembership } from "../reading/state-now.ts";
import { isTimeout, waitForRoom } from "./room-errors.ts";
import type { StepContext } from "./step-context.ts";
import { serverProblem, toOutcome } from "./step-errors.ts";
import { alreadyDone, resolveRefused, writeWithUndo } from "./write-with-undo.ts";
import { invitePayload } from "../planning/step-payloads.ts";
import type { EnteredRoom } from "../planning/step-payloads.ts";

/** The inviter's server answers only once the invited account's server has. */
const TIMEOUT_MS = 2 * 60_000;

const anyAnswer = z.object({});

/** The source invites the target. */
export async function inviteStep(payload: unknown, context: StepContext): Promise<StepOutcome> {
  const { roomId } = invitePayload.parse(payload);
  try {
    if (!context.canSkipCheck) {
      const seen = await seenBySource(roomId, context);
      if (isInvited(seen)) return alreadyDone(context);
      if (seen === "ban") {
        await context.saveUndo(null);
        return { status: "failed", problem: { code: "refused", serverText: null } };
      }
    }
    return await invite(roomId, context);
  } catch (error) {
    return toOutcome(error);
  }
}

async function invite(roomId: string, context: StepContext): Promise<StepOutcome> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/invite`;
  // Never `is_direct`: clients would take the old account for the one the chat is with
  // (protocol-facts.md section 4).
  const body = { user_id: context.userId.target };
  const undo: EnteredRoom = { roomId };
  try {
    const { client, signal } = context;
    const ask = { method: "POST", path, body, schema: anyAnswer, timeoutMs: TIMEOUT_MS, signal } as const;
    await writeWithUndo(context, { undo, earlier: context.savedUndo }, () => client.source.request(ask));
  } catch (error) {
    return await refusal(error, roomId, context);
  }
  return { status: "done", undo };
}

async function refusal(error: unknown, roomId: string, context: StepContext): Promise<StepOutcome> {
  if (isTimeout(error)) return waitForRoom({ code: "unreachable_server", serverText: error.message });
  if (!(error instanceof HomeserverError)) return toOutcome(error);
  // The suffix, for servers have it under names of their own as well (MSC4155).
  const isBlocked = error.errcode.endsWith("INVITE_BLOCKED");
  const outcome: StepOutcome = isBlocked
    ? { status: "failed", problem: serverProblem("invite_blocked", error) }
    : toOutcome(error);
  if (outcome.status === "retry") return await trouble(error, roomId, context);
  if (outcome.status !== "failed") return outcome;
  const look = async (): Promise<StepOutcome | null> =>
    isInvited(await seenBySource(roomId, context)) ? alreadyDone(context) : null;
  // "Already in the room" is a refusal too.
  return await resolveRefused({ error, outcome, isLookedAt: error.errcode === "M_FORBIDDEN", look }, context);
}

async function trouble(error: HomeserverError, roomId: string, context: StepContext): Promise<StepOutcome> {
  const seen = await seenBySource(roomId, context);
  if (isInvited(seen)) return { status: "done", undo: { roomId } satisfies EnteredRoom };
  // Who is shown nothing was not in the room, and could invite nobody.
  const isOver = seen === "hidden" || seen === "ban" || error.errcode === "M_FORBIDDEN";
  await context.saveUndo(isOver ? null : context.savedUndo);
  if (isOver) return { status: "failed", problem: serverProblem("refused", error) };
  // This is how the limit of the invited account's server comes through (protocol-facts.md section
  // 13), without saying so or how long: its whole period has to be waited for.
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

async function seenBySource(
  roomId: string,
  { client, userId, signal }: StepContext,
): Promise<SeenMembership> {
  return await membershipNow(client.source, { roomId, userId: userId.target }, signal);
}
