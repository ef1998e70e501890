import { matchesGlobIgnoringCase } from "../../../model/glob.ts";
import { isJsonObject } from "../api/json.ts";
import { serverNameOf } from "../ids/identifiers.ts";

/**
 * Whether an account's own settings make its server refuse invitations from a user
 * (M_INVITE_BLOCKED): `m.invite_permission_config` (CS §Invite permission, MSC4380), else
 * MSC4155's. In Synapse the first, even empty, puts the second out of use (protocol-facts.md
 * section 5). Ignoring somebody only hides the invitation, which the bot does not need to see.
 */
export function isInviteBlocked(accountData: ReadonlyMap<string, unknown>, inviter: string): boolean {
  const stable = accountData.get("m.invite_permission_config");
  if (isJsonObject(stable)) return stable["default_action"] === "block";
  const unstable = accountData.get("org.matrix.msc4155.invite_permission_config");
  if (!isJsonObject(unstable) || unstable["enabled"] === false) return false;
  const serverName = serverNameOf(inviter) ?? "";
  // MSC4155 asks users before servers, and in each what allows before what ignores before what
  // blocks.
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

function matchesAny(patterns: unknown, text: string): boolean {
  return (
    Array.isArray(patterns) &&
    patterns.some((pattern) => typeof pattern === "string" && matchesGlobIgnoringCase(pattern, text))
  );
}
