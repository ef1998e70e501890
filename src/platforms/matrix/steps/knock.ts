import type { StepOutcome } from "../../../model/step-outcome.ts";
import { anyAnswer } from "../api/any-answer.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { EnteredRoom, KnockPayload } from "../planning/step-payloads.ts";
import { enteredRoom, knockPayload } from "../planning/step-payloads.ts";
import type { SeenMembership } from "../reading/state-now.ts";
import { ownMembershipOutside } from "../reading/state-now.ts";
import type { StepScope } from "./define-step.ts";
import { defineStep } from "./define-step.ts";
import { toRoomOutcome, viaOfTry } from "./room-errors.ts";
import { membershipSeenBySource } from "./target-membership.ts";
import { withdrawKnock } from "./undo-entry.ts";
import { resolveRefused, writeWithUndo } from "./write-with-undo.ts";

/** A knock goes through another server, which may be slow. */
const TIMEOUT_MS = 2 * 60_000;

/**
 * The target asks to join. The outcome holds no undo record, because the payload has what the undo
 * needs.
 */
export const knockStep = defineStep({
  payload: knockPayload,
  undoRecord: enteredRoom,
  async run(knock, scope) {
    if (!scope.canSkipCheck) {
      const known = await look(knock, scope);
      if (known !== null) return known;
    }
    return await ask(knock, scope);
  },
  undo: withdrawKnock,
});

async function ask(knock: KnockPayload, scope: StepScope<EnteredRoom>): Promise<StepOutcome> {
  const { roomId } = knock;
  const via = viaOfTry(knock.via, scope);
  const reason = knock.reason ?? scope.knockReason;
  const undo: EnteredRoom = { roomId };
  try {
    await writeWithUndo(scope, { undo, earlier: scope.savedUndo }, () =>
      scope.target.request({
        method: "POST",
        path: apiPath`/_matrix/client/v3/knock/${roomId}`,
        // `server_name` is the name before v1.12 (MSC4156).
        query: { via, server_name: via },
        body: reason === undefined ? {} : { reason },
        schema: anyAnswer,
        timeoutMs: TIMEOUT_MS,
        isRelayed: true,
      }),
    );
  } catch (error) {
    const outcome = toRoomOutcome(error, knock);
    // An account that was let in meanwhile may not knock any more.
    const isForbidden = error instanceof HomeserverError && error.errcode === "M_FORBIDDEN";
    return await resolveRefused(
      { error, outcome, isLookedAt: isForbidden, look: () => look(knock, scope) },
      scope,
    );
  }
  return { status: "needs_moderator" };
}

async function look(knock: KnockPayload, scope: StepScope<EnteredRoom>): Promise<StepOutcome | null> {
  const known = outcomeBy(await membershipOf(knock, scope));
  // A ban removes the knock.
  if (known?.status === "failed") await scope.saveUndo(null);
  return known;
}

/**
 * The outcome of the step by the target's membership; `null`: the step has to be done. An
 * invitation is the answer to the knock. The watch accepts it like every other invitation from
 * people in a room.
 */
function outcomeBy(membership: SeenMembership): StepOutcome | null {
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

async function membershipOf(
  { roomId, via }: KnockPayload,
  scope: StepScope<EnteredRoom>,
): Promise<SeenMembership> {
  const bySource = await membershipSeenBySource(roomId, scope);
  return bySource === "hidden" ? await ownMembershipOutside(scope.target, { roomId, via }) : bySource;
}
