import { z } from "zod";
import { accessFactsSchema } from "./access-facts.ts";
import { storedReportRoomSchema } from "./report.ts";
import { routeRefusalSchema } from "./route-refusals.ts";
import { ROUTES, STATUSES } from "./routes.ts";
import { storedFormat } from "./stored.ts";

const plannedSchema = z.object({
  /** The room as reports show it. */
  row: storedReportRoomSchema,
  /** The data with which a run brings the target into the room. */
  work: z.object({
    roomId: z.string(),
    routes: z.array(z.enum(ROUTES)).readonly(),
    through: z.string().nullable(),
    via: z.array(z.string()).readonly(),
    isNewToServer: z.boolean(),
    /** No server shows the room, so a join or a knock is tried once. Older rows lack it. */
    isTry: z.exactOptional(z.boolean()),
  }),
  /**
   * The steps about the room's contents were planned while the target was in it. Rows of older
   * versions do not have it.
   */
  isCovered: z.boolean().optional(),
  /** The room as it was when its route was chosen; `null` in older rows. */
  facts: accessFactsSchema.nullable().default(null),
});

/** Version 1 has sentences instead of the data of reasons and warnings. The schema reads both. */
export const plannedFormat = storedFormat({ version: 2, schema: plannedSchema });

/** A room of a run. */
export const runRoomSchema = z.object({
  roomId: z.string(),
  planned: plannedSchema,
  /** The route that is being tried, or the last one. */
  route: z.enum(ROUTES),
  status: z.enum(STATUSES),
  /** The target is in the room. */
  isJoined: z.boolean(),
  /** Routes that were tried and refused, oldest first. */
  refusals: z.array(routeRefusalSchema).readonly(),
  /** When the run brought the target in, in milliseconds since the epoch. */
  joinedAt: z.number().nullable(),
  /**
   * Whether the room replaces an upgraded one and has no row of its own in reports. Its outcome is
   * in the row of the upgraded room.
   */
  isReplacement: z.boolean(),
});
export type RunRoom = z.infer<typeof runRoomSchema>;
