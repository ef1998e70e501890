import type { StepOutcome } from "../../../../model/step-outcome.ts";
import type { JsonObject } from "../../api/json.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { StepScope } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { MAX_SPREAD_TRIES, ownMemberOnce, profileOfMember, writeOwnMember } from "../../steps/own-member.ts";
import type { KeptRoom } from "./plan.ts";
import { keptRoomSchema, overwrittenFields } from "./plan.ts";

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
  const isReached = (member: JsonObject): boolean => !isAsKept(kept, member);
  const member = await ownMemberOnce(target, kept.roomId, { isReached, signal });
  if (member === null) return { status: "already_done" };
  if (isReached(member)) return await restore(kept, member, scope);
  return failures + 1 < MAX_SPREAD_TRIES
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
