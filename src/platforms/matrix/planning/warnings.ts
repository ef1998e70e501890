import type { Warning } from "../../../model/routes.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { MembersNeeded, Parties } from "./people.ts";
import { mayDo, membersToRead, peopleWhoMay } from "./people.ts";
import type { PowerGrant } from "./power-grant.ts";
import { powerGrant } from "./power-grant.ts";
import type { RoomView } from "./room-view.ts";

/** Visibilities with which a new member can read older messages (CS §Room History Visibility). */
export const OPEN_HISTORY = new Set(["shared", "world_readable"]);

/**
 * The warnings about a room, and the members whose membership decides them. Warnings are data;
 * `view` makes the sentences.
 */
export interface RoomWarnings {
  warnings: readonly Warning[];
  membersNeeded: readonly MembersNeeded[];
}

/** How the target will see a room. */
export interface TargetInRoom {
  /**
   * Whether the target has joined the room or may get in. If not, there are no warnings about the
   * contents of the room.
   */
  readonly willBeInside: boolean;
  /** Whether the target's key backup has every key of the room that the source's has. */
  readonly hasAllKeys: boolean;
}

export function warningsFor(
  view: RoomView,
  parties: Parties,
  { willBeInside, hasAllKeys }: TargetInRoom,
): RoomWarnings {
  // Nobody acts for a source that is known from files. What is lost with it is told for all rooms.
  const isSourceJoined = view.sourceMembership === "join" && view.room.fromFile === null;
  const grant = powerGrant(view, parties);
  const warnings = willBeInside ? historyWarnings(view, hasAllKeys) : [];
  const membersNeeded: MembersNeeded[] = [];
  if (willBeInside && isSourceJoined) {
    const power = powerWarnings(view, parties, grant);
    warnings.push(...power.warnings);
    membersNeeded.push(...power.membersNeeded);
  }
  if (isSourceJoined) {
    const leaving = leavingWarnings(view, parties);
    warnings.push(...leaving.warnings);
    membersNeeded.push(...leaving.membersNeeded);
  }
  const policyServer = valueOf(view.room.policyServer);
  if (willBeInside && policyServer !== null)
    warnings.push({ code: "policy_server", serverName: policyServer });
  return { warnings, membersNeeded };
}

function historyWarnings({ room }: RoomView, hasAllKeys: boolean): Warning[] {
  const warnings: Warning[] = [];
  const visibility = valueOf(room.historyVisibility);
  // An invalid value cannot be trusted to show anything. A missing event is `shared`.
  if (room.historyVisibility.kind === "malformed" || (visibility !== null && !OPEN_HISTORY.has(visibility))) {
    warnings.push({ code: "history_hidden", visibility });
  }
  if (room.encryption.kind === "present" && !hasAllKeys) warnings.push({ code: "encrypted_history" });
  return warnings;
}

function powerWarnings(
  { room, power, isSourceShutOut }: RoomView,
  parties: Parties,
  grant: PowerGrant,
): RoomWarnings {
  const warnings: Warning[] = [];
  const membersNeeded: MembersNeeded[] = [];
  if (grant.source === "creator" && grant.current !== "creator")
    warnings.push({ code: "creator_not_transferable", level: grant.wanted });
  if (grant.outcome === "cannot_write" || grant.outcome === "unreadable") {
    const task = { kind: "grant", level: grant.wanted } as const;
    const needed = membersToRead(room, power, task, parties, "warning");
    if (needed !== null) membersNeeded.push(needed);
    const { helpers } = peopleWhoMay(room, power, task, parties);
    warnings.push({
      code: "power_not_transferable",
      wanted: grant.wanted,
      source: grant.source,
      required: grant.required,
      isSourceShutOut,
      helpers,
    });
  }
  return { warnings, membersNeeded };
}

/** How the room would change if the source left it. */
function leavingWarnings(view: RoomView, parties: Parties): RoomWarnings {
  const { room, power, targetMembership, canSourceAct } = view;
  const warnings: Warning[] = [];
  const task = { kind: "administer" } as const;
  const isSourceAdmin = canSourceAct && mayDo(power, parties.sourceUserId, task, parties);
  const isTargetAdmin = targetMembership === "join" && mayDo(power, parties.targetUserId, task, parties);
  let needed: MembersNeeded | null = null;
  if (room.joinedCount === 1) {
    warnings.push({ code: "only_member" });
  } else if (isSourceAdmin) {
    needed = membersToRead(room, power, task, parties, "warning");
  }
  const isAlone =
    room.joinedCount === 1 ||
    (needed === null && peopleWhoMay(room, power, task, parties).helpers.length === 0);
  if (!isTargetAdmin && isAlone && isSourceAdmin) warnings.push({ code: "last_admin" });
  return { warnings, membersNeeded: needed === null ? [] : [needed] };
}
