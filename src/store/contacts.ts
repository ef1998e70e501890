import type { Kysely, Selectable } from "kysely";
import { z } from "zod";
import type { AskRecord, ChatReservation, ContactOf, ContactRecords, OpenedChat } from "../model/contact.ts";
import { ASK_RESULTS, ASK_WAYS, CHAT_STATES } from "../model/contact.ts";
import { chatsCountedSince, foreignRuns, nextChatAt } from "./contact-of-move.ts";
import type { ContactStep } from "./contact-rows.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** How long servers that did not answer are taken for silent, and new chats count. */
const DAY_MS = 24 * 3_600_000;

/** A new chat that a step is about to open. */
export interface ChatToOpen {
  readonly move: ContactOf;
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
   * What decisions about a move start from. They know what the old account has done for anybody who
   * has signed it in: a person who talks with the bot from their new account too asks nobody twice.
   * A person who only has files learns nothing of others, and others notice nothing of what that
   * person does in the name of the account.
   */
  async of(move: ContactOf, now: number): Promise<ContactRecords> {
    const asked = await this.#database
      .selectFrom("asked_question")
      .selectAll()
      .where("source", "=", move.source)
      .where((row) => row.not(row.exists(foreignRuns(this.#database, move, "asked_question"))))
      .orderBy("at", "desc")
      .orderBy("room_id")
      .execute();
    const chats = await this.#database
      .selectFrom("opened_chat")
      .selectAll()
      .where("source", "=", move.source)
      .where((row) => row.not(row.exists(foreignRuns(this.#database, move, "opened_chat"))))
      .orderBy("at", "desc")
      .execute();
    return {
      asked: this.#askRecords(asked),
      chats: this.#openedChats(chats),
      chatsToday: (await chatsCountedSince(this.#database, move, now - DAY_MS).execute()).length,
      announcedAt: await this.#announcedAt(move),
      silentServers: await this.#silentServers(move.owner, now),
    };
  }

  /** Newest first, those of one person. */
  async asked({ owner, source }: OfAccount): Promise<AskRecord[]> {
    const rows = await this.#database
      .selectFrom("asked_question")
      .selectAll()
      .where("source", "=", source)
      .where("owner", "=", owner)
      .orderBy("at", "desc")
      .orderBy("room_id")
      .execute();
    return this.#askRecords(rows);
  }

  /** As `asked`. Without an owner, those of everybody who uses the account. */
  async chats({ owner, source }: PerhapsOfOwner): Promise<OpenedChat[]> {
    const rows = await this.#database
      .selectFrom("opened_chat")
      .selectAll()
      .where("source", "=", source)
      .$if(owner !== undefined, (query) => query.where("owner", "=", owner ?? ""))
      .orderBy("at", "desc")
      .execute();
    return this.#openedChats(rows);
  }

  #askRecords(rows: readonly Selectable<Tables["asked_question"]>[]): AskRecord[] {
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

  #openedChats(rows: readonly Selectable<Tables["opened_chat"]>[]): OpenedChat[] {
    return rows.flatMap((row) => {
      const { data } = chatSchema.safeParse(row);
      if (data !== undefined)
        return [{ roomId: row.room_id, partner: row.partner, by: row.opened_by, at: row.at, ...data }];
      this.#report({ table: "opened_chat", key: `${row.run_id} ${row.step_key}` });
      return [];
    });
  }

  /** Only the old account itself announces. */
  async #announcedAt({ owner, source, isFromFile }: ContactOf): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database
      .selectFrom("announced_room")
      .select(["room_id", "at"])
      .where("source", "=", source)
      .$if(isFromFile, (query) => query.where("owner", "=", owner))
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
   * @param perDay the number of new chats within 24 hours
   */
  async reserveChat(chat: ChatToOpen, perDay: number, now: number): Promise<ChatReservation> {
    const { move, step } = chat;
    const { owner, source } = move;
    return this.#database.transaction().execute(async (transaction) => {
      const known = await transaction
        .selectFrom("opened_chat")
        .select("at")
        .where("run_id", "=", step.runId)
        .where("step_key", "=", step.key)
        .executeTakeFirst();
      if (known !== undefined) return { status: "reserved" };
      const nextAt = await nextChatAt(transaction, { move, perDay, now });
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

  /** When a move may open the next new chat. */
  nextChatAt(move: ContactOf, perDay: number, now: number): Promise<number> {
    return nextChatAt(this.#database, { move, perDay, now });
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
