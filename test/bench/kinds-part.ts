import { join } from "node:path";
import type { Route } from "../../src/model/routes.ts";
import type { Bench } from "./bench.ts";
import { moveAll } from "./moving.ts";
import { populatedPair } from "./populated-pair.ts";
import { textTable } from "./table.ts";

/** Routes that need no person's help. */
const MOVABLE: ReadonlySet<Route> = new Set<Route>([
  "joined",
  "accept_invite",
  "join",
  "join_restricted",
  "invite",
]);

/**
 * Moves an account with one room of every kind, and counts the movable rooms that were moved.
 * The population states by hand which rooms are movable. The planner has no part in that.
 */
export async function benchKinds(bench: Bench): Promise<string> {
  const populated = await populatedPair(
    join(bench.folder, "kinds"),
    { movers: 1, rooms: "one of each" },
    bench.log,
  );
  bench.log("moving a room of every kind");
  const { moved } = await moveAll(populated, bench, { limits: "unlimited", isSideBySide: true });
  const statuses = new Map(moved.flatMap(({ rooms }) => rooms.map(({ roomId, status }) => [roomId, status])));
  const rooms = populated.movers.flatMap((mover) => mover.rooms);
  const kinds = [...new Set(rooms.map(({ kind }) => kind))].sort();
  const lines = kinds.map((kind) => {
    const own = rooms.filter((room) => room.kind === kind);
    const movable = own.filter(({ expected }) => MOVABLE.has(expected.route));
    const done = (all: typeof own): number =>
      all.filter(({ roomId }) => statuses.get(roomId) === "done").length;
    return {
      kind,
      rooms: own.length,
      movable: movable.length,
      moved: done(movable),
      others: done(own) - done(movable),
    };
  });
  const sum = (of: (line: (typeof lines)[number]) => number): number =>
    lines.reduce((total, line) => total + of(line), 0);
  const all = {
    kind: "all kinds",
    rooms: sum((line) => line.rooms),
    movable: sum((line) => line.movable),
    moved: sum((line) => line.moved),
    others: sum((line) => line.others),
  };
  return textTable(
    ["kind of room", "rooms", "can be moved", "moved of these", "moved of others"],
    [...lines, all].map((line) => [
      line.kind,
      ...[line.rooms, line.movable, line.moved, line.others].map(String),
    ]),
  );
}
