import type { StepOutcome } from "../../../../model/step-outcome.ts";
import type { JsonObject } from "../../api/json.ts";
import type { RoomProfile } from "../../reading/account-reading.ts";
import type { StepScope } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import {
  MAX_SPREAD_TRIES,
  ownMemberOnce,
  profileOfMember,
  readOwnMember,
  writeOwnMember,
} from "../../steps/own-member.ts";
import { CHANGED_SINCE, GONE } from "../../steps/step-errors.ts";
import { alreadyDone, writeWithUndo } from "../../steps/write-with-undo.ts";
import type { GivenRoomNameRecord } from "./payloads.ts";
import { givenRoomNameRecord, renameRoomPayload } from "./payloads.ts";

/**
 * Gives the source a new name in one room, in its own member event. The undo brings the former name
 * back if nobody has changed it since.
 */
export const renameRoomStep = defineStep({
  payload: renameRoomPayload,
  undoRecord: givenRoomNameRecord,
  async run({ roomId, name, shown, former }, scope) {
    const { source } = scope;
    const member = await readOwnMember(source, roomId);
    if (member === null) return GONE;
    const { displayName } = profileOfMember(member);
    if (displayName === name) return alreadyDone(scope);
    if (displayName !== shown) return CHANGED_SINCE;
    const undo: GivenRoomNameRecord = { roomId, name, former };
    const content = withProfile(member, { ...profileOfMember(member), displayName: name });
    await writeWithUndo(scope, { undo }, () => writeOwnMember(source, roomId, content));
    return { status: "done", undo };
  },
  undo: ({ everywhere, ...given }, scope) =>
    everywhere === undefined ? nameBack(given, scope) : ownNameBack({ ...given, everywhere }, scope),
});

type Scope = StepScope<GivenRoomNameRecord>;

/** The former name in the only room that had the new one. */
async function nameBack(
  { roomId, name, former }: GivenRoomNameRecord,
  { source }: Scope,
): Promise<StepOutcome> {
  const member = await readOwnMember(source, roomId);
  if (member === null || profileOfMember(member).displayName !== name) return { status: "already_done" };
  const content = withProfile(member, { ...profileOfMember(member), displayName: former });
  await writeOwnMember(source, roomId, content);
  return { status: "done" };
}

/**
 * What the person had chosen for a room, after the global name was changed back. The server writes
 * the global name into the room some time later, and would overwrite it.
 */
async function ownNameBack(
  { roomId, name, former, everywhere, avatar }: GivenRoomNameRecord & { everywhere: string | null },
  { source, failures, signal }: Scope,
): Promise<StepOutcome> {
  const isReached = (member: JsonObject): boolean => {
    const { displayName } = profileOfMember(member);
    return displayName === everywhere || (displayName !== name && displayName !== former);
  };
  const member = await ownMemberOnce(source, roomId, { isReached, signal });
  if (member === null) return { status: "already_done" };
  if (!isReached(member) && failures + 1 < MAX_SPREAD_TRIES)
    return { status: "wait", waitingFor: "room", waitMs: null, problem: null };
  const seen = profileOfMember(member);
  if (seen.displayName !== name && seen.displayName !== everywhere) return { status: "already_done" };
  const avatarUrl = seen.avatarUrl === avatar?.over ? avatar.own : seen.avatarUrl;
  const own = { displayName: former, avatarUrl };
  await writeOwnMember(source, roomId, withProfile(member, own));
  return { status: "done" };
}

/** @param profile `null` removes a key; the server then fills in the global value */
function withProfile(
  { displayname: _displayname, avatar_url: _avatarUrl, ...member }: JsonObject,
  { displayName, avatarUrl }: RoomProfile,
): JsonObject {
  return {
    ...member,
    ...(displayName !== null && { displayname: displayName }),
    ...(avatarUrl !== null && { avatar_url: avatarUrl }),
  };
}
