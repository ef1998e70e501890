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

/**
 * Seals each session together with its account and address. Versions up to schema 7 sealed it with
 * its owner and side alone. Runs in the transaction of the upgrade.
 * @throws UnsealError if another key sealed them
 */
export function resealSessions(database: Database, secrets: SealedSecrets): void {
  const rows = database
    .prepare(
      `SELECT owner, side, user_id AS userId, base_url AS baseUrl, name, sealed
       FROM account JOIN secret ON secret.name = 'session ' || side || ' ' || owner`,
    )
    .all();
  const update = database.prepare("UPDATE secret SET sealed = ? WHERE name = ?");
  for (const row of z.array(rowSchema).parse(rows))
    update.run(secrets.seal(sealingPlace(row), secrets.open(row.name, row.sealed)), row.name);
}
