import { z } from "zod";
import type { Side } from "../../../model/account.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { stateNow } from "../reading/state-now.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import { valueOf } from "../rooms/state-read.ts";
import { powerLevelPayload, writtenLevel } from "../planning/step-payloads.ts";
import type { WrittenLevel } from "../planning/step-payloads.ts";
import type { StepContext } from "./step-context.ts";
import { serverProblem, attributedTo, toOutcome } from "./step-errors.ts";
import { writeWithUndo } from "./write-with-undo.ts";
import { powerLevelsContent } from "../rooms/power-levels/rewrite.ts";
import type { PowerLevelsContent } from "../rooms/power-levels/rewrite.ts";
import { POWER_LEVELS } from "../planning/power-grant.ts";
import { readPowerLevels } from "../rooms/power-levels/power-levels.ts";

const anyAnswer = z.object({});

/** The source gives the target its level. Who was given more meanwhile keeps it. */
export async function powerLevelStep(payload: unknown, context: StepContext): Promise<StepOutcome> {
  const wanted = powerLevelPayload.parse(payload);
  const { roomId, level, roomVersion, creators } = wanted;
  const savedUndo = writtenLevel.nullable().parse(context.savedUndo);
  const userId = context.userId.target;
  try {
    const content = await stateNow(context.client.source, { roomId, type: POWER_LEVELS }, context.signal);
    const { own, current } = levelIn(content, roomVersion, userId);
    if (current !== null && current >= level)
      return savedUndo !== null && own === savedUndo.level
        ? { status: "done", undo: savedUndo }
        : { status: "already_done" };
    const rewrite = powerLevelsContent({ content, roomVersion, creators, userId, level });
    return await write(rewrite, { roomId, by: "source", context, undo: { ...wanted, before: own } });
  } catch (error) {
    return failure(error);
  }
}

/**
 * Gives back the level that stood before, if the one that was written still stands. The target does
 * it as long as it is in the room: its own level anybody may lower, while the source, which may
 * have given all it has, could not (authorization rule 10 of rooms/v12).
 */
export async function undoPowerLevel(undo: unknown, context: StepContext): Promise<StepOutcome> {
  const { roomId, level, before, roomVersion, creators } = writtenLevel.parse(undo);
  const userId = context.userId.target;
  const by = context.isInside(roomId) ? "target" : "source";
  try {
    const content = await stateNow(context.client[by], { roomId, type: POWER_LEVELS }, context.signal);
    if (levelIn(content, roomVersion, userId).own !== level) return { status: "already_done" };
    return await write(powerLevelsContent({ content, roomVersion, creators, userId, level: before }), {
      roomId,
      by,
      context,
    });
  } catch (error) {
    return attributedTo(by, failure(error));
  }
}

/**
 * `own`: the user's own entry, `null` for none. `current`: the level that counts, `null` where none
 * can be read or the room has no levels.
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
  context: StepContext;
  undo?: WrittenLevel;
}

async function write(
  rewrite: PowerLevelsContent,
  { roomId, by, context, undo }: Writing,
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
      const { client, signal } = context;
      const put = () =>
        client[by].request({ method: "PUT", path, body: rewrite.content, schema: anyAnswer, signal });
      if (undo === undefined) {
        await put();
        return { status: "done" };
      }
      await writeWithUndo(context, { undo }, put);
      return { status: "done", undo };
    }
  }
}

function failure(error: unknown): StepOutcome {
  const outcome = toOutcome(error);
  const isRefusedWrite = error instanceof HomeserverError && error.method === "PUT" && error.status === 403;
  return outcome.status === "failed" && isRefusedWrite
    ? { status: "failed", problem: serverProblem("no_power", error) }
    : outcome;
}
