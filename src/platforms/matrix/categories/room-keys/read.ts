import type { Account, Side } from "../../../../model/account.ts";
import type { PlanFilters } from "../../../../model/filters.ts";
import type { UnreachableReason } from "../../../../network/unreachable-error.ts";
import type { PlatformKeys } from "../../../keys.ts";
import { UnreadableAccountError } from "../../../reading.ts";
import type { AccountRefusal } from "../../../sign-in.ts";
import { KeyWorkerError } from "../../keys/worker/key-worker.ts";
import type { KeyFacts } from "./plan.ts";

/** Whether a plan needs the keys: for the category, or for the warnings of rooms. */
export function areKeysNeeded({
  categories,
  hasRooms,
}: Pick<PlanFilters, "categories" | "hasRooms">): boolean {
  return hasRooms || (categories?.includes("room_keys") ?? true);
}

/**
 * Compares the keys of two accounts for a plan. A server that fails only at its key backups, while
 * it shows the rest of the account, makes the keys unreadable and not the plan.
 * @throws UnreadableAccountError if the account itself cannot be read now
 */
export async function readKeyFacts(
  compare: PlatformKeys["compare"],
  accounts: Readonly<Record<Side, Account>>,
  signal: AbortSignal,
): Promise<KeyFacts> {
  try {
    return await compare(accounts, signal);
  } catch (error) {
    // A backup may also be more than the thread of the keys can hold.
    const isUnreadable =
      error instanceof UnreadableAccountError
        ? isAboutBackups(error.refusal)
        : error instanceof KeyWorkerError && !signal.aborted;
    if (isUnreadable) return { kind: "unreadable" };
    throw error;
  }
}

/**
 * Failures that say nothing about the account or its server as a whole. A backup may be larger than
 * a proxy waits for, and a proxy may not pass on every path.
 */
const OF_ONE_ENDPOINT: ReadonlySet<UnreachableReason> = new Set([
  "timeout",
  "too_large",
  "not_json",
  "unexpected_answer",
  "too_many_redirects",
  "redirect_refused",
]);

function isAboutBackups(refusal: AccountRefusal): boolean {
  switch (refusal.code) {
    case "server_refused":
    case "server_trouble":
      return true;
    case "unreachable":
      return OF_ONE_ENDPOINT.has(refusal.reason);
    default:
      return false;
  }
}
