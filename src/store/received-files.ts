import type { Kysely } from "kysely";
import type { FileReference, ReceivedFile } from "../model/file-reference.ts";
import { fileReferenceSchema } from "../model/file-reference.ts";
import { isStillKnown } from "./cause.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** How long a file that a person sent is remembered. */
export const FILES_KEPT_MS = 3_600_000;

/** Who sent a file, and where. */
export interface FilePlace {
  roomId: string;
  sender: string;
}

/** Files that people sent where the bot listens, sealed, for an hour. */
export class ReceivedFiles {
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

  /** Remembers a file, and forgets those of all people that are too old. */
  async add({ roomId, sender }: FilePlace, { eventId, file }: ReceivedFile, now: number): Promise<void> {
    await this.prune(now);
    const sealed = this.#secrets.seal(placeOf(eventId), JSON.stringify(file));
    await this.#database.transaction().execute(async (transaction) => {
      if (!(await isStillKnown(transaction, sender, { kind: "event", id: eventId }))) return;
      await transaction
        .insertInto("received_file")
        .values({ event_id: eventId, room_id: roomId, sender, sealed, received_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  /**
   * The last file of a person in a room, or the file of a message of theirs.
   * @param eventId `null`: the last one
   * @returns `null` if there is none that is new enough
   */
  async find(
    { roomId, sender }: FilePlace,
    eventId: string | null,
    now: number,
  ): Promise<ReceivedFile | null> {
    const row = await this.#database
      .selectFrom("received_file")
      .select(["event_id", "sealed"])
      .where("sender", "=", sender)
      .where("room_id", "=", roomId)
      .where("received_at", ">", now - FILES_KEPT_MS)
      .$if(eventId !== null, (query) => query.where("event_id", "=", eventId))
      .orderBy("received_at", "desc")
      .limit(1)
      .executeTakeFirst();
    if (!row) return null;
    const file = this.#open(row.event_id, row.sealed);
    return file && { eventId: row.event_id, file };
  }

  #open(eventId: string, sealed: Buffer): FileReference | null {
    const text = this.#secrets.tryOpen(placeOf(eventId), sealed);
    const { data: file } = fileReferenceSchema.safeParse(text === null ? null : parseColumn(text));
    if (file !== undefined) return file;
    this.#report({ table: "received_file", key: eventId });
    return null;
  }

  /** Forgets one file. */
  async remove(eventId: string): Promise<void> {
    await this.#database.deleteFrom("received_file").where("event_id", "=", eventId).execute();
    this.#log.clearSoon();
  }

  /** Forgets the files that are too old. */
  async prune(now: number): Promise<void> {
    await this.#database
      .deleteFrom("received_file")
      .where("received_at", "<=", now - FILES_KEPT_MS)
      .execute();
    this.#log.clearSoon();
  }
}

/** The keys of a file cannot be opened beside another message. */
function placeOf(eventId: string): string {
  return `file ${eventId}`;
}
