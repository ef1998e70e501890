import { unlessAbsent } from "../../api/homeserver-error.ts";
import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import { tagsOf } from "../../reading/raw-events.ts";
import type { RoomTag } from "../../reading/raw-events.ts";
import type { StepFunction, UndoFunction } from "../../steps/step-context.ts";
import { outcomeOf } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import type { StepSession } from "../../steps/step-session.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";

const tagsSchema = z.object({
  roomId: z.string(),
  tags: z.array(z.object({ name: z.string(), order: z.number().nullable() })),
});
export type TagsPayload = z.output<typeof tagsSchema>;

/** Gives a room the tags that it lacks; one that is there keeps its order. */
export const runTags: StepFunction = async (payload, context) => {
  const { roomId, tags } = tagsSchema.parse(payload);
  const savedUndo = tagsSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const there = context.canSkipCheck ? [] : await readTags(target, roomId);
    const missing = tags.filter(({ name }) => !there.some((tag) => tag.name === name));
    // An earlier try may have ended half-way.
    let undo = undoFor(
      roomId,
      savedUndo?.tags.filter((tag) => there.some((other) => isSameTag(tag, other))) ?? [],
    );
    for (const { name, order } of missing) {
      const path = pathOf(target, roomId) + apiPath`/${name}`;
      const body = order === null ? {} : { order };
      const more = undoFor(roomId, [...(undo?.tags ?? []), { name, order }]);
      const put = () => target.request({ method: "PUT", path, body, schema: z.unknown() });
      await writeWithUndo(context, { undo: more, earlier: undo }, put);
      undo = more;
    }
    return undo === null ? { status: "already_done" } : { status: "done", undo };
  });
};

function undoFor(roomId: string, tags: TagsPayload["tags"]): TagsPayload | null {
  return tags.length === 0 ? null : { roomId, tags };
}

/** Takes off what was put on, unless its order is another by now. */
export const undoTags: UndoFunction = async (undo, context) => {
  const { roomId, tags } = tagsSchema.parse(undo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const there = await readTags(target, roomId);
    const standing = tags.filter((tag) => there.some((other) => isSameTag(tag, other)));
    if (standing.length === 0) return { status: "already_done" };
    for (const { name } of standing) {
      const path = pathOf(target, roomId) + apiPath`/${name}`;
      await unlessAbsent(target.request({ method: "DELETE", path, schema: z.unknown() }));
    }
    return { status: "done" };
  });
};

async function readTags(target: StepSession, roomId: string): Promise<RoomTag[]> {
  const request = { method: "GET", path: pathOf(target, roomId), schema: z.unknown() } as const;
  return tagsOf(await unlessAbsent(target.request(request)));
}

function isSameTag(one: RoomTag, other: RoomTag): boolean {
  return one.name === other.name && one.order === other.order;
}

function pathOf({ userId }: StepSession, roomId: string): string {
  return apiPath`/_matrix/client/v3/user/${userId}/rooms/${roomId}/tags`;
}
