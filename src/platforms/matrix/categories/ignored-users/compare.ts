import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import { desiredIgnoredUsers } from "./desired.ts";

const TYPE = "m.ignored_user_list";

export function compareIgnoredUsers(source: AccountContents, target: AccountContents): Comparison<string> {
  const standing = new Set(desiredIgnoredUsers(target.snapshot.accountData.get(TYPE), []).wanted);
  return compareItems(
    "ignored_users",
    desiredIgnoredUsers(source.snapshot.accountData.get(TYPE), [
      source.snapshot.userId,
      target.snapshot.userId,
    ]),
    (userId) => userId,
    (userId) => (standing.has(userId) ? "present" : "missing"),
  );
}
