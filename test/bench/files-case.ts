import { z } from "zod";
import { accountSchema } from "./reading-case.ts";

/** One process either exports an account, or reads one file. */
export const filesCaseSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("export"),
    source: accountSchema.extend({ baseUrl: z.string() }),
    /** Number of rooms of the written files, copied from the rooms that were read. */
    rooms: z.int().positive(),
    folder: z.string(),
  }),
  z.object({ kind: z.literal("import"), path: z.string() }),
]);
export type FilesCase = z.infer<typeof filesCaseSchema>;

export const filesMeasuredSchema = z.object({
  /** Rooms read from the server, or rooms found in the file. */
  rooms: z.int(),
  /** For an import 0. */
  requests: z.int(),
  ms: z.number(),
  /** To write the large files of every format; 0 for an import. */
  writingMs: z.number(),
  /** Resident memory before, and its peak. */
  baseBytes: z.int(),
  peakBytes: z.int(),
});
export type FilesMeasured = z.infer<typeof filesMeasuredSchema>;
