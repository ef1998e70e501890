import { z } from "zod";

/** The schema of an answer that only has to be a success. */
export const anyAnswer = z.object({});
