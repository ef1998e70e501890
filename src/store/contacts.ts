import type { Kysely } from "kysely";
import { z } from "zod";
import type { AskRecord, ChatReservation, ContactRecords, OpenedChat } from "../model/contact.ts";
import { ASK_RESULTS, ASK_WAYS, CHAT_STATES } from "../model/contact.ts";
import type { ContactStep } from "./contact-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The limit on new chats counts this time back. */
const DAY_MS = 24 * 3_600_000;

/** A new chat that a step is about to open. */
export interface ChatToOpen {
  readonly owner: string;
  /** The old account, for which new chats are counted. */
  readonly source: string;
  readonly step: ContactStep;
  readonly partner: string;
  /** The account that opens it. */
  readonly by: string;
  readonly purpose: OpenedChat["purpose"];
}

/** What the person was last shown about finishing, as JSON of the service. */
export interface FinishState {
  readonly at: number;
  readonly state: unknown;
}

/** The person and their old account. */
interface OfAccount {
  readonly owner: string;
  readonly source: string;
}

type PerhapsOfOwner = Pick<OfAccount, "source"> & Partial<Pick<OfAccount, "owner">>;

const askSchema = z.object({
  way: z.enum(ASK_WAYS),
  result: z.enum(ASK_RESULTS).exclude(["let_in"]),
});
const chatSchema = z.object({ purpose: z.enum(["ask", "direct_chat"]), state: z.enum(CHAT_STATES) });

/** The records of contact with other people. `recordContact` writes most of them with steps. */
export class Contacts {
  readonly #database: Kysely<Tables>;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, report: ReportUnreadable) {
    this.#database = database;
    this.#report = report;
  }

  /**
   * What decisions about an old account start from. They know what it has done for anybody: a
   * person who talks with the bot from their new account too asks nobody twice.
   */
  async of({ owner, source }: OfAccount, now: number): Promise<ContactRecords> {
    return {
      asked: await this.asked({ source }),
      chats: await this.chats({ source }),
      announcedAt: await this.#announcedAt(source),
      silentServers: await this.#silentServers(owner, now),
    };
  }

  /** Newest first. Without an owner, those of everybody who uses the account. */
  async asked({ owner, source }: PerhapsOfOwner): Promise<AskRecord[]> {
    const rows = await this.#database
      .selectFrom("asked_question")
      .selectAll()
      .where("source", "=", source)
      .$if(owner !== undefined, (query) => query.where("owner", "=", owner ?? ""))
      .orderBy("at", "desc")
      .orderBy("room_id")
      .execute();
    return rows.flatMap((row) => {
      const { data } = askSchema.safeParse(row);
      if (data !== undefined)
        return [
          { roomId: row.room_id, userId: row.user_id, at: row.at, chatRoomId: row.chat_room_id, ...data },
        ];
      this.#report({ table: "asked_question", key: `${row.run_id} ${row.step_key}` });
      return [];
    });
  }

  /** As `asked`. */
  async chats({ owner, source }: PerhapsOfOwner): Promise<OpenedChat[]> {
    const rows = await this.#database
      .selectFrom("opened_chat")
      .selectAll()
      .where("source", "=", source)
      .$if(owner !== undefined, (query) => query.where("owner", "=", owner ?? ""))
      .orderBy("at", "desc")
      .execute();
    return rows.flatMap((row) => {
      const { data } = chatSchema.safeParse(row);
      if (data !== undefined)
        return [{ roomId: row.room_id, partner: row.partner, by: row.opened_by, at: row.at, ...data }];
      this.#report({ table: "opened_chat", key: `${row.run_id} ${row.step_key}` });
      return [];
    });
  }

  async #announcedAt(source: string): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database
      .selectFrom("announced_room")
      .select(["room_id", "at"])
      .where("source", "=", source)
      // The newest of a room is the last in the map.
      .orderBy("at")
      .execute();
    return new Map(rows.map(({ room_id, at }) => [room_id, at]));
  }

  async #silentServers(owner: string, now: number): Promise<ReadonlySet<string>> {
    const rows = await this.#database
      .selectFrom("silent_server")
      .select("server_name")
      .where("owner", "=", owner)
      .where("at", ">", now - DAY_MS)
      .execute();
    return new Set(rows.map(({ server_name }) => server_name));
  }

  /**
   * Counts a new chat before anything of it is sent. A step that has already reserved one gets the
   * same again, so that a repeated try after a crash counts once.
   * @param perDay the number of new chats within 24 hours for one old account
   */
  async reserveChat(chat: ChatToOpen, perDay: number, now: number): Promise<ChatReservation> {
    const { owner, source, step } = chat;
    return this.#database.transaction().execute(async (transaction) => {
      const known = await transaction
        .selectFrom("opened_chat")
        .select("at")
        .where("run_id", "=", step.runId)
        .where("step_key", "=", step.key)
        .executeTakeFirst();
      if (known !== undefined) return { status: "reserved" };
      const nextAt = await nextChatAt(transaction, { source, perDay, now });
      if (nextAt > now) return { status: "full", nextAt };
      await transaction
        .insertInto("opened_chat")
        .values({
          ...{ owner, source, run_id: step.runId, step_key: step.key },
          ...{ room_id: null, partner: chat.partner, opened_by: chat.by },
          ...{ purpose: chat.purpose, at: now, state: "begun" },
        })
        .execute();
      return { status: "reserved" };
    });
  }

  /** When an old account may open the next new chat. */
  nextChatAt(source: string, perDay: number, now: number): Promise<number> {
    return nextChatAt(this.#database, { source, perDay, now });
  }

  /** The run that opened a chat; `null` if it is not known. */
  async runOfChat({ owner, source }: OfAccount, roomId: string): Promise<number | null> {
    const row = await this.#database
      .selectFrom("opened_chat")
      .select("run_id")
      .where("owner", "=", owner)
      .where("source", "=", source)
      .where("room_id", "=", roomId)
      .executeTakeFirst();
    return row?.run_id ?? null;
  }

  /**
   * A person declined the invitation to a chat, or left it.
   * @param chat.askedAbout the rooms for which this is the answer
   */
  async declined(
    { owner, source }: OfAccount,
    chat: { roomId: string; userId: string; askedAbout: ReadonlySet<string> },
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable("asked_question")
        .set({ result: "declined" })
        .where("owner", "=", owner)
        .where("source", "=", source)
        .where("chat_room_id", "=", chat.roomId)
        .where("room_id", "in", [...chat.askedAbout])
        .where("user_id", "=", chat.userId)
        .where("result", "=", "sent")
        .execute();
      await transaction
        .updateTable("opened_chat")
        .set({ state: "declined" })
        .where("owner", "=", owner)
        .where("source", "=", source)
        .where("room_id", "=", chat.roomId)
        .where("partner", "=", chat.userId)
        .execute();
    });
  }

  /** The newest of a person. `null`: nothing was stored, or it cannot be read. */
  async lastFinishState(owner: string): Promise<FinishState | null> {
    const row = await this.#database
      .selectFrom("finish_state")
      .select(["at", "state"])
      .where("owner", "=", owner)
      .orderBy("at", "desc")
      .executeTakeFirst();
    const state = row && parseColumn(row.state);
    return row === undefined || state === undefined ? null : { at: row.at, state };
  }

  async saveFinishState({ owner, source }: OfAccount, { at, state }: FinishState): Promise<void> {
    const saved = { at, state: JSON.stringify(state) };
    await this.#database
      .insertInto("finish_state")
      .values({ owner, source, ...saved })
      .onConflict((conflict) => conflict.columns(["owner", "source"]).doUpdateSet(saved))
      .execute();
  }
}

async function nextChatAt(
  database: Kysely<Tables>,
  { source, perDay, now }: { source: string; perDay: number; now: number },
): Promise<number> {
  const recent = await database
    .selectFrom("opened_chat")
    .select("at")
    .where("source", "=", source)
    .where("at", ">", now - DAY_MS)
    .orderBy("at", "desc")
    .limit(perDay)
    .execute();
  const first = recent.at(-1);
  if (first === undefined || recent.length < perDay) return now;
  // A clock that was set back does not make the wait longer than a day.
  return Math.min(first.at, now) + DAY_MS;
}
