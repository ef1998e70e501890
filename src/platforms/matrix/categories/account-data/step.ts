import { unlessAbsent } from "../../api/homeserver-error.ts";
import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import { isJsonObject, isTooDeep } from "../../api/json.ts";
import type { JsonObject } from "../../api/json.ts";
import { isSameJson } from "../../api/same-json.ts";
import type { StepFunction, UndoFunction } from "../../steps/step-context.ts";
import { outcomeOf, UNREADABLE } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import type { StepSession } from "../../steps/step-session.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { statusOfContent } from "./desired-content.ts";

/** A piece of account data: of one room, or (`null`) of the account. */
export interface ContentPlace {
  readonly roomId: string | null;
  readonly type: string;
}

export const contentSchema = z.object({
  roomId: z.string().nullable(),
  type: z.string(),
  content: z.record(z.string(), z.unknown()),
  isMerged: z.boolean(),
});
export type ContentPayload = z.output<typeof contentSchema>;

const MAX_BYTES = 8 * 1_048_576;

/**
 * Copies account data as a whole, or adds the keys that the target lacks. Nothing that is there is
 * replaced.
 */
export const runContent: StepFunction = async (payload, context) => {
  const wanted = contentSchema.parse(payload);
  const savedUndo = contentSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const there = context.canSkipCheck && !wanted.isMerged ? {} : await readContent(target, wanted);
    if (there === null) return UNREADABLE;
    const standing = savedUndo === null ? null : stillWritten(savedUndo, there);
    const earlier: ContentPayload | null = standing === null ? null : { ...wanted, content: standing };
    if (statusOfContent(wanted, there) !== "missing")
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const added = Object.fromEntries(
      Object.entries(wanted.content).filter(([key]) => !Object.hasOwn(there, key)),
    );
    const undo: ContentPayload = {
      ...wanted,
      content: wanted.isMerged ? { ...standing, ...added } : wanted.content,
    };
    const content = wanted.isMerged ? { ...there, ...added } : wanted.content;
    await writeWithUndo(context, { undo, earlier }, () => writeContent(target, wanted, content));
    return { status: "done", undo };
  });
};

/**
 * Nothing stood there before, or nothing under these keys. Account data cannot be deleted; `{}`
 * means the same (protocol-facts.md section 5).
 */
export const undoContent: UndoFunction = async (undo, context) => {
  const written = contentSchema.parse(undo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const there = await readContent(target, written);
    if (there === null) return UNREADABLE;
    const rest = withoutWritten(written, there);
    if (rest === null) return { status: "already_done" };
    await writeContent(target, written, rest);
    return { status: "done" };
  });
};

/** What stands as it was written; `null` for nothing. */
function stillWritten({ content, isMerged }: ContentPayload, there: JsonObject): JsonObject | null {
  if (!isMerged) return isSameJson(content, there) ? content : null;
  const standing = Object.entries(content).filter(
    ([key, value]) => Object.hasOwn(there, key) && isSameJson(value, there[key]),
  );
  return standing.length === 0 ? null : Object.fromEntries(standing);
}

/** @returns `null` where nothing stands any more as it was written */
function withoutWritten(written: ContentPayload, there: JsonObject): JsonObject | null {
  const standing = stillWritten(written, there);
  return standing === null
    ? null
    : Object.fromEntries(Object.entries(there).filter(([key]) => !Object.hasOwn(standing, key)));
}

/** The session that account data is read and written with, and whose it is. */
export type ContentSession = Pick<StepSession, "request" | "userId">;

/**
 * What stands there, `{}` for nothing; `null` for what must not be written over, since it is no
 * object or cannot be sent again.
 */
export async function readContent(session: ContentSession, place: ContentPlace): Promise<JsonObject | null> {
  const request = {
    method: "GET",
    path: pathOf(session, place),
    schema: z.unknown(),
    maxBytes: MAX_BYTES,
  } as const;
  const content = (await unlessAbsent(session.request(request))) ?? {};
  return isJsonObject(content) && !isTooDeep(content) ? content : null;
}

export async function writeContent(
  session: ContentSession,
  place: ContentPlace,
  content: JsonObject,
): Promise<void> {
  await session.request({ method: "PUT", path: pathOf(session, place), body: content, schema: z.unknown() });
}

function pathOf({ userId }: ContentSession, { roomId, type }: ContentPlace): string {
  return roomId === null
    ? apiPath`/_matrix/client/v3/user/${userId}/account_data/${type}`
    : apiPath`/_matrix/client/v3/user/${userId}/rooms/${roomId}/account_data/${type}`;
}
