import { z } from "zod";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { membershipNow, ownMembershipOutside } from "../reading/state-now.ts";
import type { SeenMembership } from "../reading/state-now.ts";
import { toRoomOutcome } from "./room-errors.ts";
import type { StepContext } from "./step-context.ts";
import { onServerOf, toOutcome } from "./step-errors.ts";
import { resolveRefused, writeWithUndo } from "./write-with-undo.ts";
import { knockPayload } from "../planning/step-payloads.ts";
import type { EnteredRoom, KnockPayload } from "../planning/step-payloads.ts";

/** Through another server, which may be slow. */
const TIMEOUT_MS = 2 * 60_000;

const anyAnswer = z.object({});

/** The target asks to be let in. */
export async function knockStep(payload: unknown, context: StepContext): Promise<StepOutcome> {
  const knock = knockPayload.parse(payload);
  try {
    if (!context.canSkipCheck) {
      const known = await look(knock, context);
      if (known !== null) return known;
    }
    return await ask(knock, context);
  } catch (error) {
    return toOutcome(error);
  }
}

async function ask(knock: KnockPayload, context: StepContext): Promise<StepOutcome> {
  const { roomId, via } = knock;
  const reason = knock.reason ?? context.knockReason;
  const undo: EnteredRoom = { roomId };
  try {
    await writeWithUndo(context, { undo, earlier: context.savedUndo }, () =>
      context.client.target.request({
        method: "POST",
        path: apiPath`/_matrix/client/v3/knock/${roomId}`,
        // `server_name` is the name before v1.12 (MSC4156).
        query: { via, server_name: via },
        body: reason === undefined ? {} : { reason },
        schema: anyAnswer,
        timeoutMs: TIMEOUT_MS,
        signal: context.signal,
      }),
    );
  } catch (error) {
    return await refusal(error, knock, context);
  }
  return { status: "needs_moderator" };
}

async function refusal(error: unknown, knock: KnockPayload, context: StepContext): Promise<StepOutcome> {
  const outcome = toRoomOutcome(error);
  // Who was let in meanwhile may not knock any more.
  const isForbidden = error instanceof HomeserverError && error.errcode === "M_FORBIDDEN";
  return await resolveRefused(
    { error, outcome, isLookedAt: isForbidden, look: () => look(knock, context) },
    context,
  );
}

async function look(knock: KnockPayload, context: StepContext): Promise<StepOutcome | null> {
  const known = standing(await seen(knock, context));
  // Of a knock nothing stands where the account is banned.
  if (known?.status === "failed") await context.saveUndo(null);
  return known;
}

/**
 * What is left of the step with this membership; `null`: to be done. An invitation is the answer to
 * a knock, and is taken up like every other that comes from people in the room: by whoever looks
 * after the rooms that wait for them.
 */
function standing(membership: SeenMembership): StepOutcome | null {
  switch (membership) {
    case "join":
      return { status: "already_done" };
    case "knock":
    case "invite":
      return { status: "needs_moderator" };
    case "ban":
      return { status: "failed", problem: { code: "refused", serverText: null } };
    case "leave":
    case "none":
    case "hidden":
      return null;
  }
}

async function seen(
  { roomId, via }: KnockPayload,
  { client, userId, signal }: StepContext,
): Promise<SeenMembership> {
  const bySource = await onServerOf(
    "source",
    membershipNow(client.source, { roomId, userId: userId.target }, signal),
  );
  return bySource === "hidden"
    ? await ownMembershipOutside(client.target, { roomId, via }, signal)
    : bySource;
}
