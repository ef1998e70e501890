import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import { wantedIgnoredUsers } from "./wanted.ts";

const TYPE = "m.ignored_user_list";

export function verifyIgnoredUsers(source: AccountContents, target: AccountContents): Comparison<string> {
  const standing = new Set(wantedIgnoredUsers(target.snapshot.accountData.get(TYPE), []).wanted);
  return compareItems(
    "ignored_users",
    wantedIgnoredUsers(source.snapshot.accountData.get(TYPE), [source.snapshot.userId, target.snapshot.userId]),
    (userId) => userId,
    (userId) => (standing.has(userId) ? "present" : "missing"),
  );
}
