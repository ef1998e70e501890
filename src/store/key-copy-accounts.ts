import type { Transaction } from "kysely";
import type { Account, Side } from "../model/account.ts";
import type { KeyCopy } from "../model/key-copy.ts";
import { isKeyCopyUnfinished } from "../model/key-copy.ts";
import { eraseCopiedKeys } from "./copied-keys.ts";
import type { KeyCopyChanges } from "./key-copy-rows.ts";
import { applyToRow, keyCopyOf, rowOfOwner } from "./key-copy-rows.ts";
import type { Tables } from "./tables.ts";

/**
 * Updates the work with keys of a person in the transaction that stores a sign-in.
 * - Another account on that side ends the work, and what was copied before no longer counts.
 * - The same account continues work that waited for this sign-in.
 * - Any other sign-in to the old account erases what opens its backup.
 */
export async function keyCopyAfterSignIn(
  transaction: Transaction<Tables>,
  { owner, side, userId, signedInAt }: Pick<Account, "owner" | "side" | "userId" | "signedInAt">,
): Promise<void> {
  const copied = await transaction
    .selectFrom("copied_keys")
    .select(["source", "target"])
    .where("owner", "=", owner)
    .executeTakeFirst();
  if (copied && copied[side] !== userId) await eraseCopiedKeys(transaction, owner);
  await update(transaction, owner, side, (copy) => {
    if (copy[side] !== userId) return abandoned;
    if (copy.reason?.code === "account" && copy.reason.side === side)
      return { event: "signed_in", changes: { notBefore: signedInAt } };
    if (side === "target") return null;
    // The session that the other device verifies has ended.
    if (copy.state === "verifying") return abandoned;
    return { event: "key_erased", changes: { reason: { code: "signed_in_again" } } };
  });
}

/** Ends the work with keys of a person in the transaction that removes one of its accounts. */
export async function keyCopyAfterSignOut(
  transaction: Transaction<Tables>,
  owner: string,
  side: Side,
): Promise<void> {
  await update(transaction, owner, side, () => abandoned);
}

type Update = Parameters<typeof applyToRow>[2];

const abandoned: Update = {
  event: "abandoned",
  changes: { reason: { code: "abandoned" } } satisfies KeyCopyChanges,
};

/** Applies an event to unfinished work that uses an account of a side. */
async function update(
  transaction: Transaction<Tables>,
  owner: string,
  side: Side,
  eventFor: (copy: KeyCopy) => Update | null,
): Promise<void> {
  const row = await rowOfOwner(transaction, owner);
  if (!row) return;
  const copy = keyCopyOf(row, () => undefined);
  // A row that cannot be read may hold what opens the keys.
  if (copy === null) {
    await transaction.deleteFrom("key_copy").where("id", "=", row.id).execute();
    return;
  }
  if (copy[side] === null || !isKeyCopyUnfinished(copy)) return;
  const next = eventFor(copy);
  if (next !== null) await applyToRow(transaction, row, next);
}
