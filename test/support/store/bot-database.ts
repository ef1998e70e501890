import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { BotProcess } from "../../lab/bot-process.ts";

/** Rows that the bot has stored. The bot may be running or not. */
export function storedRows(bot: BotProcess, query: string, ...values: readonly unknown[]): unknown[] {
  const database = new Database(join(bot.dataDir, "mover.sqlite"), { readonly: true });
  try {
    return database.prepare(query).all(...values);
  } finally {
    database.close();
  }
}

/** Waits until a message is handled, for messages that get no answer. */
export async function untilHandled(bot: BotProcess, eventId: string): Promise<void> {
  const handled = "SELECT event_id FROM received_event WHERE event_id = ? AND handled_at IS NOT NULL";
  await expect.poll(() => storedRows(bot, handled, eventId), { interval: 100 }).toHaveLength(1);
}
