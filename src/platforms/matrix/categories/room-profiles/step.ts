import { z } from "zod";
import type { JsonObject } from "../../api/json.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { RoomProfile } from "../../reading/account-reading.ts";
import { addressOnTarget, copyImage } from "../../steps/copy-image.ts";
import type { StepScope } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { profileOfMember, readOwnMember, writeOwnMember } from "../../steps/own-member.ts";
import { GONE } from "../../steps/step-errors.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import type { RoomProfilePayload } from "./plan.ts";
import { missingFrom, roomProfileSchema } from "./plan.ts";

/** The keys of the member event that were changed. */
const undoSchema = z.object({
  roomId: z.string(),
  written: z.record(z.string(), z.string()),
  /** The previous values. A key that did not exist is left out. */
  before: z.record(z.string(), z.unknown()),
});
type RoomProfileUndo = z.output<typeof undoSchema>;

/**
 * Sets the target's name and avatar for one room, in its own member event.
 * - All other keys of the event stay.
 * - The name is written even if the avatar cannot be copied.
 * - The event is written only if the target is joined. Otherwise the write would join the room.
 */
export const roomProfileStep = defineStep({
  payload: roomProfileSchema,
  undoRecord: undoSchema,
  async run(payload, scope) {
    const { roomId } = payload;
    const { target, savedUndo } = scope;
    const member = await readOwnMember(target, roomId);
    if (member === null) return GONE;
    const missing = await stillMissing(payload, profileOfMember(member), scope);
    const earlier = savedUndo === null ? null : stillThere(savedUndo, member);
    if (missing.displayName === null && missing.avatarUrl === null)
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const avatar = missing.avatarUrl === null ? null : await copyImage(missing.avatarUrl, scope);
    const hasAvatar = avatar?.status === "copied";
    if (avatar !== null && !hasAvatar && (avatar.status !== "failed" || missing.displayName === null))
      return avatar.status === "failed" && earlier !== null ? { ...avatar, undo: earlier } : avatar;
    // The event is read again, because the copy takes time.
    const content = avatar === null ? member : await readOwnMember(target, roomId);
    if (content === null) return GONE;
    const now = avatar === null ? missing : await stillMissing(payload, profileOfMember(content), scope);
    const written = {
      ...(now.displayName === null ? {} : { displayname: now.displayName }),
      ...(hasAvatar && now.avatarUrl !== null ? { avatar_url: avatar.url } : {}),
    };
    if (Object.keys(written).length === 0)
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const before = Object.fromEntries(Object.entries(content).filter(([key]) => Object.hasOwn(written, key)));
    const undo: RoomProfileUndo = {
      roomId,
      written: { ...earlier?.written, ...written },
      before: { ...before, ...earlier?.before },
    };
    await writeWithUndo(scope, { undo, earlier }, () =>
      writeOwnMember(target, roomId, { ...content, ...written }),
    );
    return avatar?.status === "failed" ? { ...avatar, undo } : { status: "done", undo };
  },
  async undo(record, { target }) {
    const content = await readOwnMember(target, record.roomId);
    const ours = content === null ? null : stillThere(record, content);
    if (content === null || ours === null) return { status: "already_done" };
    const rest = Object.fromEntries(
      Object.entries(content).filter(([key]) => !Object.hasOwn(ours.written, key)),
    );
    await writeOwnMember(target, record.roomId, { ...rest, ...ours.before });
    return { status: "done" };
  },
});

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

/**
 * The part of a room's profile that is still to be written. The global profile is read only if the
 * room shows a value that neither the server nor this run can have written.
 */
async function stillMissing(
  { copied, everywhere, ...desired }: RoomProfilePayload,
  existing: RoomProfile,
  scope: StepScope<RoomProfileUndo>,
): Promise<RoomProfile> {
  const { target } = scope;
  const avatarUrl =
    copied === undefined || copied.avatarUrl === null ? null : await addressOnTarget(copied.avatarUrl, scope);
  const known = [everywhere, { displayName: copied?.displayName ?? null, avatarUrl }];
  const missing = missingFrom(desired, existing, known, target.userId);
  const isOwn = (key: keyof RoomProfile): boolean =>
    desired[key] !== null && missing[key] === null && existing[key] !== desired[key];
  if (!isOwn("displayName") && !isOwn("avatarUrl")) return missing;
  const profile = await readProfile(target, target.userId);
  return missingFrom(desired, existing, [...known, profile], target.userId);
}
