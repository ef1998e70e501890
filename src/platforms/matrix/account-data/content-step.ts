import { z } from "zod";
import { apiPath } from "../homeserver-client.ts";
import { isJsonObject, isTooDeep } from "../json-object.ts";
import type { JsonObject } from "../json-object.ts";
import { isSameJson } from "../same-json.ts";
import type { StepFunction, UndoFunction } from "../step-context.ts";
import { outcomeOf, UNREADABLE } from "../step-errors.ts";
import { sessionOf, unlessAbsent } from "../step-session.ts";
import type { StepSession } from "../step-session.ts";
import { standingOfContent } from "./wanted-content.ts";

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

const MOST_BYTES = 8 * 1_048_576;

/** Copies account data as a whole, or adds the keys that the target lacks. Nothing that is there is replaced. */
export const runContent: StepFunction = async (payload, context) => {
  const wanted = contentSchema.parse(payload);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    if (context.isFirstTry && !wanted.isMerged) {
      await writeContent(target, wanted, wanted.content);
      return { status: "done", undo: wanted };
    }
    const there = await readContent(target, wanted);
    if (there === null) return UNREADABLE;
    if (standingOfContent(wanted, there) !== "missing") return { status: "already_done" };
    const added = Object.entries(wanted.content).filter(([key]) => !Object.hasOwn(there, key));
    const content = wanted.isMerged ? Object.fromEntries(added) : wanted.content;
    await writeContent(target, wanted, wanted.isMerged ? { ...there, ...content } : content);
    return { status: "done", undo: { ...wanted, content } satisfies ContentPayload };
  });
};

/** Nothing stood there before, or nothing under these keys. Account data cannot be deleted; `{}` means the same (protocol-facts.md section 5). */
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

/** @returns `null` where nothing stands any more as it was written */
function withoutWritten({ content, isMerged }: ContentPayload, there: JsonObject): JsonObject | null {
  if (!isMerged) return isSameJson(content, there) ? {} : null;
  const entries = Object.entries(there);
  const rest = entries.filter(([key, value]) => !Object.hasOwn(content, key) || !isSameJson(content[key], value));
  return rest.length === entries.length ? null : Object.fromEntries(rest);
}

/** The session that account data is read and written with, and whose it is. */
export type ContentSession = Pick<StepSession, "request" | "userId">;

/** What stands there, `{}` for nothing; `null` for what must not be written over, since it is no object or cannot be sent again. */
export async function readContent(session: ContentSession, place: ContentPlace): Promise<JsonObject | null> {
  const request = { method: "GET", path: pathOf(session, place), schema: z.unknown(), maxBytes: MOST_BYTES } as const;
  const content = (await unlessAbsent(session.request(request))) ?? {};
  return isJsonObject(content) && !isTooDeep(content) ? content : null;
}

export async function writeContent(session: ContentSession, place: ContentPlace, content: JsonObject): Promise<void> {
  await session.request({ method: "PUT", path: pathOf(session, place), body: content, schema: z.unknown() });
}

function pathOf({ userId }: ContentSession, { roomId, type }: ContentPlace): string {
  return roomId === null
    ? apiPath`/_matrix/client/v3/user/${userId}/account_data/${type}`
    : apiPath`/_matrix/client/v3/user/${userId}/rooms/${roomId}/account_data/${type}`;
}
