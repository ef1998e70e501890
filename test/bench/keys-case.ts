import { z } from "zod";
import { accountSchema } from "./reading-case.ts";

const backupAccountSchema = accountSchema.extend({
  baseUrl: z.string(),
  version: z.string(),
  publicKey: z.string(),
});

/** Sent as JSON on standard input, because it holds tokens and a key. */
export const keysCaseSchema = z.object({
  source: backupAccountSchema,
  /** The private key of the old backup. */
  privateKey: z.string(),
  target: backupAccountSchema,
  /** Another account on the new server, whose backup gets the same keys by bare requests. */
  bareTarget: backupAccountSchema,
});
export type KeysCase = z.infer<typeof keysCaseSchema>;
export type BackupAccount = z.infer<typeof backupAccountSchema>;

export const keysMeasuredSchema = z.object({
  copied: z.int(),
  copyMs: z.number(),
  requests: z.int(),
  /** Comparing both backups after the copy. */
  compareMs: z.number(),
  /** The same requests, one after another, without any work on their answers. */
  bareRequestsMs: z.number(),
  /** Decrypting and encrypting every key, one after another. */
  bareCryptoMs: z.number(),
  /** Resident memory before the copy, and its peak until the end of the copy. */
  idleBytes: z.int(),
  peakBytes: z.int(),
  /** The longest block of the event loop during the copy. */
  longestBlockMs: z.number(),
});
export type KeysMeasured = z.infer<typeof keysMeasuredSchema>;
