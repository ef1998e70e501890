import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import { unlessAbsent } from "../../api/homeserver-error.ts";
import type { RoomTag } from "../../reading/raw-events.ts";
import { tagsOf } from "../../reading/raw-events.ts";
import type { StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import type { RoomTags } from "./plan.ts";
import { roomTagsSchema } from "./plan.ts";

/**
 * Gives a room the tags that it lacks. A tag that exists keeps its order. The undo removes the tags
 * that were written, unless their order was changed since.
 */
export const tagsStep = defineStep({
  payload: roomTagsSchema,
  undoRecord: roomTagsSchema,
  async run({ roomId, tags }, scope) {
    const { target, savedUndo } = scope;
    const existing = scope.isJustJoined === true ? [] : await readTags(target, roomId);
    const missing = tags.filter(({ name }) => !existing.some((tag) => tag.name === name));
    // An earlier try may have written some of the tags.
    let undo = undoFor(roomId, stillThere(savedUndo?.tags ?? [], existing));
    for (const { name, order } of missing) {
      const path = pathOf(target, roomId) + apiPath`/${name}`;
      const body = order === null ? {} : { order };
      const next: RoomTags = { roomId, tags: [...(undo?.tags ?? []), { name, order }] };
      await writeWithUndo(scope, { undo: next, earlier: undo }, () =>
        target.request({ method: "PUT", path, body, schema: z.unknown() }),
      );
      undo = next;
    }
    return undo === null ? { status: "already_done" } : { status: "done", undo };
  },
  async undo({ roomId, tags }, { target }) {
    const written = stillThere(tags, await readTags(target, roomId));
    if (written.length === 0) return { status: "already_done" };
    for (const { name } of written) {
      const path = pathOf(target, roomId) + apiPath`/${name}`;
      await unlessAbsent(target.request({ method: "DELETE", path, schema: z.unknown() }));
    }
    return { status: "done" };
  },
});

function undoFor(roomId: string, tags: RoomTags["tags"]): RoomTags | null {
  return tags.length === 0 ? null : { roomId, tags };
}

/** The written tags that exist with the same order. */
function stillThere(written: RoomTags["tags"], existing: readonly RoomTag[]): RoomTags["tags"] {
  return written.filter((tag) =>
    existing.some(({ name, order }) => name === tag.name && order === tag.order),
  );
}

async function readTags(target: StepSession, roomId: string): Promise<RoomTag[]> {
  const path = pathOf(target, roomId);
  return tagsOf(await unlessAbsent(target.request({ method: "GET", path, schema: z.unknown() })));
}

function pathOf({ userId }: StepSession, roomId: string): string {
  return apiPath`/_matrix/client/v3/user/${userId}/rooms/${roomId}/tags`;
}
