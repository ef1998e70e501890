import type { OldAccount } from "../../../model/account.ts";
import { isFromFile } from "../../../model/account.ts";
import type { RoomsOfUndo, StayReason, StayReasons } from "../../../model/stay-reason.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { DiscoveryError } from "../api/discovery-error.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { OpenAccount } from "../open-account.ts";
import { guarded } from "../open-account.ts";
import { concurrently } from "./concurrently.ts";
import type { RoomToLeave } from "./find-stay-reason.ts";
import { findStayReason } from "./find-stay-reason.ts";
import { readJoinedRooms } from "./joined-rooms.ts";
import { CONCURRENCY } from "./limits.ts";
import { mayBeInvited } from "./state-now.ts";

/** The two accounts of an undo. */
interface UndonePair {
  readonly source: Pick<OpenAccount, "account" | "readable"> | { readonly account: OldAccount };
  readonly target: Pick<OpenAccount, "account" | "readable">;
}

/** The rooms of the source; `away`: its server refuses or does not answer. */
type SourceRooms = ReadonlySet<string> | "away" | "from_file";

/** @throws UnreadableAccountError for the target */
export async function stayReasonsIn(
  { source, target }: UndonePair,
  { left, declined }: RoomsOfUndo,
): Promise<StayReasons> {
  const leftToo = new Set(left);
  const [sourceUserId, targetUserId] = [source.account.userId, target.account.userId];
  return guarded(target.account, async () => {
    const { reader } = await target.readable();
    const targetRooms = new Set(await readJoinedRooms(reader));
    const sourceRooms = await roomsOf(source);
    const reasons = new Map<string, StayReason>();
    const toLeave = left.filter((roomId) => targetRooms.has(roomId));
    await concurrently(toLeave, CONCURRENCY, async (roomId) => {
      const inRoom = sourceIn(roomId, sourceRooms);
      const leaving = { roomId, sourceUserId, targetUserId, target: reader };
      const found =
        inRoom === "away"
          ? null
          : await unlessAway(async () => ({
              reason: await findStayReason({ ...leaving, source: inRoom, isLeftToo }),
            }));
      const reason = found === null ? "unreadable" : found.reason;
      if (reason !== null) reasons.set(roomId, reason);
    });
    // Without the source in the room, the invitation is the last way into it.
    const toDecline = declined.filter(
      (roomId) => !targetRooms.has(roomId) && sourceIn(roomId, sourceRooms) !== "joined",
    );
    await concurrently(toDecline, CONCURRENCY, async (roomId) => {
      const isOpen = await unlessAway(() => mayBeInvited(reader, roomId));
      if (isOpen !== false) reasons.set(roomId, sourceRooms === "away" ? "unreadable" : "source_not_joined");
    });
    return reasons;
  });

  function isLeftToo(roomId: string): boolean {
    return leftToo.has(roomId);
  }
}

async function roomsOf(source: UndonePair["source"]): Promise<SourceRooms> {
  if (isFromFile(source.account) || !("readable" in source)) return "from_file";
  const rooms = await unlessAway(async () => readJoinedRooms((await source.readable()).reader));
  return rooms === null ? "away" : new Set(rooms);
}

function sourceIn(roomId: string, rooms: SourceRooms): RoomToLeave["source"] | "away" {
  if (typeof rooms === "string") return rooms;
  return rooms.has(roomId) ? "joined" : "not_joined";
}

/** `null` if a server refuses or does not answer. */
async function unlessAway<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (isServerTrouble(error)) return null;
    throw error;
  }
}

function isServerTrouble(error: unknown): boolean {
  return (
    error instanceof HomeserverError || error instanceof UnreachableError || error instanceof DiscoveryError
  );
}
