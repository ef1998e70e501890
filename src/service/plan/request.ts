import { z } from "zod";
import { CATEGORY_NAMES } from "../../model/categories.ts";

/**
 * The request of a plan. It is stored so that the plan can be made again: before a start, and at
 * the end of a run.
 */
export const planRequestSchema = z.object({
  filters: z.object({
    only: z.array(z.string()),
    exclude: z.array(z.string()),
    spaces: z.array(z.string()),
    servers: z.array(z.string()),
    isDirect: z.boolean().nullable(),
    activeSince: z.number().nullable(),
    hasRooms: z.boolean(),
    categories: z.array(z.enum(CATEGORY_NAMES)).nullable(),
  }),
  /** Rooms in which the person talks with the bot. */
  botRoomIds: z.array(z.string()),
});
export type PlanRequestData = z.infer<typeof planRequestSchema>;
