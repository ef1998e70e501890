import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import { unlessAbsent } from "../../api/homeserver-error.ts";
import type { JsonObject } from "../../api/json.ts";
import { isJsonObject, isTooDeep, textOrNull } from "../../api/json.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { CopiedImage } from "../../steps/copy-image.ts";
import { copyImage } from "../../steps/copy-image.ts";
import type { StepScope, StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import type { ErrorOutcome } from "../../steps/step-errors.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { missingFrom, roomProfileSchema } from "./plan.ts";

/** The keys of the member event that were changed. */
const undoSchema = z.object({
  roomId: z.string(),
  written: z.record(z.string(), z.string()),
  /** The previous values. A key that did not exist is left out. */
  before: z.record(z.string(), z.unknown()),
  /** False while only the avatar was copied, and nothing was written. */
  isWritten: z.exactOptional(z.literal(false)),
});
type RoomProfileUndo = z.output<typeof undoSchema>;

const GONE: ErrorOutcome = { status: "failed", problem: { code: "gone", serverText: null } };

/**
 * Sets the target's name and avatar for one room, in its own member event.
 * - All other keys of the event stay.
 * - The name is written even if the avatar cannot be copied.
 * - The event is written only if the target is joined. Otherwise the write would join the room.
 */
export const roomProfileStep = defineStep({
  payload: roomProfileSchema,
  undoRecord: undoSchema,
  async run({ roomId, everywhere, ...desired }, scope) {
    const { target, savedUndo } = scope;
    const member = await readMember(target, roomId);
    if (member === null) return GONE;
    const existing = {
      displayName: textOrNull(member["displayname"]),
      avatarUrl: textOrNull(member["avatar_url"]),
    };
    const missing = missingFrom(desired, existing, [everywhere, await readProfile(target, target.userId)]);
    const earlier = savedUndo === null ? null : stillThere(savedUndo, member);
    if (missing.displayName === null && missing.avatarUrl === null)
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const avatar = missing.avatarUrl === null ? null : await copyOnce(missing.avatarUrl, scope);
    const hasAvatar = avatar?.status === "copied";
    if (avatar !== null && !hasAvatar && (avatar.status !== "failed" || missing.displayName === null))
      return avatar.status === "failed" && earlier !== null ? { ...avatar, undo: earlier } : avatar;
    // The event is read again, because the copy takes time.
    const content = avatar === null ? member : await readMember(target, roomId);
    if (content === null) return GONE;
    const written = {
      ...(missing.displayName === null ? {} : { displayname: missing.displayName }),
      ...(hasAvatar ? { avatar_url: avatar.url } : {}),
    };
    const before = Object.fromEntries(Object.entries(content).filter(([key]) => Object.hasOwn(written, key)));
    const undo: RoomProfileUndo = {
      roomId,
      written: { ...earlier?.written, ...written },
      before: { ...before, ...earlier?.before },
    };
    const forRetry = hasAvatar ? withAvatar(undo, earlier) : earlier;
    await writeWithUndo(scope, { undo, earlier, forRetry }, () =>
      writeMember(target, roomId, { ...content, ...written }),
    );
    return avatar?.status === "failed" ? { ...avatar, undo } : { status: "done", undo };
  },
  async undo(record, { target }) {
    const content = await readMember(target, record.roomId);
    const ours = content === null ? null : stillThere(record, content);
    if (content === null || ours === null) return { status: "already_done" };
    const rest = Object.fromEntries(
      Object.entries(content).filter(([key]) => !Object.hasOwn(ours.written, key)),
    );
    await writeMember(target, record.roomId, { ...rest, ...ours.before });
    return { status: "done" };
  },
});

/** Copies the avatar, unless the undo record of an earlier try has the address of a copy. */
async function copyOnce(avatarUrl: string, scope: StepScope<RoomProfileUndo>): Promise<CopiedImage> {
  const url = scope.savedUndo?.written["avatar_url"];
  return url === undefined ? await copyImage(avatarUrl, scope) : { status: "copied", url };
}

/**
 * The values that earlier tries wrote, and the copy of the avatar. Only the step can have set the
 * avatar to that copy.
 */
function withAvatar(
  { roomId, written, before }: RoomProfileUndo,
  earlier: RoomProfileUndo | null,
): RoomProfileUndo {
  const avatarOf = <Value>(record: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(Object.entries(record).filter(([key]) => key === "avatar_url"));
  return {
    roomId,
    written: { ...earlier?.written, ...avatarOf(written) },
    before: { ...earlier?.before, ...avatarOf(before) },
    ...(earlier === null && { isWritten: false }),
  };
}

/** The part of the undo record whose values still exist unchanged; `null` for none. */
function stillThere(
  { roomId, written, before }: RoomProfileUndo,
  content: JsonObject,
): RoomProfileUndo | null {
  const keys = new Set(Object.keys(written).filter((key) => content[key] === written[key]));
  const ofThese = <Value>(record: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(Object.entries(record).filter(([key]) => keys.has(key)));
  return keys.size === 0 ? null : { roomId, written: ofThese(written), before: ofThese(before) };
}

/** The target's own member event; `null` if it is not joined. */
async function readMember(target: StepSession, roomId: string): Promise<JsonObject | null> {
  const path = memberPath(target, roomId);
  const content = await unlessAbsent(target.request({ method: "GET", path, schema: z.unknown() }));
  return isJsonObject(content) && content["membership"] === "join" && !isTooDeep(content) ? content : null;
}

async function writeMember(target: StepSession, roomId: string, content: JsonObject): Promise<void> {
  const path = memberPath(target, roomId);
  await target.request({ method: "PUT", path, body: content, schema: z.unknown() });
}

function memberPath({ userId }: StepSession, roomId: string): string {
  return apiPath`/_matrix/client/v3/rooms/${roomId}/state/m.room.member/${userId}`;
}
