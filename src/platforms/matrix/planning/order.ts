import type { Route } from "../../../model/routes.ts";
import { ROUTES } from "../../../model/routes.ts";
import type { PlannedRoom } from "./planned-room.ts";

/** Routes with work for the bot. */
const WORK: ReadonlySet<Route> = new Set<Route>([
  "accept_invite",
  "join",
  "join_restricted",
  "invite",
  "knock",
]);

/**
 * The rooms in the order of work (platforms/matrix/README.md, "Routes into a room"):
 * 1. rooms that open others, each after the room that opens it;
 * 2. the cheapest routes.
 *
 * A runner that works in parallel must only respect `through`.
 */
export function orderOfWork(rooms: readonly PlannedRoom[]): string[] {
  const byId = new Map(rooms.map((room) => [room.roomId, room]));
  const openers = new Set(
    rooms.filter((room) => room.route === "join_restricted").map((room) => room.through),
  );
  const work = rooms
    .filter((room) => room.status === "planned" && WORK.has(room.route))
    .map((room, index) => ({
      room,
      rank: (openers.has(room.roomId) ? 0 : ROUTES.length) + ROUTES.indexOf(room.route),
      index,
    }))
    .sort((left, right) => left.rank - right.rank || left.index - right.index);
  const ordered = new Set<string>();
  for (const { room } of work) {
    const chain: string[] = [];
    let next: PlannedRoom | undefined = room;
    while (next?.status === "planned" && !ordered.has(next.roomId)) {
      chain.push(next.roomId);
      next = next.route === "join_restricted" && next.through !== null ? byId.get(next.through) : undefined;
    }
    for (const roomId of chain.reverse()) ordered.add(roomId);
  }
  return [...ordered];
}
