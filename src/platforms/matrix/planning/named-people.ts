import type { Help, Helper, Helpers, PowerLevel } from "../../../model/routes.ts";
import { serverPartOf } from "../ids/server-host.ts";
import { isDeclaredBot } from "../rooms/known-bots.ts";
import { levelOf } from "../rooms/power-levels/room-power.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { Parties } from "./people.ts";
import { peopleWhoMay } from "./people.ts";
import type { RoomView } from "./room-view.ts";

export const NOBODY: Helpers = { helpers: [], moreHelpers: 0 };

const MAX_HELPERS = 10;

/** Helpers as reports name them. */
export function atMostTen(helpers: readonly Helper[]): Helpers {
  return {
    helpers: helpers.slice(0, MAX_HELPERS),
    moreHelpers: Math.max(0, helpers.length - MAX_HELPERS),
  };
}

/**
 * Helpers of the room come first, because one of them is enough. A helper of the space can only let
 * the target into the space.
 */
export function joinHelpers(ofRoom: Helpers, ofSpace: Helpers): Helpers {
  const named = new Set(ofRoom.helpers.map((helper) => helper.userId));
  const all = [...ofRoom.helpers, ...ofSpace.helpers.filter((helper) => !named.has(helper.userId))];
  const rest = ofRoom.moreHelpers + ofSpace.moreHelpers;
  const first = atMostTen(all);
  return { ...first, moreHelpers: rest + first.moreHelpers };
}

/**
 * A replacement that neither account can read. The person who upgraded the room created it, and so
 * has power in it.
 */
export function peopleOrUpgrader(view: RoomView, help: Help, parties: Parties): Helpers {
  const { room, power, tombstoneSender } = view;
  const found = peopleWhoMay(room, power, { kind: help }, parties);
  if (found.helpers.length > 0 || room.powerLevels.kind !== "unread" || tombstoneSender === null)
    return found;
  const isCreator = roomVersionRules(valueOf(room.create)?.roomVersion ?? null)?.hasInfiniteCreators === true;
  return namedPerson(view, tombstoneSender, parties, isCreator ? "creator" : 100);
}

/** @param unknownPower the minimum power of this person, if the room's levels are unknown */
export function namedPerson(
  { room, power }: RoomView,
  userId: string,
  parties: Parties,
  unknownPower: PowerLevel,
): Helpers {
  if (
    userId === parties.sourceUserId ||
    userId === parties.targetUserId ||
    !isServerAllowed(room.serverAcl, serverPartOf(userId)) ||
    isDeclaredBot(room, userId, parties.botUserIds)
  )
    return NOBODY;
  const helper: Helper = {
    userId,
    displayName: room.members.get(userId)?.displayName ?? null,
    power: levelOf(power, userId) ?? unknownPower,
  };
  return { helpers: [helper], moreHelpers: 0 };
}
