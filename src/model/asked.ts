import type { AskRecord, Asked } from "./contact.ts";
import type { Report } from "./report.ts";
import { reportTime } from "./report.ts";

/**
 * A report that shows who was asked about its rooms.
 * @param records of the report's old account
 */
export function withAsked(report: Report, records: readonly AskRecord[]): Report {
  if (records.length === 0) return report;
  const byRoom = new Map<string, AskRecord[]>();
  for (const record of records.toSorted((a, b) => a.at - b.at))
    byRoom.set(record.roomId, [...(byRoom.get(record.roomId) ?? []), record]);
  return {
    ...report,
    rooms: report.rooms.map((room) => {
      // Helpers of an upgraded room are asked about its replacement.
      const asked = [room.roomId, room.successor].flatMap((roomId) => byRoom.get(roomId ?? "") ?? []);
      return asked.length === 0
        ? room
        : { ...room, asked: asked.map((record) => askedOf(record, room.status === "done")) };
    }),
  };
}

/**
 * A room about which somebody was asked was closed to the new account then. So the new account has
 * come in since.
 */
function askedOf({ userId, at, way, result }: AskRecord, isInside: boolean): Asked {
  return { userId, at: reportTime(at), way, result: isInside && result === "sent" ? "let_in" : result };
}
