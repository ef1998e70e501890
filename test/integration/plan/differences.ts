import type { Expected, PopulatedRoom } from "../../lab/population/population.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";

type Said = Readonly<Record<string, string>>;

/**
 * Where a plan says otherwise than what was written by hand for the room's kind; as a table, empty
 * when they agree.
 */
export function differences(plan: RoomPlan, rooms: readonly PopulatedRoom[]): string {
  const rows = new Map(plan.rooms.map((row) => [row.roomId, row]));
  const lines = rooms.flatMap(({ roomId, kind, expected }) => {
    const row = rows.get(roomId);
    if (row === undefined) return [[kind, "row", "there", "missing"]];
    const [right, planned] = [saidBy(expected, expected), plannedAs(row, expected)];
    return Object.keys(right)
      .filter((key) => right[key] !== planned[key])
      .map((key) => [kind, key, right[key] ?? "", planned[key] ?? ""]);
  });
  const known = new Set(rooms.map(({ roomId }) => roomId));
  for (const row of plan.rooms)
    if (!known.has(row.roomId)) lines.push([row.roomId, "row", "none", row.route]);
  return table(["kind", "of it", "right", "planned"], lines);
}

function plannedAs(row: PlannedRoom, expected: Expected): Said {
  const warnings = row.warnings.map(({ code }) => code).filter((code) => expected.warnings.includes(code));
  const helpers = row.helpers.map(({ userId }) => userId);
  return saidBy({ ...row, reason: row.reason?.code ?? null, helpers, warnings }, expected);
}

function saidBy(
  said: Omit<Expected, "route" | "isHelperOrderOpen"> & Pick<PlannedRoom, "route">,
  { isHelperOrderOpen }: Expected,
): Said {
  return {
    route: said.route,
    status: said.status,
    reason: String(said.reason),
    helpers: (isHelperOrderOpen ? said.helpers.toSorted() : said.helpers).join(" "),
    moreHelpers: String(said.moreHelpers),
    through: String(said.through),
    successor: String(said.successor),
    warnings: said.warnings.toSorted().join(" "),
  };
}

function table(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  if (lines.length === 0) return "";
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [heads, ...lines]
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .join("\n");
}
