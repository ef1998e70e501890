import { z } from "zod";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { membershipNow } from "../reading/state-now.ts";
import type { StepContext } from "./step-context.ts";
import { onServerOf, toOutcome } from "./step-errors.ts";
import { enteredRoom } from "../planning/step-payloads.ts";

/** To turn down an invitation, or to take a knock back, the account's server asks another one. */
const TIMEOUT_MS = 2 * 60_000;

const anyAnswer = z.object({});

/** The target leaves a room that it has joined. */
export async function undoJoin(undo: unknown, context: StepContext): Promise<StepOutcome> {
  const { roomId } = enteredRoom.parse(undo);
  return await leaveUnless(roomId, context, async () => !(await isInside(roomId, context)));
}

/** The target turns down an invitation that it has not taken up. */
export async function undoInvite(undo: unknown, context: StepContext): Promise<StepOutcome> {
  return await undoPending(undo, context, "invite");
}

/**
 * The target takes back a knock that nobody has answered. Synapse forgets a knock at another
 * server's room without telling that server (1.163.2, `remote_rescind_knock`; its issue 18030), so
 * it is looked whether the room has heard of it: where it does not hear soon, only who may throw
 * people out can decline it.
 */
export async function undoKnock(undo: unknown, context: StepContext): Promise<StepOutcome> {
  const outcome = await undoPending(undo, context, "knock");
  if (outcome.status !== "done" && outcome.status !== "already_done") return outcome;
  const { roomId } = enteredRoom.parse(undo);
  const { client, userId, signal } = context;
  try {
    const seen = await onServerOf(
      "source",
      membershipNow(client.source, { roomId, userId: userId.target }, signal),
    );
    return seen === "knock" ? { status: "retry", problem: { code: "no_power", serverText: null } } : outcome;
  } catch (error) {
    return toOutcome(error);
  }
}

/**
 * Only who is in the room is shown a pending membership: the source, as a rule. Where it is not,
 * the target's server says whether there is one.
 */
async function undoPending(
  undo: unknown,
  context: StepContext,
  pending: "invite" | "knock",
): Promise<StepOutcome> {
  const { roomId } = enteredRoom.parse(undo);
  const { client, userId, signal } = context;
  return await leaveUnless(roomId, context, async () => {
    const seen = await onServerOf(
      "source",
      membershipNow(client.source, { roomId, userId: userId.target }, signal),
    );
    return seen === "hidden" ? await isInside(roomId, context) : seen !== pending;
  });
}

async function isInside(roomId: string, { client, userId, signal }: StepContext): Promise<boolean> {
  return (await membershipNow(client.target, { roomId, userId: userId.target }, signal)) === "join";
}

async function leaveUnless(
  roomId: string,
  context: StepContext,
  isOver: () => Promise<boolean>,
): Promise<StepOutcome> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/leave`;
  try {
    if (await isOver()) return { status: "already_done" };
    const { signal } = context;
    await context.client.target.request({
      method: "POST",
      path,
      body: {},
      schema: anyAnswer,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return { status: "done" };
  } catch (error) {
    // "Not a known room": the account has nothing to do with it.
    if (error instanceof HomeserverError && error.status === 404 && error.method === "POST")
      return { status: "already_done" };
    return toOutcome(error);
  }
}
