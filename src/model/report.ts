import { z } from "zod";
import { CATEGORY_NAMES } from "./categories.ts";
import { askedSchema } from "./contact.ts";
import {
  REASON_CODES,
  ROUTES,
  STATUSES,
  WARNING_CODES,
  helperSchema,
  powerLevelSchema,
  reasonSchema,
  warningSchema,
} from "./routes.ts";

/**
 * Reads a reason. If its code or data is unknown to this version, only the reason is left out, not
 * its room.
 */
const knownReason = z
  .union([reasonSchema, z.object({ code: z.enum(REASON_CODES), text: z.string() })])
  .nullable()
  .catch(null);
const knownWarning = z.union([warningSchema, z.object({ code: z.enum(WARNING_CODES), text: z.string() })]);
const knownWarnings = z
  .array(z.unknown())
  .transform((warnings) =>
    warnings.flatMap((warning) => {
      const { data } = knownWarning.safeParse(warning);
      return data === undefined ? [] : [data];
    }),
  )
  .readonly();

/** One room of a report, as stored in rows. */
export const storedReportRoomSchema = z.object({
  roomId: z.string(),
  name: z.string().nullable(),
  alias: z.string().nullable(),
  direct: z.boolean(),
  space: z.boolean(),
  encrypted: z.boolean(),
  route: z.enum(ROUTES),
  /** The room that opens this one. */
  through: z.string().nullable(),
  successor: z.string().nullable(),
  status: z.enum(STATUSES),
  until: z.iso.datetime().nullable(),
  waitingFor: z.enum(["limit", "server", "room"]).nullable(),
  reason: knownReason,
  power: z.object({
    source: powerLevelSchema,
    wanted: powerLevelSchema,
    target: powerLevelSchema.nullable(),
  }),
  warnings: knownWarnings,
  helpers: z.array(helperSchema).readonly(),
  /**
   * Who was asked about the room, oldest first. Stored rows have nobody: a question may be newer
   * than a row, so reports get them when they are shown (`withAsked`).
   */
  asked: z.array(askedSchema).readonly().default([]),
});

/** What a report says about the keys of encrypted rooms, besides the category `room_keys`. */
const reportKeysSchema = z.object({
  /**
   * As in `KeyComparison` (key-backup.ts). `unreadable`: a server does not show a backup.
   */
  kind: z.enum(["none", "unknown_algorithm", "counted", "compared", "unreadable"]),
  /** Keys that the new backup lacks, also where the report leaves out the category. */
  missing: z.int(),
  /** Missing keys that a copy found unusable. No copy can bring them. */
  unusable: z.int(),
  /** Encrypted rooms of the plan of which the old backup has no key; `null`: not known. */
  roomsWithoutKeys: z.int().nullable(),
});

/** A report, as stored in rows. */
export const storedReportSchema = z.object({
  schema: z.literal(1),
  source: z.string(),
  target: z.string(),
  /** Nobody had signed in the source: files say what it had. */
  isFromFile: z.literal(true).optional(),
  generatedAt: z.iso.datetime(),
  rooms: z.array(storedReportRoomSchema).readonly(),
  categories: z
    .array(
      z.object({
        name: z.enum(CATEGORY_NAMES),
        expected: z.int(),
        present: z.int(),
        missing: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  /** `null` if the backups were not read, and in reports of older versions of the bot. */
  keys: reportKeysSchema.nullable().catch(null),
});

/** The facts about one room: its route, its status, and why. */
export type ReportRoom = z.infer<typeof storedReportRoomSchema>;

/** The report on both accounts. `view` makes the sentences and the report file from it. */
export type Report = z.infer<typeof storedReportSchema>;

export type ReportKeys = z.infer<typeof reportKeysSchema>;

/** The fields of a room that a run changes after the plan. Without a reason the plan's stays. */
export type RoomProgress = Pick<ReportRoom, "status" | "until" | "waitingFor"> &
  Partial<Pick<ReportRoom, "reason">>;

/**
 * A time as reports write it: UTC, in whole seconds.
 * @param at milliseconds since the epoch
 */
export function reportTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/u, "Z");
}
