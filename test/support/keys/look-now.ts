import { join } from "node:path";
import Database from "better-sqlite3";
import type { BotEnvironment } from "../environments/bot-environment.ts";

/** Brings the next look for a backup forward. The bot does not run. */
export function lookNow({ dataDir }: BotEnvironment["bot"]): void {
  const database = new Database(join(dataDir, "mover.sqlite"));
  database.prepare("UPDATE key_copy SET not_before = 0 WHERE state = 'waiting_for_backup'").run();
  database.close();
}
