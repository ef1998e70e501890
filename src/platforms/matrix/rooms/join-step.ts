import { z } from "zod";
import type { Outcome } from "../../../migration/outcome.ts";
import { apiPath } from "../homeserver-client.ts";
import { HomeserverError } from "../homeserver-error.ts";
import { membershipNow } from "../reading/state-now.ts";
import { toRoomOutcome } from "../room-errors.ts";
import type { StepContext } from "../step-context.ts";
import { askAs, serverProblem, toOutcome } from "../step-errors.ts";
import { joinPayload } from "./step-payloads.ts";
import type { JoinPayload } from "./step-payloads.ts";

/** A join through another server fetches the room's whole state; in large rooms that takes minutes. */
const TIMEOUT_MS = 5 * 60_000;

const anyAnswer = z.object({});

/** The target joins a room. */
export async function joinStep(payload: unknown, context: StepContext): Promise<Outcome> {
  const join = joinPayload.parse(payload);
  const { client, userId, isFirstTry, signal } = context;
  try {
    if (!isFirstTry) {
      const seen = await membershipNow(client.target, { roomId: join.roomId, userId: userId.target }, signal);
      if (seen === "join") return { status: "already_done" };
    }
    return await enter(join, context);
  } catch (error) {
    return toOutcome(error);
  }
}

async function enter(join: JoinPayload, context: StepContext): Promise<Outcome> {
  const { roomId } = join;
  // Not all servers try more than the first (seen with Dendrite), so that another one comes first when it is tried again.
  const via = context.isFirstTry ? join.via : [...join.via.slice(1), ...join.via.slice(0, 1)];
  try {
    await context.client.target.request({
      method: "POST",
      path: apiPath`/_matrix/client/v3/join/${roomId}`,
      // `server_name` is the name before v1.12 (MSC4156).
      query: { via, server_name: via },
      // Synapse copies the body into the member event.
      body: {},
      schema: anyAnswer,
      timeoutMs: TIMEOUT_MS,
      signal: context.signal,
    });
  } catch (error) {
    return await refusal(error, join, context);
  }
  return { status: "done", undo: { roomId } };
}

async function refusal(error: unknown, join: JoinPayload, context: StepContext): Promise<Outcome> {
  if (error instanceof HomeserverError && join.kind === "join_restricted" && isNobodyVouching(error)) {
    return { status: "failed", problem: serverProblem("refused", error) };
  }
  const outcome = toRoomOutcome(error);
  const isForbidden = error instanceof HomeserverError && error.errcode === "M_FORBIDDEN";
  if (outcome.status !== "failed" || !isForbidden) return outcome;
  return (await isLetIn(join, context)) ? { status: "retry", problem: outcome.problem } : outcome;
}

/** Every server that was asked could not see the room that lets the account in, or has nobody with the power to vouch for it. */
function isNobodyVouching({ status, text }: HomeserverError): boolean {
  return status === 502 && text.includes("make_join");
}

/**
 * Whether the room does let the target in, though a server said no: a server that is in the room already learns of an invitation, or of the join elsewhere that
 * opens this room, only when the event reaches it.
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
      const seen = await askAs("source", membershipNow(client.source, { roomId, userId: userId.target }, signal));
      return seen === "invite";
    }
  }
}
