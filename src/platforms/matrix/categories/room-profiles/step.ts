import { unlessAbsent } from "../../api/homeserver-error.ts";
import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import { isJsonObject, isTooDeep, textOrNull } from "../../api/json.ts";
import type { JsonObject } from "../../api/json.ts";
import { copyImage } from "../../steps/copy-image.ts";
import type { CopiedImage } from "../../steps/copy-image.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { StepContext, StepFunction, UndoFunction } from "../../steps/step-context.ts";
import { outcomeOf } from "../../steps/step-errors.ts";
import type { ErrorOutcome } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import type { StepSession } from "../../steps/step-session.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { lackingOf } from "./compare.ts";

const profileSchema = z.object({ displayName: z.string().nullable(), avatarUrl: z.string().nullable() });
const roomProfileSchema = profileSchema.extend({
  roomId: z.string(),
  /**
   * What the target called itself everywhere before the move: a room that still shows it has no
   * name of its own.
   */
  everywhere: profileSchema,
});
export type RoomProfilePayload = z.output<typeof roomProfileSchema>;

/**
 * The keys of the member event that were changed: what was written, and what stood there; a key
 * that was not there is left out.
 */
const undoSchema = z.object({
  roomId: z.string(),
  written: z.record(z.string(), z.string()),
  before: z.record(z.string(), z.unknown()),
});
type RoomProfileUndo = z.output<typeof undoSchema>;

const GONE: ErrorOutcome = { status: "failed", problem: { code: "gone", serverText: null } };

/**
 * Gives the target its name and avatar of one room, in its own member event; everything else in
 * that stays. A name is written even where the avatar cannot be had. Only a member's event is
 * touched: any other, sent again, would be a join.
 */
export const runRoomProfile: StepFunction = async (payload, context) => {
  const { roomId, everywhere, ...wanted } = roomProfileSchema.parse(payload);
  const savedUndo = undoSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const member = await readMember(target, roomId);
    if (member === null) return GONE;
    const there = {
      displayName: textOrNull(member["displayname"]),
      avatarUrl: textOrNull(member["avatar_url"]),
    };
    const lacking = lackingOf(wanted, there, [everywhere, await readProfile(target, target.userId)]);
    const earlier = savedUndo === null ? null : statusOf(savedUndo, member);
    if (lacking.displayName === null && lacking.avatarUrl === null)
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const avatar = lacking.avatarUrl === null ? null : await copyOnce(lacking.avatarUrl, savedUndo, context);
    const hasAvatar = avatar?.status === "copied";
    if (avatar !== null && !hasAvatar && (avatar.status !== "failed" || lacking.displayName === null))
      return avatar.status === "failed" && earlier !== null ? { ...avatar, undo: earlier } : avatar;
    // Once more, for copying takes its time.
    const content = avatar === null ? member : await readMember(target, roomId);
    if (content === null) return GONE;
    const written = {
      ...(lacking.displayName === null ? {} : { displayname: lacking.displayName }),
      ...(hasAvatar ? { avatar_url: avatar.url } : {}),
    };
    const before = Object.fromEntries(Object.entries(content).filter(([key]) => Object.hasOwn(written, key)));
    const undo: RoomProfileUndo = {
      roomId,
      written: { ...earlier?.written, ...written },
      before: { ...before, ...earlier?.before },
    };
    const forRetry = hasAvatar ? withAvatar(undo, earlier) : earlier;
    await writeWithUndo(context, { undo, earlier, forRetry }, () =>
      writeMember(target, roomId, { ...content, ...written }),
    );
    return avatar?.status === "failed" ? { ...avatar, undo } : { status: "done", undo };
  });
};

export const undoRoomProfile: UndoFunction = async (undo, context) => {
  const { roomId, written, before } = undoSchema.parse(undo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const content = await readMember(target, roomId);
    if (content === null) return { status: "already_done" };
    const standing = statusOf({ roomId, written, before }, content);
    if (standing === null) return { status: "already_done" };
    const rest = Object.fromEntries(
      Object.entries(content).filter(([key]) => !Object.hasOwn(standing.written, key)),
    );
    await writeMember(target, roomId, { ...rest, ...standing.before });
    return { status: "done" };
  });
};

/** Copies the avatar unless an earlier try did: its copy is known from what that try stored. */
async function copyOnce(
  avatarUrl: string,
  savedUndo: RoomProfileUndo | null,
  context: StepContext,
): Promise<CopiedImage> {
  const url = savedUndo?.written["avatar_url"];
  return url === undefined ? await copyImage(avatarUrl, context) : { status: "copied", url };
}

/** What earlier tries wrote, and the copy of the avatar: nobody but the step can have set that. */
function withAvatar({ roomId, written, before }: RoomProfileUndo, earlier: RoomProfileUndo | null): unknown {
  const avatarOf = (record: Record<string, unknown>): Record<string, unknown> =>
    Object.hasOwn(record, "avatar_url") ? { avatar_url: record["avatar_url"] } : {};
  return {
    roomId,
    written: { ...earlier?.written, ...avatarOf(written) },
    before: { ...earlier?.before, ...avatarOf(before) },
  };
}

/** The part of what was written that stands as it was written; `null` for none. */
function statusOf({ roomId, written, before }: RoomProfileUndo, content: JsonObject): RoomProfileUndo | null {
  const keys = new Set(Object.keys(written).filter((key) => content[key] === written[key]));
  const ofThese = <Value>(record: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(Object.entries(record).filter(([key]) => keys.has(key)));
  return keys.size === 0 ? null : { roomId, written: ofThese(written), before: ofThese(before) };
}

/** The target's own member event; `null` where it is not in the room. */
async function readMember(target: StepSession, roomId: string): Promise<JsonObject | null> {
  const request = { method: "GET", path: memberPath(target, roomId), schema: z.unknown() } as const;
  const content = await unlessAbsent(target.request(request));
  return isJsonObject(content) && content["membership"] === "join" && !isTooDeep(content) ? content : null;
}

async function writeMember(target: StepSession, roomId: string, content: JsonObject): Promise<void> {
  await target.request({
    method: "PUT",
    path: memberPath(target, roomId),
    body: content,
    schema: z.unknown(),
  });
}

function memberPath({ userId }: StepSession, roomId: string): string {
  return apiPath`/_matrix/client/v3/rooms/${roomId}/state/m.room.member/${userId}`;
}
