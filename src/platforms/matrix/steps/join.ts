import { z } from "zod";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { membershipNow } from "../reading/state-now.ts";
import { toRoomOutcome } from "./room-errors.ts";
import type { StepContext } from "./step-context.ts";
import { onServerOf, serverProblem, toOutcome } from "./step-errors.ts";
import { alreadyDone, resolveRefused, writeWithUndo } from "./write-with-undo.ts";
import { joinPayload } from "../planning/step-payloads.ts";
import type { EnteredRoom, JoinPayload } from "../planning/step-payloads.ts";

/**
 * A join through another server fetches the room's whole state; in large rooms that takes minutes.
 */
const TIMEOUT_MS = 5 * 60_000;

const anyAnswer = z.object({});

/** The target joins a room. */
export async function joinStep(payload: unknown, context: StepContext): Promise<StepOutcome> {
  const join = joinPayload.parse(payload);
  try {
    if (!context.canSkipCheck && (await isInside(join.roomId, context))) return alreadyDone(context);
    return await enter(join, context);
  } catch (error) {
    return toOutcome(error);
  }
}

async function enter(join: JoinPayload, context: StepContext): Promise<StepOutcome> {
  const { roomId } = join;
  // Not all servers try more than the first (seen with Dendrite), so that another one comes first
  // when it is tried again.
  const via = context.canSkipCheck ? join.via : [...join.via.slice(1), ...join.via.slice(0, 1)];
  const undo: EnteredRoom = { roomId };
  try {
    await writeWithUndo(context, { undo, earlier: context.savedUndo }, () =>
      context.client.target.request({
        method: "POST",
        path: apiPath`/_matrix/client/v3/join/${roomId}`,
        // `server_name` is the name before v1.12 (MSC4156).
        query: { via, server_name: via },
        // Synapse copies the body into the member event.
        body: {},
        schema: anyAnswer,
        timeoutMs: TIMEOUT_MS,
        signal: context.signal,
      }),
    );
  } catch (error) {
    const outcome = await refusal(error, join, context);
    if (isNeverMade(error) && context.savedUndo === null) {
      await context.saveUndo(null);
      return outcome;
    }
    const look = async (): Promise<StepOutcome | null> =>
      (await isInside(roomId, context)) ? { status: "done", undo } : null;
    return await resolveRefused({ error, outcome, look }, context);
  }
  return { status: "done", undo };
}

async function refusal(error: unknown, join: JoinPayload, context: StepContext): Promise<StepOutcome> {
  // Every server that was asked could not see the room that lets the account in, or has nobody with
  // the power to vouch for it.
  if (join.kind === "join_restricted" && isNeverMade(error)) {
    return { status: "failed", problem: serverProblem("refused", error) };
  }
  const outcome = toRoomOutcome(error);
  const isForbidden = error instanceof HomeserverError && error.errcode === "M_FORBIDDEN";
  if (outcome.status !== "failed" || !isForbidden) return outcome;
  return (await isLetIn(join, context)) ? { status: "retry", problem: outcome.problem } : outcome;
}

async function isInside(roomId: string, { client, userId, signal }: StepContext): Promise<boolean> {
  return (await membershipNow(client.target, { roomId, userId: userId.target }, signal)) === "join";
}

/** No server that was asked made the event with which the account would have joined. */
function isNeverMade(error: unknown): error is HomeserverError {
  return error instanceof HomeserverError && error.status === 502 && error.text.includes("make_join");
}

/**
 * Whether the room does let the target in, though a server said no: a server that is in the room
 * already learns of an invitation, or of the join elsewhere that opens this room, only when the
 * event reaches it.
 */
async function isLetIn({ kind, roomId, through }: JoinPayload, context: StepContext): Promise<boolean> {
  switch (kind) {
    case "join":
      return false;
    case "join_restricted":
      return through !== null && context.isInside(through);
    case "accept_invite":
    case "join_invited": {
      const { client, userId, signal } = context;
      return (
        (await onServerOf(
          "source",
          membershipNow(client.source, { roomId, userId: userId.target }, signal),
        )) === "invite"
      );
    }
  }
}
