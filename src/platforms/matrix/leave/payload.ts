import { z } from "zod";
import type { KeptCode } from "./guards.ts";

const KEPT_CODES = [
  "not_moved",
  "less_power",
  "last_admin",
  "alone",
  "keys_missing",
  "asked",
  "unreadable",
  "server_notices",
  "bot_chat",
] as const satisfies readonly KeptCode[];

/** The part of `m.room.create` that decides about power. It never changes. */
const creationSchema = z.object({
  sender: z.string().nullable(),
  roomVersion: z.string().nullable(),
  creator: z.string().nullable(),
  additionalCreators: z.array(z.string()).readonly(),
});

/** The payload of both steps that leave a room. */
export const leavingPayload = z.object({
  /** The room that the source leaves. */
  roomId: z.string(),
  name: z.string().nullable(),
  alias: z.string().nullable(),
  /** The room in which the target must be: that room or its replacement. */
  movedTo: z.string(),
  /** Of `movedTo`; `null` if it could not be read. */
  creation: creationSchema.nullable(),
  /** The room is encrypted, which cannot be switched off. */
  isEncrypted: z.boolean(),
  /** Keys that no copy can bring, and the backup in which a copy found them. */
  unusable: z
    .object({ from: z.object({ version: z.string(), publicKey: z.string() }), count: z.int() })
    .nullable(),
  /** What the people in the room read. */
  reason: z.string(),
  /** Reasons against leaving that the person has read and confirmed by a typed word. */
  accepted: z.array(z.enum(KEPT_CODES)).readonly(),
});
export type LeavingPayload = z.output<typeof leavingPayload>;
