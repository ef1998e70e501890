import type { Report } from "../../model/report.ts";

/** A report with the keys, and the warnings about them, of a newer one. */
export function withKeysOf(report: Report, { rooms, categories, keys }: Report): Report {
  const warnings = new Map(rooms.map((room) => [room.roomId, room.warnings]));
  return {
    ...report,
    rooms: report.rooms.map((room) => ({ ...room, warnings: warnings.get(room.roomId) ?? room.warnings })),
    categories: report.categories.map((entry) =>
      entry.name === "room_keys" ? (categories.find(({ name }) => name === entry.name) ?? entry) : entry,
    ),
    keys,
  };
}
