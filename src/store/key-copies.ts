import type { Kysely, Transaction } from "kysely";
import type { ConversationAddress } from "../model/conversation-address.ts";
import { addressFormat } from "../model/conversation-address.ts";
import type { BackupIdentity } from "../model/key-backup.ts";
import type { CopiedKeys, KeyCopy, KeyCopyEvent, KeyCopyState, KeyPurpose } from "../model/key-copy.ts";
import { holdsKeys, isKeyCopyUnfinished } from "../model/key-copy.ts";
import { copiedKeysOf, putCopiedKeys, unusableKeysOf } from "./copied-keys.ts";
import type { KeyCopyChanges } from "./key-copy-rows.ts";
import { applyToRow, columnsOf, keyCopyOf, rowOfOwner } from "./key-copy-rows.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** Work with keys to be stored. */
export interface NewKeyCopy {
  owner: string;
  purpose: KeyPurpose;
  state: Extract<KeyCopyState, "verifying" | "running">;
  address: ConversationAddress;
  /** User ID of the old account; `null` if it is not needed. */
  source: string | null;
  /** User ID of the new account; `null` if it is not needed. */
  target: string | null;
  from: BackupIdentity | null;
  /** What opens the keys, as JSON of the service. It is sealed; `null` for nothing. */
  secret: object | null;
  openedUntil: number | null;
  batchSize: number;
  begunAt: number;
}

/**
 * - `begun`: `replaced` is the unfinished work that was ended by it.
 * - `repeated`: the same message began it before a crash.
 * - `busy`: other work is running, and nothing is stored.
 * - `signed_out`: an account was signed out meanwhile, and nothing is stored.
 */
export type KeyCopyBegun =
  | { status: "begun"; copy: KeyCopy; replaced: KeyCopy | null }
  | { status: "repeated" | "busy"; copy: KeyCopy }
  | { status: "signed_out" };

/** Changes that come with an event. `secret`: what opens the keys. */
export type KeyCopyEventChanges = Omit<KeyCopyChanges, "sealed"> & { secret?: object };

/** Work with room keys, at most one for each person. What opens the keys is sealed. */
export class KeyCopies {
  readonly #database: Kysely<Tables>;
  readonly #secrets: SealedSecrets;
  readonly #log: ErasingLog;
  readonly #report: ReportUnreadable;

  constructor(
    database: Kysely<Tables>,
    { secrets, log, report }: { secrets: SealedSecrets; log: ErasingLog; report: ReportUnreadable },
  ) {
    this.#database = database;
    this.#secrets = secrets;
    this.#log = log;
    this.#report = report;
  }

  /** Stores work with keys. It replaces the one before, unless that is running. */
  async begin(begun: NewKeyCopy): Promise<KeyCopyBegun> {
    const result = await this.#database.transaction().execute(async (transaction) => {
      if (!(await areSignedIn(transaction, begun))) return { status: "signed_out" as const };
      const row = await rowOfOwner(transaction, begun.owner);
      const before = row ? keyCopyOf(row, this.#report) : null;
      if (before?.address.eventId === begun.address.eventId)
        return { status: "repeated" as const, copy: before };
      if (before?.state === "running") return { status: "busy" as const, copy: before };
      await transaction.deleteFrom("key_copy").where("owner", "=", begun.owner).execute();
      const copy = await this.#insert(transaction, begun);
      const replaced = before !== null && isKeyCopyUnfinished(before) ? before : null;
      return { status: "begun" as const, copy, replaced };
    });
    if (result.status === "begun") await this.#log.clear();
    return result;
  }

  async #insert(transaction: Transaction<Tables>, begun: NewKeyCopy): Promise<KeyCopy> {
    const { owner, purpose, state, address, source, target, from, secret, batchSize, begunAt } = begun;
    const row = await transaction
      .insertInto("key_copy")
      .values({
        ...columnsOf({
          from,
          openedUntil: begun.openedUntil,
          notBefore: state === "running" ? begunAt : null,
        }),
        owner,
        purpose,
        state,
        event_id: address.eventId,
        address: JSON.stringify(addressFormat.toStored(address)),
        source,
        target,
        batch_size: batchSize,
        begun_at: begunAt,
        sealed: secret && this.#seal(begun, secret),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const copy = keyCopyOf(row, this.#report);
    if (copy === null) throw new Error("work with keys that was just stored cannot be read");
    return copy;
  }

  async of(owner: string): Promise<KeyCopy | null> {
    const row = await rowOfOwner(this.#database, owner);
    return row ? keyCopyOf(row, this.#report) : null;
  }

  /** The work that may be done now, the earliest first. */
  due(now: number): Promise<KeyCopy[]> {
    const due = this.#database.selectFrom("key_copy").selectAll().where("not_before", "<=", now);
    return this.#read(due.orderBy("not_before"));
  }

  /**
   * Erases what opens keys where it may no longer be kept. A wait for a backup ends with it.
   * @returns the work whose state has changed
   */
  async expire(now: number): Promise<KeyCopy[]> {
    const expired = await this.#database.transaction().execute(async (transaction) => {
      const rows = await transaction
        .selectFrom("key_copy")
        .selectAll()
        .where("opened_until", "<=", now)
        .execute();
      const written = [];
      for (const row of rows) {
        const isWait = row.state === ("waiting_for_backup" satisfies KeyCopyState);
        const update = isWait
          ? { event: "stopped" as const, changes: { reason: { code: "waited_enough" as const } } }
          : { event: "key_erased" as const, changes: { reason: { code: "expired" as const } } };
        const next = await applyToRow(transaction, row, update);
        if (next !== null) written.push(next);
        // No version of the bot reads the state of this row.
        else await transaction.deleteFrom("key_copy").where("id", "=", row.id).execute();
      }
      return written;
    });
    if (expired.length > 0) await this.#log.clear();
    return this.#read({ execute: () => Promise.resolve(expired) });
  }

  inState(...states: readonly KeyCopyState[]): Promise<KeyCopy[]> {
    return this.#read(this.#database.selectFrom("key_copy").selectAll().where("state", "in", states));
  }

  async #read(query: { execute(): Promise<Parameters<typeof keyCopyOf>[0][]> }): Promise<KeyCopy[]> {
    const rows = await query.execute();
    return rows.map((row) => keyCopyOf(row, this.#report)).filter((copy) => copy !== null);
  }

  /** When the next work after this time is due or has to be erased; `null` if there is none. */
  async nextAt(after: number): Promise<number | null> {
    const due = await this.#database
      .selectFrom("key_copy")
      .select(({ fn }) => fn.min("not_before").as("at"))
      .where("not_before", ">", after)
      .executeTakeFirst();
    const expired = await this.#database
      .selectFrom("key_copy")
      .select(({ fn }) => fn.min("opened_until").as("at"))
      .where("opened_until", ">", after)
      .executeTakeFirst();
    const times = [due?.at ?? null, expired?.at ?? null].filter((at) => at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** What opens the keys, as it was stored; `null` if it was erased or cannot be read. */
  async secret(id: number): Promise<unknown> {
    const row = await this.#database
      .selectFrom("key_copy")
      .select(["owner", "source", "target", "sealed"])
      .where("id", "=", id)
      .executeTakeFirst();
    if (!row?.sealed) return null;
    const text = this.#secrets.tryOpen(placeOf(row), row.sealed);
    if (text !== null) return parseColumn(text);
    this.#report({ table: "key_copy", key: id });
    return null;
  }

  /**
   * Applies an event. What opens the keys is erased where the next state does not need it.
   * @param changes the reason and the next time are removed unless they are given
   * @returns `null` if the event does not apply; then nothing is stored
   */
  async apply(
    id: number,
    event: KeyCopyEvent,
    { secret, ...changes }: KeyCopyEventChanges = {},
  ): Promise<KeyCopy | null> {
    const copy = await this.#database
      .transaction()
      .execute((transaction) => this.#apply(transaction, { id, event, secret, changes }));
    if (copy !== null && !holdsKeys(copy.state)) await this.#log.clear();
    return copy;
  }

  /**
   * Stores the end of work with keys.
   * @param copied what a copy did; `null` for other work
   * @param unusable the unusable keys that it found, by room
   */
  async finish(
    id: number,
    copied: CopiedKeys | null,
    unusable: ReadonlyMap<string, number>,
  ): Promise<KeyCopy | null> {
    const finished = await this.#database.transaction().execute(async (transaction) => {
      const copy = await this.#apply(transaction, { id, event: "finished", secret: undefined, changes: {} });
      if (copy !== null && copied !== null) await putCopiedKeys(transaction, copy.owner, copied, unusable);
      return copy;
    });
    await this.#log.clear();
    return finished;
  }

  async #apply(
    transaction: Transaction<Tables>,
    {
      id,
      event,
      secret,
      changes,
    }: { id: number; event: KeyCopyEvent; secret: object | undefined; changes: KeyCopyChanges },
  ): Promise<KeyCopy | null> {
    const row = await transaction.selectFrom("key_copy").selectAll().where("id", "=", id).executeTakeFirst();
    if (!row) return null;
    const sealed = secret && { sealed: this.#seal(row, secret) };
    const written = await applyToRow(transaction, row, { event, changes: { ...changes, ...sealed } });
    return written && keyCopyOf(written, this.#report);
  }

  /** Stores changes that are no event. Nothing is stored if the work was removed. */
  async change(id: number, changes: Omit<KeyCopyChanges, "sealed">): Promise<void> {
    await this.#database.updateTable("key_copy").set(columnsOf(changes)).where("id", "=", id).execute();
  }

  /** What the last finished copy of a person did; `null` if there is none. */
  copied(owner: string): Promise<CopiedKeys | null> {
    return copiedKeysOf(this.#database, owner);
  }

  /** The number of unusable keys that the last copy of a person found, by room. */
  unusable(owner: string): Promise<ReadonlyMap<string, number>> {
    return unusableKeysOf(this.#database, owner);
  }

  #seal(work: Parameters<typeof placeOf>[0], secret: object): Buffer {
    return this.#secrets.seal(placeOf(work), JSON.stringify(secret));
  }
}

/** What opens the keys of an account cannot be opened beside another account. */
function placeOf({ owner, source, target }: Pick<NewKeyCopy, "owner" | "source" | "target">): string {
  return JSON.stringify(["keys", owner, source, target]);
}

/** Whether the accounts that the work needs are signed in. */
async function areSignedIn(
  transaction: Transaction<Tables>,
  { owner, source, target }: Pick<NewKeyCopy, "owner" | "source" | "target">,
): Promise<boolean> {
  const accounts = await transaction
    .selectFrom("account")
    .select(["side", "user_id"])
    .where("owner", "=", owner)
    .execute();
  const isSignedIn = (side: string, userId: string | null): boolean =>
    userId === null || accounts.some((account) => account.side === side && account.user_id === userId);
  return isSignedIn("source", source) && isSignedIn("target", target);
}
