import type { Kysely, Transaction } from "kysely";
import { sql } from "kysely";
import type { FileAccount } from "../model/account.ts";
import { mergedContact, mergedRoom } from "../model/merged-files.ts";
import type {
  FileContact,
  FileFindings,
  FilesOverview,
  FileRoom,
  ImportedAccount,
} from "../model/room-file.ts";
import { accountDataSchema, fileContactSchema, fileRoomSchema } from "../model/room-file.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The number of rows that one statement writes. */
const MAX_ROWS = 500;

/** The findings of one file, and the account that it is about. */
export interface FileToKeep {
  readonly owner: string;
  /** The user ID of the old account. */
  readonly userId: string;
  readonly findings: Pick<FileFindings, "writtenAt" | "rooms" | "contacts" | "data">;
  /** What earlier files said is erased first. */
  readonly isInstead: boolean;
}

/** What a file added to those before it. Each room of the findings has an ID of its own. */
export type KeptFile =
  | { readonly status: "kept"; readonly newRooms: number; readonly knownRooms: number }
  /** Earlier files are about another account. Nothing is stored. */
  | { readonly status: "other_account"; readonly userId: string };

/** What was erased. */
export interface ErasedImport {
  readonly userId: string;
  readonly rooms: number;
}

/** What files that people imported say about their old accounts, one account a person. */
export class Imports {
  readonly #database: Kysely<Tables>;
  readonly #log: ErasingLog;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, { log, report }: { log: ErasingLog; report: ReportUnreadable }) {
    this.#database = database;
    this.#log = log;
    this.#report = report;
  }

  /** The account that a person's files are about; `null`: there is none. */
  async account(owner: string): Promise<FileAccount | null> {
    const row = await this.#database
      .selectFrom("imported_account")
      .select(["user_id", "imported_at", "written_at"])
      .where("owner", "=", owner)
      .executeTakeFirst();
    if (!row) return null;
    const { user_id: userId, imported_at: importedAt, written_at: writtenAt } = row;
    return { owner, side: "source", userId, method: "file", importedAt, writtenAt };
  }

  /** What a person's files say, in numbers; `null`: there is none. */
  async overview(owner: string): Promise<FilesOverview | null> {
    const row = await this.#database
      .selectFrom("imported_account")
      .select((table) => [
        ...(["user_id", "written_at"] as const),
        sql<number>`data is not null`.as("has_data"),
        table
          .selectFrom("imported_room")
          .select((rooms) => rooms.fn.countAll<number>().as("count"))
          .where("owner", "=", owner)
          .as("rooms"),
        table
          .selectFrom("imported_contact")
          .select((people) => people.fn.countAll<number>().as("count"))
          .where("owner", "=", owner)
          .as("people"),
      ])
      .where("owner", "=", owner)
      .executeTakeFirst();
    if (!row) return null;
    return {
      userId: row.user_id,
      writtenAt: row.written_at,
      rooms: row.rooms ?? 0,
      people: row.people ?? 0,
      hasData: row.has_data === 1,
    };
  }

  /** Everything that a person's files say; `null`: there is none. */
  async content(owner: string): Promise<ImportedAccount | null> {
    return this.#database.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom("imported_account")
        .selectAll()
        .where("owner", "=", owner)
        .executeTakeFirst();
      if (!row) return null;
      const rooms = await transaction
        .selectFrom("imported_room")
        .select(["room_id", "room"])
        .where("owner", "=", owner)
        .orderBy("position")
        .execute();
      const contacts = await transaction
        .selectFrom("imported_contact")
        .select(["user_id", "contact"])
        .where("owner", "=", owner)
        .orderBy("user_id")
        .execute();
      return {
        userId: row.user_id,
        importedAt: row.imported_at,
        writtenAt: row.written_at,
        rooms: rooms.flatMap((room) => this.#room(owner, room.room_id, room.room) ?? []),
        contacts: contacts.flatMap((found) => this.#contact(owner, found.user_id, found.contact) ?? []),
        data: row.data === null ? null : this.#data(owner, row.data),
      };
    });
  }

  /** Keeps a file beside those before it. What a newer file says about a room counts. */
  async add({ owner, userId, findings, isInstead }: FileToKeep, now: number): Promise<KeptFile> {
    // A later time would count more than every file after it.
    const writtenAt = Math.min(findings.writtenAt ?? now, now);
    const kept = await this.#database.transaction().execute(async (transaction): Promise<KeptFile> => {
      if (isInstead) await eraseImport(transaction, owner);
      const before = await transaction
        .selectFrom("imported_account")
        .select(["user_id", "written_at", "data_written_at"])
        .where("owner", "=", owner)
        .executeTakeFirst();
      if (before !== undefined && before.user_id !== userId)
        return { status: "other_account", userId: before.user_id };
      const isNewest = findings.data !== null && (before?.data_written_at ?? 0) <= writtenAt;
      const row = {
        imported_at: now,
        written_at: Math.max(writtenAt, before?.written_at ?? 0),
        ...(isNewest && { data: JSON.stringify(findings.data), data_written_at: writtenAt }),
      };
      await transaction
        .insertInto("imported_account")
        .values({ owner, user_id: userId, ...row })
        .onConflict((conflict) => conflict.column("owner").doUpdateSet(row))
        .execute();
      for (const contact of findings.contacts)
        await this.#keepContact(transaction, owner, contact, writtenAt);
      return { status: "kept", ...(await this.#keepRooms(transaction, owner, findings.rooms, writtenAt)) };
    });
    if (isInstead) this.#log.clearSoon();
    return kept;
  }

  /** Erases what a person's files said. */
  async clear(owner: string): Promise<ErasedImport | null> {
    const erased = await this.#database
      .transaction()
      .execute((transaction) => eraseImport(transaction, owner));
    this.#log.clearSoon();
    return erased;
  }

  async #keepRooms(
    transaction: Transaction<Tables>,
    owner: string,
    rooms: readonly FileRoom[],
    writtenAt: number,
  ): Promise<{ newRooms: number; knownRooms: number }> {
    const rows = await transaction
      .selectFrom("imported_room")
      .select(["room_id", "room", "written_at"])
      .where("owner", "=", owner)
      .execute();
    const known = new Map(rows.map((row) => [row.room_id, row]));
    const added = rooms.filter(({ roomId }) => !known.has(roomId));
    for (let first = 0; first < added.length; first += MAX_ROWS)
      await transaction
        .insertInto("imported_room")
        .values(
          added.slice(first, first + MAX_ROWS).map((room, index) => ({
            ...{ owner, room_id: room.roomId, room: JSON.stringify(room), written_at: writtenAt },
            position: rows.length + first + index,
          })),
        )
        .execute();
    for (const room of rooms) {
      const { roomId } = room;
      const stored = known.get(roomId);
      if (stored === undefined) continue;
      const before = this.#room(owner, roomId, stored.room) ?? room;
      const isNewer = writtenAt >= stored.written_at;
      await transaction
        .updateTable("imported_room")
        .set({
          room: JSON.stringify(isNewer ? mergedRoom(room, before) : mergedRoom(before, room)),
          written_at: Math.max(writtenAt, stored.written_at),
        })
        .where("owner", "=", owner)
        .where("room_id", "=", roomId)
        .execute();
    }
    return { newRooms: added.length, knownRooms: rooms.length - added.length };
  }

  async #keepContact(
    transaction: Transaction<Tables>,
    owner: string,
    contact: FileContact,
    writtenAt: number,
  ): Promise<void> {
    const { userId } = contact;
    const stored = await transaction
      .selectFrom("imported_contact")
      .select(["contact", "written_at"])
      .where("owner", "=", owner)
      .where("user_id", "=", userId)
      .executeTakeFirst();
    const before = stored === undefined ? null : this.#contact(owner, userId, stored.contact);
    const isNewer = writtenAt >= (stored?.written_at ?? 0);
    const merged =
      before === null ? contact : isNewer ? mergedContact(contact, before) : mergedContact(before, contact);
    const row = {
      contact: JSON.stringify(merged),
      written_at: Math.max(writtenAt, stored?.written_at ?? 0),
    };
    await transaction
      .insertInto("imported_contact")
      .values({ owner, user_id: userId, ...row })
      .onConflict((conflict) => conflict.columns(["owner", "user_id"]).doUpdateSet(row))
      .execute();
  }

  #room(owner: string, roomId: string, stored: string): FileRoom | null {
    const { data } = fileRoomSchema.safeParse(parseColumn(stored));
    if (data === undefined) this.#report({ table: "imported_room", key: `${owner} ${roomId}` });
    return data ?? null;
  }

  #contact(owner: string, userId: string, stored: string): FileContact | null {
    const { data } = fileContactSchema.safeParse(parseColumn(stored));
    if (data === undefined) this.#report({ table: "imported_contact", key: `${owner} ${userId}` });
    return data ?? null;
  }

  #data(owner: string, stored: string): ImportedAccount["data"] {
    const { data } = accountDataSchema.safeParse(parseColumn(stored));
    if (data === undefined) this.#report({ table: "imported_account", key: owner });
    return data ?? null;
  }
}

/** Erases what a person's files said, within the caller's transaction. */
async function eraseImport(transaction: Transaction<Tables>, owner: string): Promise<ErasedImport | null> {
  const account = await transaction
    .deleteFrom("imported_account")
    .where("owner", "=", owner)
    .returning("user_id")
    .executeTakeFirst();
  const rooms = await transaction.deleteFrom("imported_room").where("owner", "=", owner).executeTakeFirst();
  await transaction.deleteFrom("imported_contact").where("owner", "=", owner).execute();
  return account ? { userId: account.user_id, rooms: Number(rooms.numDeletedRows) } : null;
}
