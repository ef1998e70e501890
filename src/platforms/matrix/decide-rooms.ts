import type { ReadProgress } from "../reading.ts";
import type { RoomPlanInput } from "./planning/plan-context.ts";
import type { RoomPlan, SummaryNeeded } from "./planning/plan-rooms.ts";
import { planRooms } from "./planning/plan-rooms.ts";
import type { AccountReading } from "./reading/account-reading.ts";
import { concurrently } from "./reading/concurrently.ts";
import { lookAtInvitation, withTags } from "./reading/invitation.ts";
import { withNeededMembers } from "./reading/members.ts";
import { withOtherMembers } from "./reading/other-member.ts";
import { readOutsideRoom } from "./reading/outside-room.ts";
import type { Reader } from "./reading/reader.ts";
import type { LooksOfAccount } from "./reading/recent-looks.ts";
import { NO_LOOKS } from "./reading/recent-looks.ts";
import { lookAtRoomsOfFile, withLooks } from "./reading/rooms-of-file.ts";
import { withSpaceChildren } from "./reading/spaces-of-file.ts";
import { roomFromSummary } from "./rooms/room-summary.ts";
import type { AccountSnapshot, RoomSnapshot } from "./rooms/types.ts";

/** One of the two accounts, with its reader. */
export interface ReadableAccount {
  userId: string;
  reader: Reader;
  /** From discovery. */
  features: { readonly unstableFeatures: Readonly<Record<string, boolean>> };
}

export interface ReadableAccounts {
  /** `null`: nobody has signed it in, and files say what it had. */
  source: ReadableAccount | null;
  target: ReadableAccount;
}

/** Other servers answer these requests, each as slowly as it does. */
const MAX_SUMMARIES_AT_ONCE = 8;

/**
 * Plans the rooms of two accounts that were read. Reads what the plan needs (named members,
 * replacements from outside) and plans again. Nothing is read twice.
 * @throws HomeserverError, UnreachableError
 */
export async function decideRooms(
  accounts: ReadableAccounts,
  readings: { source: AccountReading; target: AccountReading },
  options: Pick<
    RoomPlanInput,
    "filters" | "botUserIds" | "botRoomIds" | "histories" | "roomsWithAllKeys" | "now"
  > & { looks?: Pick<LooksOfAccount, "get" | "set">; onProgress?: (progress: ReadProgress) => void },
): Promise<RoomPlan> {
  const { source } = accounts;
  const outsideRooms = new Map<string, RoomSnapshot>();
  const asked = new Set<string>();
  let snapshot =
    source === null
      ? await withSpaceChildren(
          readings.source.snapshot,
          options.filters?.spaces ?? [],
          accounts.target.reader,
        )
      : await withOtherMembers(source.reader, readings.source.snapshot, readings.target.snapshot);
  for (;;) {
    const input = { ...options, source: snapshot, target: readings.target.snapshot, outsideRooms };
    const plan = planRooms(input);
    const needs = source === null ? [] : plan.membersNeeded.filter((need) => isNew(JSON.stringify(need)));
    const rooms = plan.summariesNeeded.filter(({ roomId }) => isNew(roomId));
    if (needs.length === 0 && rooms.length === 0)
      return plan.membersNeeded.length === 0 ? plan : planRooms({ ...input, areMembersRead: true });
    const seen = snapshot;
    if (source === null) {
      const shown = await lookAtRoomsOfFile(rooms, {
        target: accounts.target,
        source: snapshot,
        targetRooms: readings.target.snapshot.rooms,
        looks: options.looks ?? NO_LOOKS,
        onProgress: options.onProgress ?? (() => undefined),
      });
      for (const { roomId, kind } of rooms)
        if (kind === "replacement")
          outsideRooms.set(roomId, replacementOf(roomId, shown, snapshot, accounts.target.userId));
      snapshot = withLooks(
        snapshot,
        rooms.map(({ roomId }) => roomId),
        shown,
      );
      continue;
    }
    const invitations = rooms.filter(({ kind }) => kind === "invitation");
    const others = rooms.filter(({ kind }) => kind === "replacement");
    await concurrently(others, MAX_SUMMARIES_AT_ONCE, async (room) => {
      outsideRooms.set(room.roomId, await lookFromOutside({ ...accounts, source }, room, seen));
    });
    const looks = await concurrently(invitations, MAX_SUMMARIES_AT_ONCE, (room) =>
      lookAtInvitation(source.reader, room, seen, accounts.target.userId),
    );
    for (const { room } of looks) outsideRooms.set(room.roomId, room);
    snapshot = withTags(snapshot, looks);
    if (needs.length > 0)
      snapshot = await withNeededMembers(source.reader, { snapshot, needs, features: source.features });
  }

  function isNew(question: string): boolean {
    const { size } = asked;
    return asked.add(question).size > size;
  }
}

/** The replacement of a room that is known from a file. */
function replacementOf(
  roomId: string,
  shown: ReadonlyMap<string, RoomSnapshot>,
  snapshot: AccountSnapshot,
  targetUserId: string,
): RoomSnapshot {
  const seen = shown.get(roomId);
  const room = seen ?? roomFromSummary(roomId, {}, snapshot, targetUserId);
  return { ...room, fromFile: { via: [], helpers: [], power: null, isShown: seen !== undefined } };
}

/**
 * The replacement of an upgraded room, as the source's server shows it. If that server shows
 * nothing, the target's server is asked.
 */
async function lookFromOutside(
  { source, target }: { source: ReadableAccount; target: ReadableAccount },
  room: SummaryNeeded,
  snapshot: AccountSnapshot,
): Promise<RoomSnapshot> {
  const seen =
    (await readOutsideRoom(source.reader, room, snapshot, target.userId)) ??
    (await readOutsideRoom(target.reader, room, snapshot, target.userId));
  return seen ?? roomFromSummary(room.roomId, {}, snapshot, target.userId);
}
