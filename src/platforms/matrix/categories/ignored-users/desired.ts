import type { Desired } from "../comparison.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import { isJsonObject } from "../../api/json.ts";
import type { NotMoved } from "../not-moved.ts";

/**
 * Whom the target should ignore besides those it does: everybody the source ignores but the two
 * accounts themselves (protocol-facts.md section 5).
 * @param content `m.ignored_user_list`; `undefined` for none
 * @param ownUserIds the two accounts
 */
export function desiredIgnoredUsers(content: unknown, ownUserIds: readonly string[]): Desired<string> {
  const wanted: string[] = [];
  const notMoved: NotMoved[] = [];
  const list = isJsonObject(content) ? content["ignored_users"] : null;
  if (isJsonObject(list)) {
    for (const userId of Object.keys(list)) {
      if (ownUserIds.includes(userId))
        notMoved.push({ category: "ignored_users", item: userId, code: "own_account" });
      else if (parseUserId(userId) === null)
        notMoved.push({ category: "ignored_users", item: userId, code: "malformed" });
      else wanted.push(userId);
    }
  } else if (!isEmpty(content, list)) {
    notMoved.push({ category: "ignored_users", item: "m.ignored_user_list", code: "malformed" });
  }
  return { wanted, notMoved };
}

/** Nobody was ever ignored, or the list was emptied altogether. */
function isEmpty(content: unknown, list: unknown): boolean {
  return content === undefined || (isJsonObject(content) && (list === undefined || list === null));
}
