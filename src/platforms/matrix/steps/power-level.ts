import type { Side } from "../../../model/account.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { anyAnswer } from "../api/any-answer.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { POWER_LEVELS } from "../planning/power-grant.ts";
import type { WrittenLevel } from "../planning/step-payloads.ts";
import { powerLevelPayload, writtenLevel } from "../planning/step-payloads.ts";
import { stateNow } from "../reading/state-now.ts";
import { readPowerLevels } from "../rooms/power-levels/power-levels.ts";
import type { PowerLevelsContent } from "../rooms/power-levels/rewrite.ts";
import { powerLevelsContent } from "../rooms/power-levels/rewrite.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { StepScope } from "./define-step.ts";
import { defineStep } from "./define-step.ts";
import { attributedTo, onServerOf, serverProblem, toOutcome } from "./step-errors.ts";
import { stayOutcome, currentStayReason } from "./undo-entry.ts";
import { writeWithUndo } from "./write-with-undo.ts";

/**
 * The source sets the target's level. A target that has got a higher level meanwhile keeps it.
 *
 * The undo restores the previous level if the written level still exists. The target does it while
 * it is joined, because all users may lower their own level. The source may have given all its
 * power, and then cannot lower another user (authorization rule 10 of rooms/v12). It keeps a level
 * that the room would miss.
 */
export const powerLevelStep = defineStep({
  payload: powerLevelPayload,
  undoRecord: writtenLevel,
  async run(payload, scope) {
    const { roomId, level, roomVersion, creators } = payload;
    const { source, savedUndo } = scope;
    const { userId } = scope.target;
    const content = await stateNow(source, { roomId, type: POWER_LEVELS });
    const { own, current } = levelIn(content, roomVersion, userId);
    if (current !== null && current >= level)
      return savedUndo !== null && own === savedUndo.level
        ? { status: "done", undo: savedUndo }
        : { status: "already_done" };
    const rewrite = powerLevelsContent({ content, roomVersion, creators, userId, level });
    return await write(rewrite, { roomId, by: "source", scope, undo: { ...payload, before: own } });
  },
  async undo({ roomId, level, before, roomVersion, creators, leavesAnyway = false }, scope) {
    const { userId } = scope.target;
    const by = scope.isJoined(roomId) ? "target" : "source";
    const content = await onServerOf(by, stateNow(scope[by], { roomId, type: POWER_LEVELS }));
    if (levelIn(content, roomVersion, userId).own !== level) return { status: "already_done" };
    const reason = leavesAnyway || by === "source" ? null : await currentStayReason(roomId, scope);
    if (reason !== null) return stayOutcome(reason);
    const rewrite = powerLevelsContent({ content, roomVersion, creators, userId, level: before });
    return attributedTo(by, await write(rewrite, { roomId, by, scope }));
  },
});

/**
 * - `own`: the user's own entry, `null` for none.
 * - `current`: the level that counts; `null` if it cannot be read or the room has no levels.
 */
function levelIn(
  content: unknown,
  roomVersion: string | null,
  userId: string,
): { own: number | null; current: number | null } {
  const levels = valueOf(readPowerLevels(content, roomVersionRules(roomVersion)));
  const entry = levels?.users.get(userId);
  return { own: entry ?? null, current: entry === undefined ? (levels?.usersDefault ?? null) : entry };
}

interface Writing {
  roomId: string;
  by: Side;
  scope: StepScope<WrittenLevel>;
  /** Absent when the write is itself an undo. */
  undo?: WrittenLevel;
}

async function write(
  rewrite: PowerLevelsContent,
  { roomId, by, scope, undo }: Writing,
): Promise<StepOutcome> {
  switch (rewrite.kind) {
    case "unchanged":
    case "is_creator":
      return { status: "already_done" };
    case "unreadable":
    case "unknown_version":
      return { status: "failed", problem: { code: "unreadable", serverText: null } };
    case "content": {
      const path = apiPath`/_matrix/client/v3/rooms/${roomId}/state/${POWER_LEVELS}`;
      const put = () => scope[by].request({ method: "PUT", path, body: rewrite.content, schema: anyAnswer });
      try {
        if (undo === undefined) {
          await put();
          return { status: "done" };
        }
        await writeWithUndo(scope, { undo }, put);
        return { status: "done", undo };
      } catch (error) {
        return refusal(error);
      }
    }
  }
}

function refusal(error: unknown): StepOutcome {
  const outcome = toOutcome(error);
  return outcome.status === "failed" && error instanceof HomeserverError && error.status === 403
    ? { status: "failed", problem: serverProblem("no_power", error) }
    : outcome;
}
