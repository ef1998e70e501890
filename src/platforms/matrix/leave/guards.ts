import type { AskRecord } from "../../../model/contact.ts";
import type { RoomKeys } from "../../../model/key-backup.ts";
import type { KeptInRoomReason } from "../../contact.ts";
import { serverPartOf } from "../ids/server-host.ts";
import type { Parties } from "../planning/people.ts";
import { POWER_LEVELS } from "../planning/power-grant.ts";
import { isRemoved } from "../planning/room-view.ts";
import { compareLevels } from "../rooms/power-levels/level.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";
import { levelOf, may, roomPowerOf } from "../rooms/power-levels/room-power.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import { isAclUndecided, isServerAllowed } from "../rooms/server-acl.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { RoomSnapshot } from "../rooms/types.ts";

/** How long a question to a person keeps the old account in the room. */
const ASKED_MS = 14 * 24 * 3_600_000;

/** A room that the source may leave. */
export interface SeenRoom {
  /** The room as the source's server shows it. The source has joined it. */
  readonly bySource: RoomSnapshot;
  /**
   * The room in which the target should be, that room or its replacement, as the target's server
   * shows it; `undefined` if it does not.
   */
  readonly byTarget: RoomSnapshot | undefined;
}

type TwoAccounts = Pick<Parties, "sourceUserId" | "targetUserId">;

/** The reasons that follow from where the target is and from its power there. */
type AccessReason = Extract<KeptInRoomReason, { code: "not_moved" | "less_power" | "unreadable" }>;

/**
 * Why the target cannot take the place of the source; `null` if it can. It has joined as its own
 * server says, nobody has removed it since, and it has the source's power as both servers show it.
 */
export function accessReason(seen: SeenRoom, accounts: TwoAccounts): AccessReason | null {
  const { bySource, byTarget } = seen;
  if (byTarget?.membership !== "join") return { code: "not_moved" };
  const isSame = byTarget.roomId === bySource.roomId;
  const seenMember = isSame ? valueOf(bySource.otherMember) : null;
  if (isRemoved(seenMember, valueOf(byTarget.ownMember), byTarget)) return { code: "not_moved" };
  const { serverAcl } = byTarget;
  if (!isPowerKnown(byTarget) || serverAcl.kind === "malformed") return { code: "unreadable" };
  if (isShutOut(byTarget, accounts.sourceUserId)) return null;
  const isTargetHeard = isServerAllowed(serverAcl, serverPartOf(accounts.targetUserId));
  for (const power of powersOf(seen)) {
    const source = levelOf(power, accounts.sourceUserId);
    const target = levelOf(power, accounts.targetUserId);
    if (source === null || target === null) return { code: "unreadable" };
    if (!isTargetHeard) return { code: "less_power", source, target: null };
    if (compareLevels(target, source) > 0) return { code: "less_power", source, target };
  }
  return null;
}

/** Whether the rules of the room's version and, where they matter, its creators are known. */
function isPowerKnown({ create }: RoomSnapshot): boolean {
  const creation = valueOf(create);
  const rules = roomVersionRules(creation?.roomVersion ?? null);
  return rules !== null && (!rules.hasInfiniteCreators || creation?.sender !== null);
}

/** The power in the target's room, as each server shows it that shows the room. */
function powersOf({ bySource, byTarget }: SeenRoom): RoomPower[] {
  if (byTarget === undefined) return [];
  const rooms = byTarget.roomId === bySource.roomId ? [byTarget, bySource] : [byTarget];
  return rooms.map(roomPowerOf);
}

/**
 * Whether the room's ACL denies an account's server. The other servers drop what the account does,
 * so its power counts as none.
 */
export function isShutOut({ serverAcl }: Pick<RoomSnapshot, "serverAcl">, userId: string): boolean {
  const serverName = serverPartOf(userId);
  return !isServerAllowed(serverAcl, serverName) && !isAclUndecided(serverAcl, serverName);
}

/**
 * Whether the source has an entry in the room's levels that it may remove, and the target has as
 * much. An entry below the default stays, because its removal would raise the source. Creators of
 * room version 12 have no entry.
 */
export function isPowerGivenBack(seen: SeenRoom, { sourceUserId, targetUserId }: TwoAccounts): boolean {
  const { bySource, byTarget } = seen;
  if (byTarget?.roomId !== bySource.roomId || bySource.powerLevels.kind !== "present") return false;
  const power = roomPowerOf(bySource);
  const own = power.levels.users.get(sourceUserId) ?? null;
  const { usersDefault } = power.levels;
  if (own === null || usersDefault === null || power.creators.has(sourceUserId)) return false;
  if (usersDefault > own || isShutOut(byTarget, sourceUserId)) return false;
  const target = levelOf(power, targetUserId);
  const hasAsMuch = target !== null && compareLevels(target, own) <= 0;
  return hasAsMuch && may(power, sourceUserId, { state: POWER_LEVELS });
}

/** The keys of a room in both backups. */
export interface KeysOfRoom extends RoomKeys {
  /** Keys of the old backup that no copy can bring. */
  readonly unusable: number;
}

/**
 * Why the keys of a room keep the source in it; `null` if they do not. If the old backup has
 * no key of the room, its keys are not known.
 * @param keys `null`: not known
 */
export function keysReason(
  isEncrypted: boolean,
  keys: KeysOfRoom | null,
): Extract<KeptInRoomReason, { code: "keys_missing" }> | null {
  if (!isEncrypted) return null;
  if (keys === null || keys.expected === 0) return { code: "keys_missing", missing: null };
  const missing = keys.expected - keys.present - keys.unusable;
  return missing > 0 ? { code: "keys_missing", missing } : null;
}

/**
 * Why a question to a person keeps the source in a room; `null` if none does. Neither the room that
 * the question is about nor the chat in which it was sent is left for two weeks. A person who does
 * not take invitations has not been asked.
 * @param roomIds the room and its replacement
 */
export function askedReason(
  asked: readonly AskRecord[],
  roomIds: readonly string[],
  now: number,
): Extract<KeptInRoomReason, { code: "asked" }> | null {
  const times = asked
    .filter(({ result, at }) => result !== "refused" && now - at < ASKED_MS)
    .filter((record) => [record.roomId, record.chatRoomId].some((id) => id !== null && roomIds.includes(id)))
    .map(({ at }) => at);
  return times.length === 0 ? null : { code: "asked", at: Math.max(...times) };
}

/** Codes that a person may accept by a typed word, and what they accept with them. */
const ACCEPTED_WITH: Readonly<Partial<Record<KeptCode, readonly KeptCode[]>>> = {
  last_admin: ["less_power"],
};

export type KeptCode = KeptInRoomReason["code"];

/** Whether a person who has accepted some reasons has accepted this one. */
export function isAccepted(code: KeptCode, accepted: readonly KeptCode[]): boolean {
  return accepted.some((each) => each === code || ACCEPTED_WITH[each]?.includes(code) === true);
}
