import type { ExportedRoom } from "./exported-report.ts";

/** The columns of the CSV report. They are a contract with the scripts that read it. */
export const CSV_COLUMNS = [
  "roomId",
  "name",
  "alias",
  "route",
  "status",
  "reason",
  "helpers",
  "link",
  "asked",
] as const;

/**
 * One line of the CSV report: its cells in the order of `CSV_COLUMNS`, each safe to open in a
 * spreadsheet. The caller quotes them.
 */
export function csvCells(room: ExportedRoom, link: string): string[] {
  const helpers = room.helpers.map((helper) => helper.userId).join("; ");
  const reason = room.reason === null ? "" : `${room.reason.code}: ${room.reason.text}`;
  const asked = room.asked
    .map(({ userId, at, way, result }) => `${userId} ${at} ${way} ${result}`)
    .join("; ");
  return [
    room.roomId,
    room.name ?? "",
    room.alias ?? "",
    room.route,
    room.status,
    reason,
    helpers,
    link,
    asked,
  ].map(safeCell);
}

/**
 * A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"). The caller quotes it. A
 * text that is like a guarded one is guarded too, so that a reader can take the sign off again.
 */
export function safeCell(cell: string): string {
  return /^'*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
