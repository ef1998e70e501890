import type { Category, CategoryName } from "../../model/categories.ts";
import type { CategoryWork, RemainingWork } from "../../model/remaining-work.ts";
import type { AccountContents } from "./categories/contents.ts";
import { compareContents } from "./categories/registry.ts";
import type { RoomPlan } from "./planning/plan-rooms.ts";
import type { PlannedRoom } from "./planning/planned-room.ts";
import { roomMapping } from "./planning/room-mapping.ts";
import { powerStep } from "./planning/room-steps.ts";

/**
 * The work that a plan leaves.
 * @param compared the comparison (`compareContents`) for all rooms that may be moved
 * @param isChosen whether the plan covers a category
 */
export function remainingWork(
  { rooms, replacements, order }: Pick<RoomPlan, "rooms" | "replacements" | "order">,
  { source, target }: { source: AccountContents; target: AccountContents },
  compared: readonly Category[],
  isChosen: (name: CategoryName) => boolean,
): RemainingWork {
  const all = [...rooms, ...replacements];
  const needsNobody = withoutHelp(all);
  const inReach = compareContents(source, target, roomMapping(rooms.filter(needsNobody))).categories;
  const contents = compared.map((entry) =>
    contentWork(
      entry,
      inReach.find(({ name }) => name === entry.name),
    ),
  );
  const categories = [powerWork(rooms, needsNobody), ...contents].filter(({ name }) => isChosen(name));
  return {
    canBegin:
      (order.length > 0 && isChosen("rooms")) ||
      (isChosen("power_levels") && all.some((room) => needsNobody(room) && powerStep(room) !== null)) ||
      categories.some(({ now }) => now > 0),
    categories: categories.filter(({ now, waiting }) => now + waiting > 0),
  };
}

/**
 * Whether the target has joined a room or can enter it without help. A knock needs somebody to
 * approve it.
 */
export function withoutHelp(all: readonly PlannedRoom[]): (room: PlannedRoom) => boolean {
  const knocked = new Set(all.filter(({ route }) => route === "knock").map(({ roomId }) => roomId));
  return ({ roomId, successor, status }) =>
    (status === "done" || status === "planned") && !knocked.has(successor ?? roomId);
}

function contentWork({ name, missing }: Category, inReach: Category | undefined): CategoryWork {
  const possible = new Set(inReach?.missing);
  const now = missing.filter((item) => possible.has(item)).length;
  return { name, now, waiting: missing.length - now };
}

/**
 * Counted like the category `power_levels`. The plan already warns of levels that cannot be given
 * and of rooms that are not moved.
 */
function powerWork(rooms: readonly PlannedRoom[], needsNobody: (room: PlannedRoom) => boolean): CategoryWork {
  const given = rooms.filter(
    (room) =>
      room.route !== "successor" &&
      room.status !== "skipped" &&
      room.grant.isAboveDefault &&
      room.grant.outcome === "write",
  );
  const now = given.filter(needsNobody).length;
  return { name: "power_levels", now, waiting: given.length - now };
}
