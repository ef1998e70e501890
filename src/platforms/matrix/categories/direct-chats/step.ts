import { z } from "zod";
import { readContent, writeContent } from "../account-data/step.ts";
import type { StepFunction, UndoFunction } from "../../steps/step-context.ts";
import { outcomeOf, UNREADABLE } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { addRoom, directContent, dropIfEmpty, isListed, removeRoom } from "./direct-content.ts";
import { counterpartsByRoom } from "./compare.ts";

const directChatsSchema = z.object({
  chats: z.array(z.object({ roomId: z.string(), counterpart: z.string() })),
});
export type DirectChatsPayload = z.output<typeof directChatsSchema>;

const undoSchema = z.object({
  /** `wasSources`: the room stood under the source before, where clients had put it. */
  added: z.array(z.object({ roomId: z.string(), counterpart: z.string(), wasSources: z.boolean() })),
});
type DirectChatsUndo = z.output<typeof undoSchema>;

const PLACE = { roomId: null, type: "m.direct" };

/**
 * Adds the chats whose rooms the target is in, in one write. Rooms for which it has chosen another
 * counterpart stay where they are.
 */
export const runDirectChats: StepFunction = async (payload, context) => {
  const { chats } = directChatsSchema.parse(payload);
  const savedUndo = undoSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const inside = chats.filter(({ roomId }) => context.isInside(roomId));
    if (inside.length === 0 && savedUndo === null) return { status: "already_done" };
    const content = await readContent(target, PLACE);
    if (content === null) return UNREADABLE;
    const { source } = context.userId;
    const chosen = counterpartsByRoom(content, source);
    const direct = directContent(content);
    const standing =
      savedUndo?.added.filter(({ roomId, counterpart }) => isListed(direct, counterpart, roomId)) ?? [];
    const earlier: DirectChatsUndo | null = standing.length === 0 ? null : { added: standing };
    const added: DirectChatsUndo["added"] = [];
    for (const { roomId, counterpart } of inside) {
      if (chosen.has(roomId)) continue;
      added.push({ roomId, counterpart, wasSources: removeRoom(direct, source, roomId) });
      addRoom(direct, counterpart, roomId);
    }
    if (added.length === 0)
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const undo: DirectChatsUndo = { added: [...standing, ...added] };
    await writeWithUndo(context, { undo, earlier }, () =>
      writeContent(target, PLACE, Object.fromEntries(direct)),
    );
    return { status: "done", undo };
  });
};

export const undoDirectChats: UndoFunction = async (undo, context) => {
  const { added } = undoSchema.parse(undo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const content = await readContent(target, PLACE);
    if (content === null) return UNREADABLE;
    const direct = directContent(content);
    const standing = added.filter(({ roomId, counterpart }) => isListed(direct, counterpart, roomId));
    if (standing.length === 0) return { status: "already_done" };
    for (const { roomId, counterpart, wasSources } of standing) {
      removeRoom(direct, counterpart, roomId);
      dropIfEmpty(direct, counterpart);
      if (wasSources) addRoom(direct, context.userId.source, roomId);
    }
    await writeContent(target, PLACE, Object.fromEntries(direct));
    return { status: "done" };
  });
};
