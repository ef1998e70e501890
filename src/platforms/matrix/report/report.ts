import { z } from "zod";
import { allCategories, CATEGORY_NAMES } from "../../../model/categories.ts";
import type { Category } from "../../../model/categories.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { REASON_CODES, ROUTES, STATUSES, WARNING_CODES } from "../planning/routes.ts";
import type { Reason, Warning } from "../planning/routes.ts";

const powerSchema = z.union([z.int(), z.literal("creator")]);

/** One room of the report file (product.md, "The report file"). */
export const reportRoomSchema = z.strictObject({
  roomId: z.string(),
  name: z.string().nullable(),
  alias: z.string().nullable(),
  direct: z.boolean(),
  space: z.boolean(),
  encrypted: z.boolean(),
  route: z.enum(ROUTES),
  through: z.string().nullable(),
  successor: z.string().nullable(),
  status: z.enum(STATUSES),
  until: z.iso.datetime().nullable(),
  waitingFor: z.enum(["limit", "server", "room"]).nullable(),
  reason: z.strictObject({ code: z.enum(REASON_CODES), text: z.string() }).nullable(),
  power: z.strictObject({ source: powerSchema, wanted: powerSchema, target: powerSchema.nullable() }),
  warnings: z.array(z.strictObject({ code: z.enum(WARNING_CODES), text: z.string() })),
  helpers: z
    .array(z.strictObject({ userId: z.string(), displayName: z.string().nullable(), power: powerSchema }))
    .max(10),
});

/** The report file, schema 1: `--format json`, `plan --json` and the file at the end of a run. */
export const reportSchema = z.strictObject({
  schema: z.literal(1),
  source: z.string(),
  target: z.string(),
  generatedAt: z.iso.datetime(),
  rooms: z.array(reportRoomSchema),
  categories: z
    .array(
      z.strictObject({
        name: z.enum(CATEGORY_NAMES),
        expected: z.int(),
        present: z.int(),
        missing: z.array(z.string()),
      }),
    )
    .length(CATEGORY_NAMES.length),
});

export type ReportRoom = z.infer<typeof reportRoomSchema>;
export type Report = z.infer<typeof reportSchema>;

/** Sentences for codes; they are made in `view`. */
export interface ReportTexts {
  reason: (reason: Reason) => string;
  warning: (warning: Warning) => string;
}

/** What a run knows beyond the plan. */
export type RoomProgress = Pick<ReportRoom, "status" | "until" | "waitingFor">;

export interface ReportInput {
  sourceUserId: string;
  targetUserId: string;
  generatedAt: Date;
  rooms: readonly PlannedRoom[];
  categories: readonly Category[];
  texts: ReportTexts;
  progress?: ReadonlyMap<string, RoomProgress>;
}

export function report(input: ReportInput): Report {
  return {
    schema: 1,
    source: input.sourceUserId,
    target: input.targetUserId,
    generatedAt: reportTime(input.generatedAt.getTime()),
    rooms: input.rooms.map((room) => reportRoom(room, input.texts, input.progress?.get(room.roomId))),
    categories: allCategories(input.categories).map((entry) => ({ ...entry, missing: [...entry.missing] })),
  };
}

export function reportRoom(room: PlannedRoom, texts: ReportTexts, progress?: RoomProgress): ReportRoom {
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
    waitingFor: progress?.waitingFor ?? null,
    reason: room.reason === null ? null : { code: room.reason.code, text: texts.reason(room.reason) },
    power: { ...room.power },
    warnings: room.warnings.map((warning) => ({ code: warning.code, text: texts.warning(warning) })),
    helpers: room.helpers.map(({ userId, displayName, power }) => ({ userId, displayName, power })),
  };
}

/** A moment as reports write it: UTC, in whole seconds. @param at milliseconds since the epoch */
export function reportTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/u, "Z");
}
