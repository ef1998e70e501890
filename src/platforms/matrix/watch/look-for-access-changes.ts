import { isAccountProblem } from "../../../model/account-problem.ts";
import type { Side } from "../../../model/account.ts";
import type { AccessChange, AccessChanges } from "../../../model/room-routes.ts";
import type { LookResult, SideSeen, WatchedChat } from "../../platform.ts";
import { roomView } from "../planning/room-view.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { refusalOf } from "../sign-in/provider.ts";
import { accessChange } from "./access-change.ts";
import type { Look } from "./look.ts";
import { readableAgain } from "./readable-again.ts";
import { seeBySource } from "./see-by-source.ts";
import { seeByTarget } from "./see-by-target.ts";
import type { Seen, SeenRooms, WatchingAccount } from "./watching-account.ts";
import { watchedSnapshot } from "./watching-account.ts";

/**
 * Checks once whether a person has let the target in, or whether a room has opened. Each account is
 * asked by itself, because one server may show a change that the other does not show.
 *
 * Nothing is written, and no event that the person's client waits for is consumed. No limit counts
 * these requests. There are no retries: another look always follows.
 */
export async function lookForAccessChanges(look: Look): Promise<LookResult> {
  const shown = look.rooms.filter(
    // A room that files name only by an alias has no ID that a server knows.
    ({ roomId, unreadableOn }) => unreadableOn === null && roomId.startsWith("!"),
  );
  const roomIds = shown.map(({ roomId }) => roomId);
  const [source, target, readable] = await Promise.all([
    bySide(look, "source", async (account) => {
      const inside = shown.filter((room) => room.isSourceJoined).map(({ roomId }) => roomId);
      const chats = chatsOf(look, "source");
      return seeBySource(account, { ...look, chats, roomIds: inside, targetUserId: look.userId.target });
    }),
    bySide(look, "target", (account) =>
      seeByTarget(account, {
        ...look,
        chats: chatsOf(look, "target"),
        roomIds,
        sourceUserId: look.userId.source,
      }),
    ),
    readableAgain(look),
  ]);
  const changes = changesIn({ ...look, rooms: shown }, source.seen.rooms, target.seen.rooms);
  return {
    changes: new Map([...changes, ...readable.map((roomId) => [roomId, { kind: "readable" }] as const)]),
    leftChats: [...source.seen.leftChats, ...target.seen.leftChats],
    sides: { source: source.side, target: target.side },
  };
}

function chatsOf({ chats }: Look, side: Side): WatchedChat[] {
  return chats.filter((chat) => chat.side === side);
}

interface Asked {
  side: SideSeen;
  seen: Seen;
}

/** @throws anything that is neither a server's error nor a failed connection: a bug */
async function bySide(
  { account, asked, rooms, signal }: Look,
  side: Side,
  see: (account: WatchingAccount) => Promise<Seen | null>,
): Promise<Asked> {
  const nothing: Seen = { rooms: new Map(), leftChats: [] };
  const open = account[side];
  if (open === null || !asked.has(side) || rooms.length === 0)
    return { side: { status: "not_asked" }, seen: nothing };
  try {
    const seen = await see(await open());
    return seen === null
      ? { side: { status: "not_asked" }, seen: nothing }
      : { side: { status: "answered" }, seen };
  } catch (error) {
    if (signal.aborted) return { side: { status: "not_asked" }, seen: nothing };
    const refusal = refusalOf(error);
    return isAccountProblem(refusal)
      ? { side: { status: "refused", code: refusal.code }, seen: nothing }
      : { side: { status: "away" }, seen: nothing };
  }
}

function changesIn(look: Look, bySource: SeenRooms, byTarget: SeenRooms): AccessChanges {
  const context = {
    sourceUserId: look.userId.source,
    targetUserId: look.userId.target,
    isSourceAsked: look.account.source !== null,
    isJoined: look.isJoined,
    now: look.now,
  };
  const changes = new Map<string, AccessChange>();
  for (const room of look.rooms) {
    const { roomId } = room;
    const [seenBySource, seenByTarget] = [bySource.get(roomId), byTarget.get(roomId)];
    if (seenBySource === undefined && seenByTarget === undefined) continue;
    const view = roomView(seenBySource ?? notSeen(roomId, look), seenByTarget, {
      sourceUserId: look.userId.source,
      replacement: null,
    });
    const change = accessChange(room, view, context);
    if (change !== null) changes.set(roomId, change);
  }
  return changes;
}

function notSeen(roomId: string, { userId }: Look): RoomSnapshot {
  return watchedSnapshot({
    roomId,
    ownUserId: userId.source,
    otherUserId: userId.target,
    membership: null,
    events: [],
  });
}
