import { may } from "../rooms/power-levels/room-power.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { isIpLiteral, isSameServer } from "../ids/server-host.ts";
import { isJoined, serversWhoMay } from "./people.ts";
import type { Parties } from "./people.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import { valueOf } from "../rooms/state-read.ts";

const MAX_VIA = 4;

/** What the choice of servers to join through rests on. */
export interface ViaInput {
  room: RoomSnapshot;
  power: RoomPower;
  parties: Parties;
  isSourceJoined: boolean;
  isRestricted: boolean;
  /**
   * Who invited one of the accounts, and who sent the tombstone that led here (its server made the
   * replacement, v1.19): joined, as far as is known.
   */
  insiders: readonly (string | null)[];
}

/**
 * Servers to name in `via`, surest first: those that can vouch for a restricted join, the source's
 * (resident as long as it is joined), those of inviters and of the tombstone's sender, those of
 * powerful and known joined members, the creator's. Never the target's own; not those the ACL shuts
 * out nor IP literals (appendices, "Routing") unless nothing else is left.
 */
export function viaServers(input: ViaInput): string[] {
  const { room, power, parties, isSourceJoined } = input;
  const sourceServer = serverNameOf(parties.sourceUserId);
  const authorising = input.isRestricted ? serversWhoMay(room, power, { kind: "authorise" }, parties) : [];
  const sourceMayAuthorise =
    sourceServer !== null && (!input.isRestricted || isVouching(input, authorising, sourceServer));
  const joinedServers = [...room.members.keys()]
    .filter((userId) => isJoined(room, userId))
    .flatMap((userId) => serverNameOf(userId) ?? []);
  const candidates = [
    ...(isSourceJoined && sourceServer !== null && sourceMayAuthorise ? [sourceServer] : []),
    ...authorising,
    ...(isSourceJoined && sourceServer !== null ? [sourceServer] : []),
    ...input.insiders.flatMap((userId) => serverNameOf(userId ?? "") ?? []),
    ...serversWhoMay(room, power, { kind: "administer" }, parties),
    ...joinedServers.slice(0, MAX_VIA),
    ...[serverNameOf(valueOf(room.create)?.sender ?? "") ?? []].flat(),
    ...(sourceServer === null ? [] : [sourceServer]),
  ];
  const targetServer = serverNameOf(parties.targetUserId) ?? "";
  const others = [...new Set(candidates)].filter((serverName) => !isSameServer(serverName, targetServer));
  const good = others.filter(
    (serverName) => isServerAllowed(room.serverAcl, serverName) && !isIpLiteral(serverName),
  );
  const isSourceLeftOut =
    isSourceJoined && sourceServer !== null && others.includes(sourceServer) && !good.includes(sourceServer);
  if (isSourceLeftOut) return [...good.slice(0, MAX_VIA - 1), sourceServer];
  return (good.length > 0 ? good : others).slice(0, MAX_VIA);
}

function isVouching(
  { power, parties, isSourceJoined }: ViaInput,
  authorising: readonly string[],
  sourceServer: string,
): boolean {
  return authorising.includes(sourceServer) || (isSourceJoined && may(power, parties.sourceUserId, "invite"));
}
