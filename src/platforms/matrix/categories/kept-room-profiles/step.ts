import { setTimeout as sleep } from "node:timers/promises";
import type { StepOutcome } from "../../../../model/step-outcome.ts";
import type { JsonObject } from "../../api/json.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { StepScope } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { profileOfMember, readOwnMember, writeOwnMember } from "../../steps/own-member.ts";
import type { KeptRoom } from "./plan.ts";
import { keptRoomSchema, overwrittenFields } from "./plan.ts";

/**
 * The number of looks in one try, and the time between them. Most servers spread a profile within
 * seconds.
 */
const MAX_LOOKS = 4;
const PAUSE_MS = 500;
/** The number of tries. A room that is unchanged after the last one counts as not overwritten. */
const MAX_TRIES = 3;

/**
 * Writes the target's own name and picture in a room back after a change of its global profile. The
 * undo does the same after the global profile was changed back.
 */
export const keptRoomStep = defineStep({
  payload: keptRoomSchema,
  undoRecord: keptRoomSchema,
  run: writeBack,
  undo: writeBack,
});

async function writeBack(kept: KeptRoom, scope: StepScope<KeptRoom>): Promise<StepOutcome> {
  const { target, failures, signal } = scope;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    // A stop ends the sleep. The next request then throws.
    if (look > 0) await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    const member = await readOwnMember(target, kept.roomId);
    if (member === null) return { status: "already_done" };
    if (!isAsKept(kept, member)) return await restore(kept, member, scope);
  }
  return failures + 1 < MAX_TRIES
    ? { status: "wait", waitingFor: "room", waitMs: null, problem: null }
    : { status: "already_done" };
}

async function restore(
  kept: KeptRoom,
  member: JsonObject,
  { target }: StepScope<KeptRoom>,
): Promise<StepOutcome> {
  const { displayName, avatarUrl } = overwrittenFields(
    kept,
    profileOfMember(member),
    await readProfile(target, target.userId),
  );
  if (displayName === undefined && avatarUrl === undefined) return { status: "already_done" };
  const written = { ...member, ...valueOf("displayname", displayName), ...valueOf("avatar_url", avatarUrl) };
  const content = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== null));
  await writeOwnMember(target, kept.roomId, content);
  return { status: "done", undo: kept };
}

/** @param value `null`: the key is removed; `undefined`: it is not changed */
function valueOf(key: string, value: string | null | undefined): JsonObject {
  return value === undefined ? {} : { [key]: value };
}

function isAsKept({ displayName, avatarUrl }: KeptRoom, member: JsonObject): boolean {
  const existing = profileOfMember(member);
  return (
    (displayName === undefined || displayName === existing.displayName) &&
    (avatarUrl === undefined || avatarUrl === existing.avatarUrl)
  );
}
