import type { GlobBudget } from "../../../model/glob-set.ts";
import { GlobSet } from "../../../model/glob-set.ts";
import { isJsonObject } from "../api/json.ts";
import { serverNameOf } from "../ids/identifiers.ts";

/**
 * Types that can refuse invitations. The target gets them when no room needs an invitation of it
 * any more (CS §Invite permission; MSC4155; platforms/matrix/README.md, "Account data").
 */
export const INVITE_PERMISSION_TYPES: ReadonlySet<string> = new Set([
  "m.invite_permission_config",
  "org.matrix.msc4155.invite_permission_config",
]);

/**
 * Whether an account's own settings make its server refuse invitations from a user
 * (M_INVITE_BLOCKED).
 * - `m.invite_permission_config` counts first (CS §Invite permission, MSC4380). In Synapse it
 *   overrides the second one even if it is empty.
 * - Otherwise MSC4155's event counts.
 *
 * Ignored users are not considered: ignoring only hides an invitation, and the bot need not see it.
 */
export function isInviteBlocked(accountData: ReadonlyMap<string, unknown>, inviter: string): boolean {
  const stable = accountData.get("m.invite_permission_config");
  if (isJsonObject(stable)) return stable["default_action"] === "block";
  const unstable = accountData.get("org.matrix.msc4155.invite_permission_config");
  if (!isJsonObject(unstable) || unstable["enabled"] === false) return false;
  const serverName = serverNameOf(inviter) ?? "";
  // MSC4155 checks users before servers, and in each `allowed` before `ignored` before `blocked`.
  if (matchesAny(unstable["allowed_users"], inviter) || matchesAny(unstable["ignored_users"], inviter))
    return false;
  if (matchesAny(unstable["blocked_users"], inviter)) return true;
  if (
    matchesAny(unstable["allowed_servers"], serverName) ||
    matchesAny(unstable["ignored_servers"], serverName)
  )
    return false;
  return matchesAny(unstable["blocked_servers"], serverName);
}

/** Each list is compiled once, however many people a plan asks about. */
const compiled = new WeakMap<object, { readonly set: GlobSet; readonly budget: GlobBudget }>();

/**
 * A list whose budget is used up matches everybody, so that nobody is named as a helper in vain.
 */
function matchesAny(patterns: unknown, text: string): boolean {
  if (!Array.isArray(patterns)) return false;
  const known = compiled.get(patterns) ?? {
    set: new GlobSet(patterns.filter((each) => typeof each === "string")),
    budget: { comparedTexts: 0 },
  };
  compiled.set(patterns, known);
  return known.set.matches(text, known.budget) !== false;
}
