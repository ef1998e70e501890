import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import { Kysely } from "kysely";
import { Accounts } from "./accounts.ts";
import { AuthorizationServers } from "./authorization-servers.ts";
import { BegunChats } from "./begun-chats.ts";
import { BotState } from "./bot-state.ts";
import { Contacts } from "./contacts.ts";
import { DeviceKeys } from "./device-keys.ts";
import { DirectChatRows } from "./direct-chats.ts";
import type { Erased } from "./forget.ts";
import { eraseOwner, holdsRowsOf } from "./forget.ts";
import { Imports } from "./imports.ts";
import { Invitations } from "./invitations.ts";
import { KeptRequestRows } from "./kept-requests.ts";
import { KeyCopies } from "./key-copies.ts";
import { Limiters } from "./limiters.ts";
import { LostRuns } from "./lost-runs.ts";
import { OutboxItems } from "./outbox-items.ts";
import { Plans } from "./plans.ts";
import { lockDataDirectory } from "./process-lock.ts";
import { pruneEvents, pruneMessages, pruneUnused } from "./prune.ts";
import { Questions } from "./questions.ts";
import { ReceivedEvents } from "./received-events.ts";
import { ReceivedFiles } from "./received-files.ts";
import { Recipients } from "./recipients.ts";
import { RunLeases, endLeases } from "./run-leases.ts";
import { Runs } from "./runs.ts";
import { SealedSecrets } from "./sealed-secrets.ts";
import { SentOnce } from "./sent-once.ts";
import { SignInLinks } from "./sign-in-links.ts";
import { compact } from "./sqlite/compact.ts";
import { NonBlockingSqliteDialect } from "./sqlite/dialect.ts";
import { noteCrash } from "./sqlite/note-crash.ts";
import { DATABASE_FILE, openSqlite } from "./sqlite/open.ts";
import { resealSessions } from "./sqlite/reseal-sessions.ts";
import { WriteAheadLog } from "./sqlite/write-ahead-log.ts";
import { Steps } from "./steps.ts";
import type { StorageError } from "./storage-error.ts";
import { asStorageError } from "./storage-error.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";
import { UndecryptedEvents } from "./undecrypted-events.ts";
import { SESSIONS_SEALED_WITH_ACCOUNT } from "./upgrade.ts";
import { WorkCounts } from "./work-counts.ts";

/** All persistent data, as complete operations. No other folder knows which database is used. */
export interface Store {
  readonly bot: BotState;
  readonly receivedEvents: ReceivedEvents;
  readonly receivedFiles: ReceivedFiles;
  readonly undecryptedEvents: UndecryptedEvents;
  readonly invitations: Invitations;
  readonly directChats: DirectChatRows;
  readonly outbox: OutboxItems;
  readonly recipients: Recipients;
  readonly sentOnce: SentOnce;
  readonly accounts: Accounts;
  readonly deviceKeys: DeviceKeys;
  readonly signInLinks: SignInLinks;
  readonly authorizationServers: AuthorizationServers;
  readonly imports: Imports;
  readonly plans: Plans;
  readonly keptRequests: KeptRequestRows;
  readonly keyCopies: KeyCopies;
  readonly runs: Runs;
  readonly runLeases: RunLeases;
  readonly lostRuns: LostRuns;
  readonly steps: Steps;
  readonly limiters: Limiters;
  readonly contacts: Contacts;
  readonly begunChats: BegunChats;
  readonly questions: Questions;
  readonly counts: WorkCounts;
  /** Notes at once that the process is about to end by an error while these items are sent. */
  readonly noteCrash: (outboxIds: readonly number[]) => void;
  readonly schema: { from: number; to: number };
  /** For rows whose content is read outside the store. */
  readonly reportUnreadable: ReportUnreadable;
  /** Whether something is stored that `forget` exists for: accounts, a sign-in, a plan or a run. */
  holdsRowsOf(owner: string): Promise<boolean>;
  forget(owner: string): Promise<Erased>;
  /**
   * Removes data that is no longer needed: handled events, sent messages, closed questions and
   * "sent once" records from before that time, and the rate limits of unused accounts. Gives the
   * space back to the disk.
   * @param signal ends it early
   */
  prune(before: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the data directory for this process alone and upgrades its database to the newest schema.
 * @param secretKey seals secrets (32 bytes)
 * @param reportUnreadable is called for each row that cannot be read; only that row is lost
 * @param reportTrouble is called for errors of work that is tried again by itself
 * @param onStorageError is called for each statement that failed because of the storage
 * @throws DataDirectoryInUseError, NewerSchemaError, StorageError
 */
export function openStore({
  dataDir,
  secretKey,
  reportUnreadable: report = () => undefined,
  reportTrouble = () => undefined,
  onStorageError = () => undefined,
}: {
  dataDir: string;
  secretKey: Buffer;
  reportUnreadable?: ReportUnreadable;
  reportTrouble?: (error: unknown) => void;
  onStorageError?: (error: StorageError) => void;
}): Store {
  const lock = openLock(dataDir);
  const path = join(dataDir, DATABASE_FILE);
  let sqlite: Database | null = null;
  try {
    const secrets = new SealedSecrets(secretKey);
    const opened = openSqlite(path, (database, from) => {
      if (from < SESSIONS_SEALED_WITH_ACCOUNT) resealSessions(database, secrets);
    });
    sqlite = opened.sqlite;
    // The lock of the data directory proves that no other process works on a run.
    endLeases(sqlite);
    const database = new Kysely<Tables>({ dialect: new NonBlockingSqliteDialect(sqlite, onStorageError) });
    const log = new WriteAheadLog(database, reportTrouble);
    const sealing = { secrets, log, report };
    const questions = new Questions(database, report);
    const sentOnce = new SentOnce(database);
    return {
      bot: new BotState(database, secrets, log),
      receivedEvents: new ReceivedEvents(database, sealing),
      receivedFiles: new ReceivedFiles(database, sealing),
      undecryptedEvents: new UndecryptedEvents(database),
      invitations: new Invitations(database),
      directChats: new DirectChatRows(database),
      outbox: new OutboxItems(database, sealing),
      recipients: new Recipients(database),
      sentOnce,
      accounts: new Accounts(database, sealing),
      deviceKeys: new DeviceKeys(database, sealing),
      signInLinks: new SignInLinks(database, sealing),
      authorizationServers: new AuthorizationServers(database),
      imports: new Imports(database, { log, report }),
      plans: new Plans(database),
      keptRequests: new KeptRequestRows(database, report),
      keyCopies: new KeyCopies(database, sealing),
      runs: new Runs(database, report),
      runLeases: new RunLeases(database, report),
      lostRuns: new LostRuns(database),
      steps: new Steps(database, report),
      limiters: new Limiters(database),
      contacts: new Contacts(database, report),
      begunChats: new BegunChats(database, report),
      questions,
      noteCrash: (outboxIds) => noteCrash(opened.sqlite, outboxIds),
      counts: new WorkCounts(database),
      schema: opened.schema,
      reportUnreadable: report,
      holdsRowsOf: (owner) => holdsRowsOf(database, owner),
      forget: async (owner) => {
        const erased = await eraseOwner(database, owner);
        await log.clear();
        return erased;
      },
      prune: async (before, signal) => {
        await pruneEvents(database, before, signal);
        await pruneMessages(database, before, signal);
        await questions.prune(before);
        await sentOnce.prune(before);
        await pruneUnused(database, before);
        signal?.throwIfAborted();
        await compact(opened.sqlite, signal);
        await log.clear();
      },
      close: async () => {
        log.close();
        await database.destroy();
        // Kysely closes only a connection that it has used.
        opened.sqlite.close();
        lock.release();
      },
    };
  } catch (error) {
    sqlite?.close();
    lock.release();
    throw asStorageError(error, path);
  }
}

function openLock(dataDir: string): { release(): void } {
  try {
    makeFolder(dataDir);
    return lockDataDirectory(dataDir);
  } catch (error) {
    throw asStorageError(error, dataDir);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    // If Node makes several folders, it reports ENOENT instead of the real reason.
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      mkdirSync(path, { mode: 0o700 });
    throw error;
  }
}
