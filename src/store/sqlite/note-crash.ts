import type { Database } from "better-sqlite3";
import { CRASH_SCORE } from "../outbox-item.ts";

/**
 * Records that an uncaught error ends the process while these outbox items are being sent. It is
 * synchronous, because the process ends when the caller returns. If a transaction is open, the
 * record is lost with it, and the next crash is recorded.
 */
export function noteCrash(sqlite: Database, outboxIds: readonly number[]): void {
  try {
    const statement = sqlite.prepare("UPDATE outbox SET crash_score = crash_score + ? WHERE id = ?");
    for (const id of outboxIds) statement.run(CRASH_SCORE.byError - CRASH_SCORE.byKill, id);
  } catch {
    // The error that ends the process is the one to report.
  }
}
