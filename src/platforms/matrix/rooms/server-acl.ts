import type { GlobBudget } from "../../../model/glob-set.ts";
import { GlobSet } from "../../../model/glob-set.ts";
import { hostOf, isIpLiteral } from "../ids/server-host.ts";
import type { StateRead } from "./state-read.ts";
import type { ServerAcl } from "./types.ts";

interface Lists {
  readonly deny: GlobSet;
  readonly allow: GlobSet;
}

/** The compiled lists and the budget of each ACL of a reading. */
const known = new WeakMap<ServerAcl, Lists & { readonly budget: GlobBudget }>();

/** The rooms of one community have the same ACL. */
const MAX_RECENT = 32;
const recent = new Map<string, { readonly acl: ServerAcl; readonly lists: Lists }>();

/**
 * Whether a room's ACL allows a server (CS §m.room.server_acl): IP literals first, then `deny`,
 * then `allow`, otherwise no. The port is not compared, and case does not matter (MSC4436). Without
 * an ACL every server is allowed. A malformed ACL allows none, which is the safe choice. So does an
 * ACL whose budget is used up.
 */
export function isServerAllowed(state: StateRead<ServerAcl>, serverName: string): boolean {
  return verdict(state, serverName) === true;
}

/** Whether the budget of an ACL is used up, so that its answer about a server is not known. */
export function isAclUndecided(state: StateRead<ServerAcl>, serverName: string): boolean {
  return verdict(state, serverName) === null;
}

function verdict(state: StateRead<ServerAcl>, serverName: string): boolean | null {
  if (state.kind === "absent" || state.kind === "unread") return true;
  if (state.kind === "malformed") return false;
  const acl = state.value;
  if (!acl.allowsIpLiterals && isIpLiteral(serverName)) return false;
  const { deny, allow, budget } = known.get(acl) ?? compile(acl);
  const host = hostOf(serverName);
  const isDenied = deny.matches(host, budget);
  if (isDenied === false) return allow.matches(host, budget);
  return isDenied === null ? null : false;
}

function compile(acl: ServerAcl): Lists & { readonly budget: GlobBudget } {
  const key = JSON.stringify([acl.deny.length, acl.allow.length, acl.deny[0], acl.deny.at(-1)]);
  const same = recent.get(key);
  const isSame = same !== undefined && isEqual(same.acl, acl);
  const lists = isSame ? same.lists : { deny: new GlobSet(acl.deny), allow: new GlobSet(acl.allow) };
  recent.delete(key);
  recent.set(key, { acl, lists });
  for (const oldest of recent.keys()) {
    if (recent.size <= MAX_RECENT) break;
    recent.delete(oldest);
  }
  const compiled = { ...lists, budget: { comparedTexts: 0 } };
  known.set(acl, compiled);
  return compiled;
}

function isEqual(left: ServerAcl, right: ServerAcl): boolean {
  return (["deny", "allow"] as const).every(
    (list) =>
      left[list].length === right[list].length &&
      left[list].every((pattern, index) => pattern === right[list][index]),
  );
}
