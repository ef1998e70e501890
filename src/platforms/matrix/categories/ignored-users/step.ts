import { z } from "zod";
import { readContent, writeContent } from "../account-data/step.ts";
import { isJsonObject } from "../../api/json.ts";
import { isSameJson } from "../../api/same-json.ts";
import type { StepFunction, UndoFunction } from "../../steps/step-context.ts";
import { outcomeOf, UNREADABLE } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";

const ignoredUsersSchema = z.object({ userIds: z.array(z.string()) });
export type IgnoredUsersPayload = z.output<typeof ignoredUsersSchema>;

const PLACE = { roomId: null, type: "m.ignored_user_list" };
/** CS §Ignoring Users: "an empty object for future enhancement". */
const IGNORED = {};

/** Adds people to the target's ignore list. */
export const runIgnoredUsers: StepFunction = async (payload, context) => {
  const { userIds } = ignoredUsersSchema.parse(payload);
  const savedUndo = ignoredUsersSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const content = await readContent(target, PLACE);
    const list = content?.["ignored_users"] ?? {};
    if (content === null || !isJsonObject(list)) return UNREADABLE;
    const standing =
      savedUndo?.userIds.filter(
        (userId) => Object.hasOwn(list, userId) && isSameJson(list[userId], IGNORED),
      ) ?? [];
    const earlier: IgnoredUsersPayload | null = standing.length === 0 ? null : { userIds: standing };
    const added = userIds.filter((userId) => !Object.hasOwn(list, userId));
    if (added.length === 0)
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const undo: IgnoredUsersPayload = { userIds: [...standing, ...added] };
    const ignored = { ...list, ...Object.fromEntries(added.map((userId) => [userId, IGNORED])) };
    await writeWithUndo(context, { undo, earlier }, () =>
      writeContent(target, PLACE, { ...content, ignored_users: ignored }),
    );
    return { status: "done", undo };
  });
};

export const undoIgnoredUsers: UndoFunction = async (undo, context) => {
  const { userIds } = ignoredUsersSchema.parse(undo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const content = await readContent(target, PLACE);
    const list = content?.["ignored_users"] ?? {};
    if (content === null || !isJsonObject(list)) return UNREADABLE;
    const added = new Set(userIds);
    const rest = Object.entries(list).filter(
      ([userId, value]) => !added.has(userId) || !isSameJson(value, IGNORED),
    );
    if (rest.length === Object.keys(list).length) return { status: "already_done" };
    await writeContent(target, PLACE, { ...content, ignored_users: Object.fromEntries(rest) });
    return { status: "done" };
  });
};
