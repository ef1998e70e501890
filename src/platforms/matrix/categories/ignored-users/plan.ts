import { z } from "zod";
import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import { isJsonObject } from "../../api/json.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import type { AccountSnapshot } from "../../rooms/types.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";

/** The payload of the step, and its undo record. */
export const ignoredUsersSchema = z.object({ userIds: z.array(z.string()) });
export type IgnoredUsers = z.output<typeof ignoredUsersSchema>;

/** The type of account data that holds the list (CS §Ignoring Users). */
export const IGNORED_USERS_TYPE = "m.ignored_user_list";

/** The users whom the source ignores, added to those whom the target ignores. */
export const ignoredUsersPlan: CategoryPlan<Comparison<string>, IgnoredUsers> = {
  name: "ignored_users",
  accountDataType: IGNORED_USERS_TYPE,
  isWholeList: false,
  partAbout: () => null,
  compare(source, target) {
    const existing = new Set(desiredUsers(target.snapshot.accountData.get(IGNORED_USERS_TYPE), []).items);
    return compareItems(
      "ignored_users",
      desiredUsers(source.snapshot.accountData.get(IGNORED_USERS_TYPE), [
        source.snapshot.userId,
        target.snapshot.userId,
      ]),
      (userId) => userId,
      (userId) => (existing.has(userId) ? "present" : "missing"),
    );
  },
  /** The last step of a run: servers hide invitations from people who are ignored. */
  steps({ missingItems }) {
    if (missingItems.length === 0) return [];
    return [{ key: "ignored_users", stage: stages.last, payload: { userIds: [...missingItems] } }];
  },
};

/**
 * All users on the list except the two accounts.
 * @param content `m.ignored_user_list`; `undefined` for none
 * @param ownUserIds the two accounts
 */
function desiredUsers(content: unknown, ownUserIds: readonly string[]): Desired<string> {
  const items: string[] = [];
  const notMoved: NotMoved[] = [];
  const list = isJsonObject(content) ? content["ignored_users"] : null;
  if (isJsonObject(list)) {
    for (const userId of Object.keys(list)) {
      if (ownUserIds.includes(userId))
        notMoved.push({ category: "ignored_users", item: userId, code: "own_account" });
      else if (parseUserId(userId) === null)
        notMoved.push({ category: "ignored_users", item: userId, code: "malformed" });
      else items.push(userId);
    }
  } else if (!isEmpty(content, list)) {
    notMoved.push({ category: "ignored_users", item: IGNORED_USERS_TYPE, code: "malformed" });
  }
  return { items, notMoved };
}

/** The users whom an account ignores, as its list has them (CS §Ignoring Users). */
export function ignoredUsers({ accountData }: Pick<AccountSnapshot, "accountData">): ReadonlySet<string> {
  const content = accountData.get(IGNORED_USERS_TYPE);
  const list = isJsonObject(content) ? content["ignored_users"] : null;
  return new Set(isJsonObject(list) ? Object.keys(list) : []);
}

/** The list never existed, or its content was emptied. */
function isEmpty(content: unknown, list: unknown): boolean {
  return content === undefined || (isJsonObject(content) && (list === undefined || list === null));
}
