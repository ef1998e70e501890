import { matchesGlobIgnoringCase } from "../../../model/glob.ts";
import { hostOf, isIpLiteral } from "../ids/server-host.ts";
import type { StateRead } from "./state-read.ts";
import type { ServerAcl } from "./types.ts";

/**
 * Whether a room's ACL allows a server (CS §m.room.server_acl): IP literals first, then `deny`,
 * then `allow`, otherwise no. The port is not compared, and case does not matter (MSC4436). Without
 * an ACL every server is allowed. A malformed ACL allows none, which is the safe choice.
 */
export function isServerAllowed(state: StateRead<ServerAcl>, serverName: string): boolean {
  if (state.kind === "absent" || state.kind === "unread") return true;
  if (state.kind === "malformed") return false;
  const { allow, deny, allowsIpLiterals } = state.value;
  if (!allowsIpLiterals && isIpLiteral(serverName)) return false;
  const host = hostOf(serverName);
  if (deny.some((pattern) => matchesGlobIgnoringCase(pattern, host))) return false;
  return allow.some((pattern) => matchesGlobIgnoringCase(pattern, host));
}
