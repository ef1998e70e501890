import type { Kysely, Selectable } from "kysely";
import { expressionBuilder } from "kysely";
import { z } from "zod";
import type { ConversationAddress } from "../model/conversation-address.ts";
import { addressFormat } from "../model/conversation-address.ts";
import type { Cause } from "./cause.ts";
import { isStillKnown } from "./cause.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** How long a question can be answered. */
const OPEN_MS = 24 * 3_600_000;
/** A question that is open for longer was asked while the clock was ahead. */
const MAX_OPEN_MS = 2 * OPEN_MS;

function isOpenAt(now: number) {
  const where = expressionBuilder<Tables, "question">();
  return where.and([where("expires_at", ">", now), where("expires_at", "<", now + MAX_OPEN_MS)]);
}

const wordsSchema = z.array(z.string());

/** A question to store. */
export interface NewQuestion {
  /** The transaction ID of the question's message. */
  transactionId: string;
  /** The conversation in which it was asked. Only its sender may answer. */
  address: ConversationAddress;
  /**
   * The word that the reaction stands for, in lower case; empty if the question has no reaction.
   */
  word: string;
  /** Answers that count only when they are typed, in lower case. */
  typedWords: readonly string[];
  /** A digest of what the question showed. */
  shown: string;
  action: string;
  /** The data of the action, as JSON. */
  payload: unknown;
}

/** Closes the open questions of a person, because what they showed has changed. */
export async function closeQuestionsOf(database: Kysely<Tables>, owner: string, now: number): Promise<void> {
  await database
    .updateTable("question")
    .set({ closed_at: now })
    .where("owner", "=", owner)
    .where("closed_at", "is", null)
    .execute();
}

/** A stored question. */
export interface Question extends NewQuestion {
  expiresAt: number;
  /** When it was answered or replaced by another question. */
  closedAt: number | null;
  /** The event that answered it. */
  answeredBy: string | null;
}

/**
 * Questions to people. Each is answered at most once. Answered and replaced questions are kept for
 * a while, so that a late answer is understood.
 */
export class Questions {
  readonly #database: Kysely<Tables>;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, report: ReportUnreadable) {
    this.#database = database;
    this.#report = report;
  }

  /**
   * Stores a question. It replaces older open questions to the same person in the same room. A
   * question that is already stored is not changed. Nothing is stored if its cause was erased.
   */
  async put(
    { transactionId, address, word, typedWords, shown, action, payload }: NewQuestion,
    cause: Cause | null,
    now: number,
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      if (!(await isStillKnown(transaction, address.sender, cause))) return;
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto("question")
        .values({
          transaction_id: transactionId,
          owner: address.sender,
          room_id: address.roomId,
          address: JSON.stringify(addressFormat.toStored(address)),
          word,
          typed_words: JSON.stringify(typedWords),
          shown,
          action,
          payload: JSON.stringify(payload),
          asked_at: now,
          expires_at: now + OPEN_MS,
          closed_at: null,
          answered_by: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows !== 1n) return;
      await transaction
        .updateTable("question")
        .set({ closed_at: now })
        .where("owner", "=", address.sender)
        .where("room_id", "=", address.roomId)
        .where("transaction_id", "!=", transactionId)
        .where("closed_at", "is", null)
        .execute();
    });
  }

  /** The question in this event, open or not. */
  async ofEvent(roomId: string, eventId: string): Promise<Question | null> {
    const row = await this.#database
      .selectFrom("question")
      .innerJoin("outbox", "outbox.transaction_id", "question.transaction_id")
      .selectAll("question")
      .where("outbox.event_id", "=", eventId)
      .where("question.room_id", "=", roomId)
      .executeTakeFirst();
    return row ? this.#fromRow(row) : null;
  }

  /**
   * The question that a person can answer in a room: the open one, or the one that this event
   * already answered before a crash.
   */
  async answerable(owner: string, roomId: string, eventId: string, now: number): Promise<Question | null> {
    const row = await this.#database
      .selectFrom("question")
      .selectAll()
      .where("owner", "=", owner)
      .where("room_id", "=", roomId)
      .where((expression) =>
        expression.or([
          expression("answered_by", "=", eventId),
          expression.and([expression("closed_at", "is", null), isOpenAt(now)]),
        ]),
      )
      // If there are two, the answered one comes first: one event answers only one question.
      .orderBy("closed_at", "desc")
      .executeTakeFirst();
    return row ? this.#fromRow(row) : null;
  }

  /**
   * Closes a question for the event that answers it. Returns false if it is no longer open. Returns
   * true again for the same event, because a crash may have interrupted its handling.
   */
  async close(transactionId: string, eventId: string, now: number): Promise<boolean> {
    const result = await this.#database
      .updateTable("question")
      .set({ closed_at: now, answered_by: eventId })
      .where("transaction_id", "=", transactionId)
      .where((expression) =>
        expression.or([
          expression("answered_by", "=", eventId),
          expression.and([expression("closed_at", "is", null), isOpenAt(now)]),
        ]),
      )
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async prune(askedBefore: number): Promise<void> {
    await this.#database.deleteFrom("question").where("asked_at", "<", askedBefore).execute();
  }

  /** An unreadable question counts as closed. */
  #fromRow(row: Selectable<Tables["question"]>): Question | null {
    const address = addressFormat.fromStored(parseColumn(row.address));
    const payload = parseColumn(row.payload);
    const { data: typedWords } = wordsSchema.safeParse(parseColumn(row.typed_words));
    if (address === null || payload === undefined || typedWords === undefined) {
      this.#report({ table: "question", key: row.transaction_id });
      return null;
    }
    return {
      transactionId: row.transaction_id,
      address,
      word: row.word,
      typedWords,
      shown: row.shown,
      action: row.action,
      payload,
      expiresAt: row.expires_at,
      closedAt: row.closed_at,
      answeredBy: row.answered_by,
    };
  }
}
