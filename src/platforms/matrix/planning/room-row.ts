import type { PowerLevel } from "../../../model/routes.ts";
import { compareLevels } from "../rooms/power-levels/level.ts";
import { creatorsOf, levelOf } from "../rooms/power-levels/room-power.ts";
import { roomName } from "../rooms/room-name.ts";
import { valueOf } from "../rooms/state-read.ts";
import { accessFacts } from "./access-facts.ts";
import type { RouteChoice } from "./ask-people.ts";
import type { Parties } from "./people.ts";
import type { PlannedRoom } from "./planned-room.ts";
import { powerGrant } from "./power-grant.ts";
import type { RoomView } from "./room-view.ts";
import { isServerInside, viaServers } from "./via.ts";

const NO_ROUTE_DETAILS = {
  through: null,
  successor: null,
  reason: null,
  warnings: [],
  helpers: [],
  moreHelpers: 0,
} as const;

/** The part of a row that does not depend on the route. */
type RoomFacts = Omit<PlannedRoom, "route" | "routes" | "status" | keyof typeof NO_ROUTE_DETAILS>;

/** The facts of a row, from one room as both accounts see it. */
export function roomFacts(view: RoomView, isDirect: boolean, parties: Parties): RoomFacts {
  const { room, targetMembership } = view;
  const creation = valueOf(room.create);
  const grant = powerGrant(view, parties);
  const byTarget = powerOfTarget(view, parties) ?? grant.current;
  return {
    roomId: room.roomId,
    name: roomName(room, new Set([parties.sourceUserId, parties.targetUserId])),
    alias: valueOf(room.canonicalAlias),
    isDirect,
    isSpace: creation?.type === "m.space",
    isEncrypted: room.encryption.kind === "present",
    power: {
      source: grant.source,
      wanted: grant.wanted,
      target: targetMembership === "join" ? byTarget : null,
    },
    differs: {
      isUnseenBySource: view.isUnseenBySource,
      isPowerUnseenByTarget:
        room.fromFile === null && grant.outcome === "none" && compareLevels(byTarget, grant.wanted) > 0,
    },
    grant,
    creation: { roomVersion: creation?.roomVersion ?? null, creators: creatorsOf(creation) },
    via: viaServers(view, parties),
    isNewToServer: !isServerInside(view, parties),
    ...(room.fromFile?.isShown === false && { isTry: true }),
    facts: accessFacts(view, parties.sourceUserId),
  };
}

/** The target's level as its own server shows it; `null` if it shows none. */
function powerOfTarget({ powerByTarget }: RoomView, { targetUserId }: Parties): PowerLevel | null {
  return powerByTarget === null ? null : levelOf(powerByTarget, targetUserId);
}

/** The row of a room that is left out. */
export function excludedRow(facts: RoomFacts): PlannedRoom {
  return { ...facts, ...NO_ROUTE_DETAILS, route: "excluded", routes: ["excluded"], status: "skipped" };
}

/** The row of a room with a chosen route. */
export function decidedRow(
  facts: RoomFacts,
  choice: RouteChoice,
  warnings: PlannedRoom["warnings"],
): PlannedRoom {
  const { route, routes, through, status, reason, helpers, moreHelpers } = choice;
  return {
    ...facts,
    successor: null,
    route,
    routes,
    through,
    status,
    reason,
    helpers,
    moreHelpers,
    warnings,
  };
}

/**
 * The row of an upgraded room. It has its replacement's status. It has the replacement's other
 * results only if the replacement has no row of its own.
 * @param replacement `undefined` if a filter leaves the replacement out
 */
export function successorRow(
  facts: RoomFacts,
  successor: string,
  replacement: PlannedRoom | undefined,
  hasOwnRow: boolean,
): PlannedRoom {
  const row: PlannedRoom = {
    ...facts,
    ...NO_ROUTE_DETAILS,
    successor,
    route: "successor",
    routes: ["successor"],
    status: "skipped",
  };
  if (replacement === undefined) return row;
  const { status, reason, through, helpers, moreHelpers, warnings, via } = replacement;
  if (hasOwnRow) return { ...row, status };
  const power = replacement.grant.outcome === "unreadable" ? facts.power : replacement.power;
  return { ...row, status, reason, through, helpers, moreHelpers, warnings, via, power };
}
