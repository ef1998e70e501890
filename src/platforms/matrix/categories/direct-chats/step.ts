import { z } from "zod";
import type { StepOutcome } from "../../../../model/step-outcome.ts";
import { readAccountData, writeAccountData } from "../../api/account-data.ts";
import type { StepScope } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { UNREADABLE } from "../../steps/step-errors.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import type { DirectContent } from "./direct-content.ts";
import { addRoom, directContent, dropIfEmpty, isListed, removeRoom } from "./direct-content.ts";
import { inTurnForChats } from "./list-chat.ts";
import type { DirectChatsPayload } from "./plan.ts";
import { counterpartsByRoom, DIRECT_CHATS_TYPE, directChatsSchema } from "./plan.ts";

const addedSchema = z.array(
  z.object({
    roomId: z.string(),
    counterpart: z.string(),
    /** Clients had listed the room under the source. An undo lists it there again. */
    wasSources: z.boolean(),
  }),
);
type Added = z.output<typeof addedSchema>;

const undoSchema = z.object({ added: addedSchema });
type DirectChatsUndo = z.output<typeof undoSchema>;

const PLACE = { roomId: null, type: DIRECT_CHATS_TYPE };

/**
 * Adds the chats whose rooms the target has joined, in one write. If the target has chosen another
 * counterpart for a room, the room stays there. Notes to oneself that clients list under the source
 * stay there, too: clients do that while both accounts are in the room.
 */
export const directChatsStep = defineStep({
  payload: directChatsSchema,
  undoRecord: undoSchema,
  run: (payload, scope) => inTurnForChats(scope.target.userId, scope, () => add(payload, scope)),
  undo: (written, scope) => inTurnForChats(scope.target.userId, scope, () => takeBack(written, scope)),
});

async function add({ chats }: DirectChatsPayload, scope: StepScope<DirectChatsUndo>): Promise<StepOutcome> {
  const { source, target, savedUndo } = scope;
  const joined = chats.filter(({ roomId }) => scope.isJoined(roomId));
  if (joined.length === 0 && savedUndo === null) return { status: "already_done" };
  const content = await readAccountData(target, PLACE);
  if (content === null) return UNREADABLE;
  const chosen = counterpartsByRoom(content, source.userId);
  const direct = directContent(content);
  const written = stillThere(savedUndo?.added ?? [], direct);
  const earlier: DirectChatsUndo | null = written.length === 0 ? null : { added: written };
  const added: Added = [];
  for (const { roomId, counterpart } of joined) {
    if (chosen.has(roomId) || (counterpart === target.userId && isListed(direct, source.userId, roomId)))
      continue;
    added.push({ roomId, counterpart, wasSources: removeRoom(direct, source.userId, roomId) });
    addRoom(direct, counterpart, roomId);
  }
  if (added.length === 0)
    return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
  const undo: DirectChatsUndo = { added: [...written, ...added] };
  await writeWithUndo(scope, { undo, earlier }, () =>
    writeAccountData(target, PLACE, Object.fromEntries(direct)),
  );
  return { status: "done", undo };
}

async function takeBack(
  { added }: DirectChatsUndo,
  { source, target }: StepScope<DirectChatsUndo>,
): Promise<StepOutcome> {
  const content = await readAccountData(target, PLACE);
  if (content === null) return UNREADABLE;
  const direct = directContent(content);
  const written = stillThere(added, direct);
  if (written.length === 0) return { status: "already_done" };
  for (const { roomId, counterpart, wasSources } of written) {
    removeRoom(direct, counterpart, roomId);
    dropIfEmpty(direct, counterpart);
    if (wasSources) addRoom(direct, source.userId, roomId);
  }
  await writeAccountData(target, PLACE, Object.fromEntries(direct));
  return { status: "done" };
}

/** The added chats that are still listed as they were written. */
function stillThere(added: Added, direct: DirectContent): Added {
  return added.filter(({ roomId, counterpart }) => isListed(direct, counterpart, roomId));
}
