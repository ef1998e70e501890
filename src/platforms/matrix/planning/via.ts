import { serverNameOf } from "../ids/identifiers.ts";
import { isIpLiteral, isSameServer } from "../ids/server-host.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";
import { may } from "../rooms/power-levels/room-power.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import type { Parties } from "./people.ts";
import { isJoined, serversWhoMay } from "./people.ts";

const MAX_VIA = 4;

/** The input for the choice of servers to join through. */
export interface ViaInput {
  room: RoomSnapshot;
  power: RoomPower;
  parties: Parties;
  isSourceJoined: boolean;
  isRestricted: boolean;
  /**
   * The inviters of the two accounts, and the sender of the tombstone (whose server created the
   * replacement, v1.19): joined, as far as is known.
   */
  insiders: readonly (string | null)[];
}

/**
 * The servers for `via`, surest first:
 * 1. for a restricted join, servers that can vouch for it;
 * 2. the source's server, which is in the room while the source is joined;
 * 3. the servers of the inviters and of the tombstone's sender;
 * 4. the servers of powerful and of known joined members;
 * 5. the creator's server.
 *
 * The target's own server is never named. Servers that the ACL denies and IP literals (Appendices
 * §Routing) are named only if no other is left.
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
