import type { KindNotMade } from "../model.ts";
import { CONTENT_KINDS } from "./contents.ts";
import { DIRECT_KINDS } from "./direct.ts";
import { ENTRANCE_KINDS } from "./entrance.ts";
import type { Kind } from "./kind.ts";
import { MEMBERSHIP_KINDS } from "./memberships.ts";
import { RESTRICTED_KINDS } from "./restricted.ts";
import { ROOM_VERSION_KINDS } from "./room-versions.ts";
import { SHUT_OUT_KINDS } from "./shut-out.ts";
import { UPGRADE_KINDS } from "./upgrades.ts";

/** Every kind of room that can be made on real servers. */
export const KINDS: readonly Kind[] = [
  ...ENTRANCE_KINDS,
  ...RESTRICTED_KINDS,
  ...ROOM_VERSION_KINDS,
  ...SHUT_OUT_KINDS,
  ...MEMBERSHIP_KINDS,
  ...UPGRADE_KINDS,
  ...DIRECT_KINDS,
  ...CONTENT_KINDS,
];

/** Kinds that exist only as recorded cases (Synapse 1.163.2). */
export const IMPOSSIBLE_KINDS: readonly KindNotMade[] = [
  {
    kind: "no-join-rules",
    why: "/createRoom always writes m.room.join_rules, and redacting it keeps the rule",
  },
  {
    kind: "no-power-levels",
    why: "/createRoom always writes m.room.power_levels, and state cannot be taken away",
  },
  { kind: "no-create", why: "every room begins with m.room.create" },
  {
    kind: "levels-as-text",
    why: "Synapse refuses levels that are no integers in every room version (400 M_BAD_JSON)",
  },
  {
    kind: "acl-empty",
    why: "Synapse sends no ACL that denies its own server (400 M_UNKNOWN), and one without `allow` denies all",
  },
  {
    kind: "closed-for-good",
    why: "Synapse refuses a tombstone without replacement_room (400 M_UNKNOWN); a redacted one reads the same",
  },
  { kind: "room-version-lacking", why: "both servers know the same room versions" },
  { kind: "policy-server-in-the-room", why: "Synapse does not ask itself, and the pair has no third server" },
  { kind: "blocked-by-server", why: "needs an admin of the new server who blocks the room" },
  {
    kind: "invite-blocked",
    why: "is a setting of the target that concerns all rooms, so it would hide the other kinds",
  },
];
