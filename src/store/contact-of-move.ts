import type { Kysely, SelectQueryBuilder } from "kysely";
import { sql } from "kysely";
import type { ContactOf } from "../model/contact.ts";
import type { Tables } from "./tables.ts";

/** The limit on new chats counts this time back. */
const DAY_MS = 24 * 3_600_000;

/** When a move may open the next new chat. */
export async function nextChatAt(
  database: Kysely<Tables>,
  { move, perDay, now }: { move: ContactOf; perDay: number; now: number },
): Promise<number> {
  const recent = await chatsCountedSince(database, move, now - DAY_MS)
    .orderBy("at", "desc")
    .limit(perDay)
    .execute();
  const first = recent.at(-1);
  if (first === undefined || recent.length < perDay) return now;
  // A clock that was set back does not make the wait longer than a day.
  return Math.min(first.at, now) + DAY_MS;
}

/**
 * The new chats that count against the daily limit of a move: those of its old account. Files can
 * be about any number of accounts. Therefore a move by files counts all chats of its person, and
 * all that its new account has opened.
 */
export function chatsCountedSince(
  database: Kysely<Tables>,
  move: ContactOf,
  since: number,
): SelectQueryBuilder<Tables, "opened_chat", { at: number }> {
  const { owner, source, target, isFromFile } = move;
  const chats = database.selectFrom("opened_chat").select("at").where("at", ">", since);
  return isFromFile
    ? chats.where((row) => row.or([row("owner", "=", owner), row("opened_by", "=", target)]))
    : chats
        .where("source", "=", source)
        .where((row) => row.not(row.exists(foreignRuns(database, move, "opened_chat"))));
}

/**
 * The runs of other people in the name of an old account that do not concern a move. Who has signed
 * in the account is not concerned by those who only have files about it. Who has files is concerned
 * by their own new account alone.
 */
export function foreignRuns(
  database: Kysely<Tables>,
  { owner, source, target, isFromFile }: ContactOf,
  table: "asked_question" | "opened_chat",
): SelectQueryBuilder<Tables, "run", { id: number }> {
  const others = database
    .selectFrom("run")
    .select("run.id")
    .where("run.id", "=", sql.ref<number>(`${table}.run_id`))
    .where("run.source", "=", source)
    .where("run.owner", "!=", owner);
  return isFromFile ? others.where("run.target", "!=", target) : others.where("run.from_file", "=", 1);
}
