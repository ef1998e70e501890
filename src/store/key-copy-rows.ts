import type { Kysely, Selectable, Transaction, Updateable } from "kysely";
import { addressFormat } from "../model/conversation-address.ts";
import type { BackupIdentity } from "../model/key-backup.ts";
import type { KeyCopy, KeyCopyEvent, KeyCopyReason } from "../model/key-copy.ts";
import {
  KEY_COPY_STATES,
  KEY_PURPOSES,
  holdsKeys,
  keyCopyReasonSchema,
  nextKeyCopyState,
} from "../model/key-copy.ts";
import { storedFormat } from "../model/stored.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

type Row = Selectable<Tables["key_copy"]>;

const reasonFormat = storedFormat({ version: 1, schema: keyCopyReasonSchema });

/** Changes of work with keys. `sealed`: what opens the keys. */
export interface KeyCopyChanges extends Partial<
  Pick<
    KeyCopy,
    | "from"
    | "to"
    | "hasStartedOver"
    | "batchSize"
    | "done"
    | "total"
    | "alreadyThere"
    | "waitingSince"
    | "waits"
    | "notBefore"
    | "openedUntil"
    | "wasInterrupted"
    | "progressCount"
  >
> {
  reason?: KeyCopyReason;
  sealed?: Buffer;
}

/** The work with keys of a person. */
export function rowOfOwner(database: Kysely<Tables>, owner: string): Promise<Row | undefined> {
  return database.selectFrom("key_copy").selectAll().where("owner", "=", owner).executeTakeFirst();
}

/** An unreadable row is reported and left out. A reason that cannot be read counts as none. */
export function keyCopyOf(row: Row, report: ReportUnreadable): KeyCopy | null {
  const address = addressFormat.fromStored(parseColumn(row.address));
  const purpose = KEY_PURPOSES.find((each) => each === row.purpose);
  const state = KEY_COPY_STATES.find((each) => each === row.state);
  if (address === null || purpose === undefined || state === undefined) {
    report({ table: "key_copy", key: row.id });
    return null;
  }
  return {
    id: row.id,
    owner: row.owner,
    purpose,
    state,
    reason: row.reason === null ? null : reasonFormat.fromStored(parseColumn(row.reason)),
    address,
    source: row.source,
    target: row.target,
    from: identityOf(row.from_version, row.from_public_key),
    to: identityOf(row.to_version, row.to_public_key),
    hasStartedOver: row.has_started_over === 1,
    batchSize: row.batch_size,
    done: row.done,
    total: row.total,
    alreadyThere: row.already_there,
    begunAt: row.begun_at,
    waitingSince: row.waiting_since,
    waits: row.waits,
    notBefore: row.not_before,
    openedUntil: row.opened_until,
    wasInterrupted: row.was_interrupted === 1,
    progressCount: row.progress_count,
  };
}

function identityOf(version: string | null, publicKey: string | null): BackupIdentity | null {
  return version === null || publicKey === null ? null : { version, publicKey };
}

/** The columns of changes; only those that are given. */
export function columnsOf(changes: KeyCopyChanges): Updateable<Tables["key_copy"]> {
  const { from, to, reason, hasStartedOver, wasInterrupted } = changes;
  const { batchSize, done, total, alreadyThere, waitingSince, waits, notBefore, openedUntil, progressCount } =
    changes;
  return {
    ...(from !== undefined && {
      from_version: from?.version ?? null,
      from_public_key: from?.publicKey ?? null,
    }),
    ...(to !== undefined && { to_version: to?.version ?? null, to_public_key: to?.publicKey ?? null }),
    ...(reason !== undefined && { reason: JSON.stringify(reasonFormat.toStored(reason)) }),
    ...(hasStartedOver !== undefined && { has_started_over: Number(hasStartedOver) }),
    ...(wasInterrupted !== undefined && { was_interrupted: Number(wasInterrupted) }),
    ...(batchSize !== undefined && { batch_size: batchSize }),
    ...(done !== undefined && { done }),
    ...(total !== undefined && { total }),
    ...(alreadyThere !== undefined && { already_there: alreadyThere }),
    ...(waitingSince !== undefined && { waiting_since: waitingSince }),
    ...(waits !== undefined && { waits }),
    ...(notBefore !== undefined && { not_before: notBefore }),
    ...(openedUntil !== undefined && { opened_until: openedUntil }),
    ...(progressCount !== undefined && { progress_count: progressCount }),
    ...(changes.sealed !== undefined && { sealed: changes.sealed }),
  };
}

/**
 * Applies an event to a row. What opens the keys is erased where the next state does not need it.
 * @param changes the reason and the next time are removed unless they are given
 * @returns the row as it is now; `null` if the event does not apply, and then nothing is stored
 */
export async function applyToRow(
  transaction: Transaction<Tables>,
  row: Row,
  { event, changes = {} }: { event: KeyCopyEvent; changes?: KeyCopyChanges },
): Promise<Row | null> {
  const before = KEY_COPY_STATES.find((each) => each === row.state);
  const state = before === undefined ? null : nextKeyCopyState(before, event);
  if (state === null) return null;
  const written = await transaction
    .updateTable("key_copy")
    .set({
      reason: null,
      not_before: null,
      ...columnsOf(changes),
      ...(!holdsKeys(state) && { sealed: null, opened_until: null }),
      state,
    })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirst();
  return written ?? null;
}
