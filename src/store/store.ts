import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { Accounts } from "./accounts.ts";
import { BotState } from "./bot-state.ts";
import { DirectChatRows } from "./direct-chats.ts";
import type { Erased } from "./forget.ts";
import { eraseOwner } from "./forget.ts";
import { Invitations } from "./invitations.ts";
import { Limiters } from "./limiters.ts";
import { OutboxItems } from "./outbox-items.ts";
import { Plans } from "./plans.ts";
import { lockDataDirectory } from "./process-lock.ts";
import { Questions } from "./questions.ts";
import { Readers } from "./readers.ts";
import { ReceivedEvents } from "./received-events.ts";
import { Runs } from "./runs.ts";
import { SealedSecrets } from "./sealed-secrets.ts";
import { SentOnce } from "./sent-once.ts";
import { SignInLinks } from "./sign-in-links.ts";
import { Steps } from "./steps.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";
import { UndecryptedEvents } from "./undecrypted-events.ts";
import { assertKnownSchema, upgradeSchema } from "./upgrade.ts";
import { clearWriteAheadLog } from "./write-ahead-log.ts";

/** All persistent data, as complete operations. No other folder knows which database is used. */
export interface Store {
  readonly bot: BotState;
  readonly receivedEvents: ReceivedEvents;
  readonly undecryptedEvents: UndecryptedEvents;
  readonly invitations: Invitations;
  readonly directChats: DirectChatRows;
  readonly outbox: OutboxItems;
  readonly readers: Readers;
  readonly sentOnce: SentOnce;
  readonly accounts: Accounts;
  readonly signInLinks: SignInLinks;
  readonly plans: Plans;
  readonly runs: Runs;
  readonly steps: Steps;
  readonly limiters: Limiters;
  readonly questions: Questions;
  readonly schema: { from: number; to: number };
  /** For rows whose content is read outside the store. */
  readonly reportUnreadable: ReportUnreadable;
  forget(owner: string): Promise<Erased>;
  /** Removes handled events, sent messages, closed questions and "sent once" notes from before. */
  prune(before: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the data directory for this process alone and upgrades its database to the newest schema.
 * @param secretKey seals secrets (32 bytes)
 * @param reportUnreadable is called for each row that cannot be read; only that row is lost
 * @throws DataDirectoryInUseError, NewerSchemaError
 */
export function openStore({
  dataDir,
  secretKey,
  reportUnreadable = () => undefined,
}: {
  dataDir: string;
  secretKey: Buffer;
  reportUnreadable?: ReportUnreadable;
}): Store {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDataDirectory(dataDir);
  let sqlite: Database.Database | null = null;
  try {
    sqlite = openDatabase(join(dataDir, "mover.sqlite"));
    const schema = upgradeSchema(sqlite);
    const database = new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite }) });
    const secrets = new SealedSecrets(secretKey);
    const receivedEvents = new ReceivedEvents(database, secrets);
    const outbox = new OutboxItems(database);
    const questions = new Questions(database, reportUnreadable);
    const sentOnce = new SentOnce(database);
    return {
      bot: new BotState(database, secrets),
      receivedEvents,
      undecryptedEvents: new UndecryptedEvents(database),
      invitations: new Invitations(database),
      directChats: new DirectChatRows(database),
      outbox,
      readers: new Readers(database),
      sentOnce,
      accounts: new Accounts(database, secrets),
      signInLinks: new SignInLinks(database, secrets, reportUnreadable),
      plans: new Plans(database),
      runs: new Runs(database, reportUnreadable),
      steps: new Steps(database, reportUnreadable),
      limiters: new Limiters(database),
      questions,
      schema,
      reportUnreadable,
      forget: async (owner) => {
        const erased = await eraseOwner(database, owner);
        await clearWriteAheadLog(database);
        return erased;
      },
      prune: async (before) => {
        for (const table of [receivedEvents, outbox, questions, sentOnce]) await table.prune(before);
      },
      close: async () => {
        await database.destroy();
        lock.release();
      },
    };
  } catch (error) {
    sqlite?.close();
    lock.release();
    throw error;
  }
}

/** @throws NewerSchemaError before anything is written */
function openDatabase(path: string): Database.Database {
  // SQLite gives its log files the mode of the database.
  closeSync(openSync(path, "a", 0o600));
  const sqlite = new Database(path);
  try {
    assertKnownSchema(sqlite);
    // secure_delete: deleted rows are overwritten, not only unlinked.
    for (const pragma of [
      "journal_mode = WAL",
      "synchronous = FULL",
      "foreign_keys = ON",
      "secure_delete = ON",
    ])
      sqlite.pragma(pragma);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}
