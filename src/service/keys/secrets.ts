import { z } from "zod";
import { fileReferenceSchema } from "../../model/file-reference.ts";
import type { OpenedBackup } from "../../platforms/keys.ts";

/** What opens the old backup, as it is sealed with its work. */
const openedBackupSchema = z.object({ version: z.string(), publicKey: z.string(), key: z.string() });

/** `null` for anything that is no opened backup. */
export function openedBackupOf(secret: unknown): OpenedBackup | null {
  return openedBackupSchema.safeParse(secret).data ?? null;
}

/** A key file and what opens it, as it is sealed with an import. */
export const importSecretSchema = z.object({ file: fileReferenceSchema, passphrase: z.string() });

/** What is sealed with an export besides the opened backup. */
export const exportSecretSchema = z.object({ passphrase: z.string(), isPlainAllowed: z.boolean() });

/** What is sealed with an export: the opened backup, and how its files are sent. */
export function exportSecretOf(opened: OpenedBackup, files: z.infer<typeof exportSecretSchema>): object {
  return { ...opened, ...files };
}
