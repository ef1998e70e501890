import type { Category } from "../../../model/categories.ts";
import { allCategories } from "../../../model/categories.ts";
import type { Report, ReportKeys, ReportRoom, RoomProgress } from "../../../model/report.ts";
import { reportTime } from "../../../model/report.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";

/** The input of a report. */
export interface ReportInput {
  sourceUserId: string;
  targetUserId: string;
  /** Files describe the source. */
  isFromFile?: boolean;
  generatedAt: Date;
  rooms: readonly PlannedRoom[];
  categories: readonly Category[];
  /** `null`: the backups were not read. */
  keys: ReportKeys | null;
  progress?: ReadonlyMap<string, RoomProgress>;
}

/** The report of a plan or, with `progress`, of a run. */
export function report(input: ReportInput): Report {
  return {
    schema: 1,
    source: input.sourceUserId,
    target: input.targetUserId,
    ...(input.isFromFile === true && { isFromFile: true }),
    generatedAt: reportTime(input.generatedAt.getTime()),
    rooms: input.rooms.map((room) => reportRoom(room, input.progress?.get(room.roomId))),
    categories: allCategories(input.categories),
    keys: input.keys,
  };
}

/** One room of a report. `progress` replaces the status of the plan. */
export function reportRoom(room: PlannedRoom, progress?: RoomProgress): ReportRoom {
  return {
    roomId: room.roomId,
    name: room.name,
    alias: room.alias,
    direct: room.isDirect,
    space: room.isSpace,
    encrypted: room.isEncrypted,
    route: room.route,
    through: room.through,
    successor: room.successor,
    status: progress?.status ?? room.status,
    until: progress?.until ?? null,
    waitingFor: progress === undefined ? waitingFor(room) : progress.waitingFor,
    reason: room.reason,
    power: { ...room.power },
    warnings: room.warnings,
    helpers: room.helpers.map(({ userId, displayName, power }) => ({ userId, displayName, power })),
    asked: [],
  };
}

/** In a plan, only a room that cannot be read waits. */
function waitingFor({ status }: PlannedRoom): ReportRoom["waitingFor"] {
  return status === "waiting" ? "room" : null;
}
