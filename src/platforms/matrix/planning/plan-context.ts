import type { RoomFilters } from "../../../model/filters.ts";
import { NO_FILTERS } from "../../../model/filters.ts";
import type { RoomHistory } from "../../../model/room-history.ts";
import { parseRoomAlias } from "../ids/identifiers.ts";
import { serverPartOf } from "../ids/server-host.ts";
import { isServerName } from "../ids/server-name.ts";
import { directRooms } from "../rooms/direct-rooms.ts";
import { roomSnapshot } from "../rooms/room-snapshot.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { AccountSnapshot, RoomFromFile, RoomSnapshot } from "../rooms/types.ts";
import type { Replacement } from "../rooms/upgrades.ts";
import { lastReplacement } from "../rooms/upgrades.ts";
import { filterRooms } from "./filters.ts";
import type { Parties } from "./people.ts";
import type { RoomView } from "./room-view.ts";
import { roomView } from "./room-view.ts";
import { roomsWithBot } from "./rooms-with-bot.ts";

/** The input of a plan of rooms. */
export interface RoomPlanInput {
  source: AccountSnapshot;
  target: AccountSnapshot;
  /**
   * Replacements of upgraded rooms that the source has not joined, and rooms to which it is
   * invited, from room summaries (`rooms/room-summary.ts`).
   */
  outsideRooms?: ReadonlyMap<string, RoomSnapshot>;
  filters?: RoomFilters;
  /** The bot itself and other accounts that are not people. */
  botUserIds?: readonly string[];
  /** Rooms in which the person talks with the bot, and chats that the bot opened. */
  botRoomIds?: readonly string[];
  /** The traces of earlier runs, by room. */
  histories?: ReadonlyMap<string, RoomHistory>;
  /** Rooms whose keys are all in the target's key backup. */
  roomsWithAllKeys?: ReadonlySet<string>;
  /** In milliseconds since the epoch. By default no refusal is too old. */
  now?: number;
  /** The last pass: a member whose membership is still unread counts as not joined. */
  areMembersRead?: boolean;
}

/** The facts that all decisions of one plan share. */
export interface PlanContext {
  parties: Parties;
  /** The rooms that the source has joined, is invited to or knocks at. */
  own: ReadonlyMap<string, RoomSnapshot>;
  /** By room ID: all own rooms, then the replacements that the source is not in. */
  views: ReadonlyMap<string, RoomView>;
  /** Upgraded rooms that are not moved themselves. */
  replacements: ReadonlyMap<string, Replacement>;
  /** Own rooms that a filter leaves out, and `withBot`. */
  excluded: ReadonlySet<string>;
  /** Those of them in which the person talks with the bot, or that the bot opened. */
  withBot: ReadonlySet<string>;
  direct: ReadonlySet<string>;
  /** Replacements about which nothing is known yet. */
  unknownReplacements: readonly string[];
  /** Invitations of the source about whose rooms nothing more is known yet. */
  unknownInvitations: readonly string[];
  /** Rooms that are known from a file, and that no other server was asked about. */
  unaskedRooms: readonly string[];
  unknownRooms: readonly string[];
}

/** Unwanted invitations can be many, and each needs a request or two. */
const MAX_INVITATIONS_LOOKED_AT = 50;

/** Memberships of the target that decide about a room by themselves. */
const SETTLED: ReadonlySet<string | null> = new Set(["join", "invite", "ban"]);

const OWN_MEMBERSHIPS: ReadonlySet<string | null> = new Set(["join", "invite", "knock"]);

/** The context of a plan, from both snapshots and the filters. */
export function planContext(input: RoomPlanInput): PlanContext {
  const { source, target } = input;
  const parties: Parties = {
    sourceUserId: source.userId,
    targetUserId: target.userId,
    botUserIds: new Set(input.botUserIds),
  };
  const own = new Map([...source.rooms].filter(([, room]) => OWN_MEMBERSHIPS.has(room.membership)));
  const counterparts = directRooms(source.accountData);
  const direct = new Set(
    [...own.values()]
      .filter((room) => counterparts.has(room.roomId) || isDirectInvitation(room))
      .map((room) => room.roomId),
  );
  const successors = lastReplacements(own, source.rooms);
  const filter = filterRooms(
    input.filters ?? NO_FILTERS,
    own,
    direct,
    (roomId) => successors.get(roomId)?.roomId ?? null,
  );
  const withBot = roomsWithBot(own.values(), { parties, counterparts, botRoomIds: input.botRoomIds ?? [] });
  const excluded = new Set(withBot);
  for (const room of own.values()) if (filter.isExcluded(room)) excluded.add(room.roomId);
  // If the target has already joined the old room, there is nothing to decide (first row of the
  // table).
  const replacements = new Map(
    [...successors].filter(([roomId]) => target.rooms.get(roomId)?.membership !== "join"),
  );
  const { views, unknownReplacements } = viewsOf(input, own, replacements, excluded);
  const isWithTarget = (roomId: string): boolean => SETTLED.has(target.rooms.get(roomId)?.membership ?? null);
  return {
    parties,
    own,
    views,
    replacements,
    excluded,
    withBot,
    direct,
    unknownReplacements,
    unknownInvitations: [...own.values()]
      .filter(({ membership, fromFile }) => membership === "invite" && fromFile === null)
      .filter(({ roomId }) => !excluded.has(roomId))
      .filter(({ roomId }) => target.rooms.get(roomId)?.membership !== "join")
      .slice(0, MAX_INVITATIONS_LOOKED_AT)
      .map(({ roomId }) => roomId)
      .filter((roomId) => input.outsideRooms?.has(roomId) !== true),
    unaskedRooms: [...own.values()]
      .filter(({ fromFile }) => fromFile !== null && fromFile.isShown === null)
      .map(({ roomId }) => roomId)
      .filter((roomId) => parseRoomAlias(roomId) === null)
      .filter((roomId) => !excluded.has(roomId) && !replacements.has(roomId) && !isWithTarget(roomId)),
    unknownRooms: filter.unknownRooms,
  };
}

function viewsOf(
  input: RoomPlanInput,
  own: ReadonlyMap<string, RoomSnapshot>,
  replacements: ReadonlyMap<string, Replacement>,
  excluded: ReadonlySet<string>,
): { views: Map<string, RoomView>; unknownReplacements: string[] } {
  const followed = new Map<string, Replacement & { replaced: RoomSnapshot | undefined }>();
  for (const [roomId, replacement] of replacements)
    if (!excluded.has(roomId))
      followed.set(replacement.roomId, { ...replacement, replaced: own.get(roomId) });
  const views = new Map<string, RoomView>();
  for (const room of own.values())
    views.set(
      room.roomId,
      roomView(room, input.target.rooms.get(room.roomId), {
        sourceUserId: input.source.userId,
        replacement: followed.get(room.roomId) ?? null,
        isEmpty: room.membership !== "join" && input.outsideRooms?.get(room.roomId)?.joinedCount === 0,
      }),
    );
  const unknownReplacements: string[] = [];
  for (const [roomId, { replaced, ...replacement }] of followed) {
    if (views.has(roomId)) continue;
    const seenByTarget = input.target.rooms.get(roomId);
    const summary = input.outsideRooms?.get(roomId);
    if (summary === undefined && seenByTarget?.membership !== "join") unknownReplacements.push(roomId);
    // The source has left this room. The state it saw then is out of date. Only its own membership
    // is still true.
    const membership = input.source.rooms.get(roomId)?.membership ?? null;
    const seen = summary ?? nothingKnown(roomId, input);
    const seenBySource = { ...seen, membership, fromFile: ofReplacement(seen, replaced) };
    views.set(
      roomId,
      roomView(seenBySource, seenByTarget, { sourceUserId: input.source.userId, replacement }),
    );
  }
  return { views, unknownReplacements };
}

function lastReplacements(
  own: ReadonlyMap<string, RoomSnapshot>,
  all: ReadonlyMap<string, RoomSnapshot>,
): Map<string, Replacement> {
  const found = new Map<string, Replacement>();
  for (const room of own.values()) {
    const replacement = room.membership === "join" ? lastReplacement(room, all) : null;
    if (replacement !== null) found.set(room.roomId, replacement);
  }
  return found;
}

function isDirectInvitation(room: RoomSnapshot): boolean {
  return room.membership === "invite" && valueOf(room.ownMember)?.isDirect === true;
}

/**
 * The people and servers of a replaced room are probably those of its replacement too. The
 * replacement's ID names the server that made it.
 */
function ofReplacement(
  { roomId, fromFile }: RoomSnapshot,
  replaced: RoomSnapshot | undefined,
): RoomFromFile | null {
  if (replaced === undefined || replaced.fromFile === null) return null;
  const maker = [serverPartOf(roomId)].filter(isServerName);
  const via = [...new Set([...replaced.fromFile.via, ...maker])];
  return { ...replaced.fromFile, via, isShown: fromFile?.isShown ?? null };
}

function nothingKnown(roomId: string, { source, target }: RoomPlanInput): RoomSnapshot {
  return roomSnapshot({
    roomId,
    ownUserId: source.userId,
    otherUserId: target.userId,
    membership: null,
    events: [],
    coverage: "partial",
    isOtherMemberRead: false,
  });
}
