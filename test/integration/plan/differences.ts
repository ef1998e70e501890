import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import type { Expected, PopulatedRoom } from "../../lab/population/population.ts";

type RowFields = Readonly<Record<string, string>>;

/**
 * A table of the differences between a plan and what was written by hand for each kind of room.
 * Empty if there are none.
 */
export function differences(plan: RoomPlan, rooms: readonly PopulatedRoom[]): string {
  const rows = new Map(plan.rooms.map((row) => [row.roomId, row]));
  const lines = rooms.flatMap(({ roomId, kind, expected }) => {
    const row = rows.get(roomId);
    if (row === undefined) return [[kind, "row", "there", "missing"]];
    const [right, planned] = [fieldsOf(expected, expected), plannedFields(row, expected)];
    return Object.keys(right)
      .filter((key) => right[key] !== planned[key])
      .map((key) => [kind, key, right[key] ?? "", planned[key] ?? ""]);
  });
  const known = new Set(rooms.map(({ roomId }) => roomId));
  for (const row of plan.rooms)
    if (!known.has(row.roomId)) lines.push([row.roomId, "row", "none", row.route]);
  return table(["kind", "field", "expected", "planned"], lines);
}

function plannedFields(row: PlannedRoom, expected: Expected): RowFields {
  const warnings = row.warnings.map(({ code }) => code).filter((code) => expected.warnings.includes(code));
  const helpers = row.helpers.map(({ userId }) => userId);
  return fieldsOf({ ...row, reason: row.reason?.code ?? null, helpers, warnings }, expected);
}

function fieldsOf(
  claim: Omit<Expected, "route" | "isHelperOrderOpen"> & Pick<PlannedRoom, "route">,
  { isHelperOrderOpen }: Expected,
): RowFields {
  return {
    route: claim.route,
    status: claim.status,
    reason: String(claim.reason),
    helpers: (isHelperOrderOpen ? claim.helpers.toSorted() : claim.helpers).join(" "),
    moreHelpers: String(claim.moreHelpers),
    through: String(claim.through),
    successor: String(claim.successor),
    warnings: claim.warnings.toSorted().join(" "),
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
