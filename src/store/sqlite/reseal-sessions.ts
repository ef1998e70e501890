import type { Database } from "better-sqlite3";
import { z } from "zod";
import { sealingPlace } from "../accounts.ts";
import type { SealedSecrets } from "../sealed-secrets.ts";

const rowSchema = z.object({
  owner: z.string(),
  side: z.enum(["source", "target"]),
  userId: z.string(),
  baseUrl: z.string(),
  name: z.string(),
  sealed: z.instanceof(Buffer),
});

const boxSchema = z.object({ name: z.string(), sealed: z.instanceof(Buffer) });

/**
 * Seals each session together with its account and address. Versions up to schema 7 sealed it with
 * its owner and side alone. Runs in the transaction of the upgrade. A session that cannot be read
 * stays as it is; its person has to sign in again.
 * @throws UnsealError if another key sealed everything
 */
export function resealSessions(database: Database, secrets: SealedSecrets): void {
  const rows = database
    .prepare(
      `SELECT owner, side, user_id AS userId, base_url AS baseUrl, name, sealed
       FROM account JOIN secret ON secret.name = 'session ' || side || ' ' || owner`,
    )
    .all();
  const update = database.prepare("UPDATE secret SET sealed = ? WHERE name = ?");
  const sessions = rows.flatMap((row) => rowSchema.safeParse(row).data ?? []);
  if (sessions[0] !== undefined && !hasRightKey(database, secrets))
    secrets.open(sessions[0].name, sessions[0].sealed);
  for (const row of sessions) {
    const tokens = secrets.tryOpen(row.name, row.sealed);
    if (tokens !== null) update.run(secrets.seal(sealingPlace(row), tokens), row.name);
  }
}

/** Whether the key opens anything. */
function hasRightKey(database: Database, secrets: SealedSecrets): boolean {
  const rows = database.prepare("SELECT name, sealed FROM secret").all();
  const boxes = rows.flatMap((row) => boxSchema.safeParse(row).data ?? []);
  return boxes.some(({ name, sealed }) => secrets.tryOpen(name, sealed) !== null);
}
