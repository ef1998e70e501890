import { z } from "zod";
import { CATEGORY_NAMES } from "../../model/categories.ts";
import { askedSchema } from "../../model/contact.ts";
import type { Report, ReportRoom } from "../../model/report.ts";
import { REASON_CODES, ROUTES, STATUSES, WARNING_CODES, powerLevelSchema } from "../../model/routes.ts";
import type { MaybeFromFile } from "../words/from-file.ts";
import { reasonText, warningText } from "../words/reasons.ts";

const exportedRoomSchema = z.strictObject({
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
  power: z.strictObject({
    source: powerLevelSchema,
    wanted: powerLevelSchema,
    target: powerLevelSchema.nullable(),
  }),
  warnings: z.array(z.strictObject({ code: z.enum(WARNING_CODES), text: z.string() })).readonly(),
  helpers: z
    .array(
      z.strictObject({
        userId: z.string(),
        displayName: z.string().nullable(),
        power: powerLevelSchema,
      }),
    )
    .max(10)
    .readonly(),
  asked: z.array(askedSchema).readonly(),
});

/**
 * The report file, schema 1: for `--format json`, for `plan --json` and at the end of a run. Its
 * fields are a contract with the scripts that read it.
 */
export const exportedReportSchema = z.strictObject({
  schema: z.literal(1),
  source: z.string(),
  target: z.string(),
  generatedAt: z.iso.datetime(),
  rooms: z.array(exportedRoomSchema).readonly(),
  categories: z
    .array(
      z.strictObject({
        name: z.enum(CATEGORY_NAMES),
        expected: z.int(),
        present: z.int(),
        missing: z.array(z.string()).readonly(),
      }),
    )
    .length(CATEGORY_NAMES.length)
    .readonly(),
});

export type ExportedRoom = z.infer<typeof exportedRoomSchema>;
export type ExportedReport = z.infer<typeof exportedReportSchema>;

/** The report with sentences for its codes. */
export function exportedReport(report: Report): ExportedReport {
  const { schema, source, target, generatedAt, rooms, categories } = report;
  return {
    schema,
    source,
    target,
    generatedAt,
    rooms: rooms.map((room) => exportedRoom(room, report)),
    categories,
  };
}

/** One room of the report with sentences for its codes. */
export function exportedRoom(room: ReportRoom, { isFromFile }: MaybeFromFile): ExportedRoom {
  const { reason, warnings } = room;
  return {
    ...room,
    reason: reason === null ? null : { code: reason.code, text: reasonText(reason, isFromFile) },
    warnings: warnings.map((warning) => ({ code: warning.code, text: warningText(warning) })),
  };
}
