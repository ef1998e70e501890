import type { UnreachableReason } from "../../../network/unreachable-error.ts";

/**
 * Failures after which a server may answer later. A page instead of JSON comes from a proxy whose
 * homeserver is down.
 */
export const SERVER_AWAY: readonly UnreachableReason[] = [
  "dns",
  "refused",
  "reset",
  "timeout",
  "tls",
  "not_json",
];
