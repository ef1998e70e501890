import { z } from "zod";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { anyAnswer } from "../api/any-answer.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { POWER_LEVELS } from "../planning/power-grant.ts";
import { membershipNow, statePath } from "../reading/state-now.ts";
import { powerLevelsContent } from "../rooms/power-levels/rewrite.ts";
import { creatorsOf } from "../rooms/power-levels/room-power.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { StepScope } from "../steps/define-step.ts";
import { defineStep } from "../steps/define-step.ts";
import type { LeavingFacts } from "../steps/step-context.ts";
import { serverProblem, toOutcome } from "../steps/step-errors.ts";
import { isPowerGivenBack } from "./guards.ts";
import type { Look, StayCode } from "./look.ts";
import { lookAtRoom } from "./look.ts";
import type { LeavingPayload } from "./payload.ts";
import { leavingPayload } from "./payload.ts";

type Scope = StepScope<unknown>;

/**
 * The source removes its own entry from a room's power levels, so that nobody who gets hold of its
 * server has that power later. It does so only if it then also leaves: by the same rules as
 * `leaveRoomStep`. Leaving does not depend on it, so a refusal is no failure.
 */
export const dropPowerStep = defineStep({
  payload: leavingPayload,
  undoRecord: z.unknown(),
  async run(payload, scope) {
    if (!(await isSourceJoined(payload, scope))) return { status: "already_done" };
    const look = await lookAtRoom(payload, scope, factsOf(scope));
    const isLeft = look.reason === null && "seen" in look;
    return isLeft ? await dropPower(payload, look, scope) : { status: "already_done" };
  },
  undo: null,
});

/** The source leaves a room, after a look at both servers. It cannot be undone. */
export const leaveRoomStep = defineStep({
  payload: leavingPayload,
  undoRecord: z.unknown(),
  async run(payload, scope) {
    if (!(await isSourceJoined(payload, scope))) return { status: "already_done" };
    const { reason } = await lookAtRoom(payload, scope, factsOf(scope));
    return reason === null ? await leave(payload, scope) : stays(reason);
  },
  undo: null,
});

async function isSourceJoined({ roomId }: LeavingPayload, { source }: Scope): Promise<boolean> {
  return (await membershipNow(source, { roomId, userId: source.userId })) === "join";
}

function factsOf({ leaving }: Scope): LeavingFacts {
  if (leaving === undefined) throw new TypeError("a step that leaves a room needs its facts");
  return leaving;
}

async function dropPower(
  { roomId }: LeavingPayload,
  { seen, levels }: Look,
  { source, target }: Scope,
): Promise<StepOutcome> {
  if (!isPowerGivenBack(seen, { sourceUserId: source.userId, targetUserId: target.userId }))
    return { status: "already_done" };
  const creation = valueOf(seen.bySource.create);
  const rewrite = powerLevelsContent({
    content: levels,
    roomVersion: creation?.roomVersion ?? null,
    creators: creatorsOf(creation),
    userId: source.userId,
    level: null,
  });
  if (rewrite.kind !== "content") return { status: "already_done" };
  try {
    const path = statePath({ roomId, type: POWER_LEVELS });
    await source.request({ method: "PUT", path, body: rewrite.content, schema: anyAnswer });
    return { status: "done" };
  } catch (error) {
    const outcome = toOutcome(error);
    return outcome.status === "failed" ? { status: "already_done" } : outcome;
  }
}

async function leave({ roomId, reason }: LeavingPayload, { source }: Scope): Promise<StepOutcome> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/leave`;
  try {
    await source.request({ method: "POST", path, body: { reason }, schema: anyAnswer });
    return { status: "done" };
  } catch (error) {
    if (!(error instanceof HomeserverError)) throw error;
    // "Not a known room": the account has no membership there.
    if (error.status === 404) return { status: "already_done" };
    // CS §Server Notices: such a room cannot be left.
    if (error.errcode === "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM")
      return { status: "failed", problem: serverProblem("server_notices", error) };
    throw error;
  }
}

/** The reasons of the plan as codes of steps. The room may be left another time. */
function stays(reason: StayCode): StepOutcome {
  const code = reason === "alone" ? "last_member" : reason;
  return { status: "failed", problem: { code, serverText: null } };
}
