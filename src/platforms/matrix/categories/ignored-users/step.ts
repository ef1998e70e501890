import { readAccountData, writeAccountData } from "../../api/account-data.ts";
import type { JsonObject } from "../../api/json.ts";
import { isJsonObject } from "../../api/json.ts";
import { isSameJson } from "../../api/same-json.ts";
import { defineStep } from "../../steps/define-step.ts";
import { UNREADABLE } from "../../steps/step-errors.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import type { IgnoredUsers } from "./plan.ts";
import { IGNORED_USERS_TYPE, ignoredUsersSchema } from "./plan.ts";

const PLACE = { roomId: null, type: IGNORED_USERS_TYPE };
/** CS §Ignoring Users: "an empty object for future enhancement". */
const IGNORED = {};

/**
 * Adds people to the target's ignore list. The undo removes them.
 *
 * The target's own ID is not written, because servers refuse a list that holds it
 * (`M_INVALID_PARAM`, element-hq/synapse PR 18508). An old list may hold it.
 */
export const ignoredUsersStep = defineStep({
  payload: ignoredUsersSchema,
  undoRecord: ignoredUsersSchema,
  async run({ userIds }, scope) {
    const { target, savedUndo } = scope;
    const content = await readAccountData(target, PLACE);
    const list = content?.["ignored_users"] ?? {};
    if (content === null || !isJsonObject(list)) return UNREADABLE;
    const written = savedUndo?.userIds.filter((userId) => isAsWritten(list, userId)) ?? [];
    const earlier: IgnoredUsers | null = written.length === 0 ? null : { userIds: written };
    const added = userIds.filter((userId) => !Object.hasOwn(list, userId));
    if (added.length === 0)
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    const undo: IgnoredUsers = { userIds: [...written, ...added] };
    const ignored = { ...list, ...Object.fromEntries(added.map((userId) => [userId, IGNORED])) };
    await writeWithUndo(scope, { undo, earlier }, () =>
      writeAccountData(target, PLACE, { ...content, ignored_users: withoutUser(ignored, target.userId) }),
    );
    return { status: "done", undo };
  },
  async undo({ userIds }, { target }) {
    const content = await readAccountData(target, PLACE);
    const list = content?.["ignored_users"] ?? {};
    if (content === null || !isJsonObject(list)) return UNREADABLE;
    const added = new Set(userIds);
    const rest = Object.entries(list).filter(([userId]) => !added.has(userId) || !isAsWritten(list, userId));
    if (rest.length === Object.keys(list).length) return { status: "already_done" };
    const ignored = withoutUser(Object.fromEntries(rest), target.userId);
    await writeAccountData(target, PLACE, { ...content, ignored_users: ignored });
    return { status: "done" };
  },
});

function withoutUser(list: JsonObject, userId: string): JsonObject {
  return Object.fromEntries(Object.entries(list).filter(([key]) => key !== userId));
}

function isAsWritten(list: JsonObject, userId: string): boolean {
  return Object.hasOwn(list, userId) && isSameJson(list[userId], IGNORED);
}
