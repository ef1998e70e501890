import type { Kysely, Transaction } from "kysely";
import type { CopiedKeys } from "../model/key-copy.ts";
import type { Tables } from "./tables.ts";

/** The number of rows that one statement writes. */
const MAX_ROWS = 500;

/** What the last finished copy of a person did; `null` if there is none. */
export async function copiedKeysOf(database: Kysely<Tables>, owner: string): Promise<CopiedKeys | null> {
  const row = await database
    .selectFrom("copied_keys")
    .selectAll()
    .where("owner", "=", owner)
    .executeTakeFirst();
  if (!row) return null;
  return {
    source: row.source,
    target: row.target,
    from: { version: row.from_version, publicKey: row.from_public_key },
    to: { version: row.to_version, publicKey: row.to_public_key },
    expected: row.expected,
    copied: row.copied,
    alreadyThere: row.already_there,
    unusable: row.unusable,
    copiedAt: row.copied_at,
  };
}

/** The number of unusable keys that the last copy found, by room. */
export async function unusableKeysOf(
  database: Kysely<Tables>,
  owner: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await database
    .selectFrom("unusable_key")
    .select(["room_id", "count"])
    .where("owner", "=", owner)
    .execute();
  return new Map(rows.map(({ room_id: roomId, count }) => [roomId, count]));
}

/** Stores what a copy did, in place of the one before. */
export async function putCopiedKeys(
  transaction: Transaction<Tables>,
  owner: string,
  copied: CopiedKeys,
  unusable: ReadonlyMap<string, number>,
): Promise<void> {
  await eraseCopiedKeys(transaction, owner);
  await transaction
    .insertInto("copied_keys")
    .values({
      owner,
      source: copied.source,
      target: copied.target,
      from_version: copied.from.version,
      from_public_key: copied.from.publicKey,
      to_version: copied.to.version,
      to_public_key: copied.to.publicKey,
      expected: copied.expected,
      copied: copied.copied,
      already_there: copied.alreadyThere,
      unusable: copied.unusable,
      copied_at: copied.copiedAt,
    })
    .execute();
  const rows = [...unusable].map(([roomId, count]) => ({ owner, room_id: roomId, count }));
  for (let at = 0; at < rows.length; at += MAX_ROWS)
    await transaction
      .insertInto("unusable_key")
      .values(rows.slice(at, at + MAX_ROWS))
      .execute();
}

/** Erases what the last copy of a person did. */
export async function eraseCopiedKeys(transaction: Transaction<Tables>, owner: string): Promise<void> {
  await transaction.deleteFrom("copied_keys").where("owner", "=", owner).execute();
  await transaction.deleteFrom("unusable_key").where("owner", "=", owner).execute();
}
