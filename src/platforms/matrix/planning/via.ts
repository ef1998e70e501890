import { serverNameOf } from "../ids/identifiers.ts";
import { isIpLiteral, isSameServer, serverPartOf } from "../ids/server-host.ts";
import { allowedRooms } from "../rooms/join-rule.ts";
import { may } from "../rooms/power-levels/room-power.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { RoomFromFile } from "../rooms/types.ts";
import type { Parties } from "./people.ts";
import { isJoined, joinedUsers, serversWhoMay } from "./people.ts";
import type { RoomView } from "./room-view.ts";

const MAX_VIA = 4;

/**
 * The servers for `via`, surest first:
 * 1. for a restricted join, servers that can vouch for it;
 * 2. the source's server, which is in the room while the source is joined;
 * 3. the servers of the inviters and of the tombstone's sender (whose server created the
 *    replacement, v1.19): joined, as far as is known;
 * 4. the servers of powerful and of known joined members;
 * 5. the creator's server.
 *
 * For a room that is known from a file, the servers of the file take the place of 2, 4 and 5.
 *
 * The target's own server is never named. Servers that the ACL denies and IP literals (Appendices
 * §Routing) are named only if no other is left. If the ACL denies the source's server, no denied
 * server is named at all: a join through one enters a copy of the room that the others do not see.
 */
export function viaServers(view: RoomView, parties: Parties): string[] {
  const { room, power, sourceMembership, isSourceShutOut } = view;
  if (room.fromFile !== null) return viaFromFile(room.fromFile, view, parties);
  const isSourceJoined = sourceMembership === "join";
  const isRestricted = allowedRooms(view.joinRule).length > 0;
  const sourceServer = serverNameOf(parties.sourceUserId);
  const insiders = [view.targetInviter, isSourceJoined ? null : view.inviter, view.tombstoneSender];
  const authorising = isRestricted ? serversWhoMay(room, power, { kind: "authorise" }, parties) : [];
  const sourceMayAuthorise =
    sourceServer !== null &&
    (!isRestricted ||
      authorising.includes(sourceServer) ||
      (isSourceJoined && may(power, parties.sourceUserId, "invite")));
  const joinedServers = joinedUsers(room).flatMap((userId) => serverNameOf(userId) ?? []);
  const candidates = [
    ...(isSourceJoined && sourceServer !== null && sourceMayAuthorise ? [sourceServer] : []),
    ...authorising,
    ...(isSourceJoined && sourceServer !== null ? [sourceServer] : []),
    ...insiders.flatMap((userId) => serverNameOf(userId ?? "") ?? []),
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
  if (isSourceShutOut) return good.slice(0, MAX_VIA);
  const isSourceLeftOut =
    isSourceJoined && sourceServer !== null && others.includes(sourceServer) && !good.includes(sourceServer);
  if (isSourceLeftOut) return [...good.slice(0, MAX_VIA - 1), sourceServer];
  return (good.length > 0 ? good : others).slice(0, MAX_VIA);
}

/** Servers of inviters, because they are there now, and then those of the file. */
function viaFromFile(
  { via }: RoomFromFile,
  { room, targetInviter, tombstoneSender }: RoomView,
  { targetUserId, sourceUserId }: Parties,
): string[] {
  const [targetServer, sourceServer] = [serverPartOf(targetUserId), serverPartOf(sourceUserId)];
  const insiders = [targetInviter, tombstoneSender].flatMap((userId) => serverNameOf(userId ?? "") ?? []);
  return [...new Set([...insiders, ...via])]
    .filter(
      (serverName) => !isSameServer(serverName, targetServer) && !isSameServer(serverName, sourceServer),
    )
    .filter((serverName) => isServerAllowed(room.serverAcl, serverName))
    .slice(0, MAX_VIA);
}

/**
 * Whether no server is known through which the target can join: the ACL denies the source's server,
 * and no joined member on an allowed server is known.
 */
export function isCutOff(view: RoomView, parties: Parties): boolean {
  const { room, isSourceShutOut } = view;
  if (!isSourceShutOut || isServerInside(view, parties)) return false;
  return !joinedUsers(room).some((userId) => isServerAllowed(room.serverAcl, serverPartOf(userId)));
}

/**
 * Whether a user of the target's server is known to have joined. On a shared server the source is
 * one.
 */
export function isServerInside(
  { room, sourceMembership, targetMembership }: RoomView,
  { sourceUserId, targetUserId }: Parties,
): boolean {
  const targetServer = serverPartOf(targetUserId);
  if (targetMembership === "join") return true;
  if (room.fromFile?.via.some((serverName) => isSameServer(serverName, targetServer)) === true) return true;
  if (sourceMembership === "join" && isSameServer(serverPartOf(sourceUserId), targetServer)) return true;
  const known = [...room.members.keys(), ...room.heroes.map((hero) => hero.userId)];
  return known.some((userId) => isSameServer(serverPartOf(userId), targetServer) && isJoined(room, userId));
}
