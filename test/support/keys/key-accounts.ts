import { pino } from "pino";
import type { Account, Side } from "../../../src/model/account.ts";
import type { KnownKeyBackup } from "../../../src/model/key-backup.ts";
import type { BackupIdentity } from "../../../src/model/key-backup.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type {
  KeyCopyProgress,
  KeyCopyRequest,
  KeyCopyResult,
  KeySource,
} from "../../../src/platforms/keys.ts";
import { HomeserverClient } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { readBackup } from "../../../src/platforms/matrix/keys/backup.ts";
import type { CopiedAccount } from "../../../src/platforms/matrix/keys/copy/copy-keys.ts";
import { copyKeys } from "../../../src/platforms/matrix/keys/copy/copy-keys.ts";
import { KeyWorker } from "../../../src/platforms/matrix/keys/worker/key-worker.ts";
import type { BackupKeys, StoredEntry, StoredRooms } from "./backup-crypto.ts";
import { createBackupKeys, sessionJson, storedEntry } from "./backup-crypto.ts";
import type { BackupServer } from "./backup-server.ts";
import { startBackupServer } from "./backup-server.ts";

/** Two accounts with key backups, on two servers. */
export interface KeyAccounts {
  readonly source: BackupServer;
  readonly target: BackupServer;
  /** The keys of both backups. */
  readonly keys: Readonly<Record<Side, BackupKeys>>;
  /** The waits of copies, in milliseconds. They take no time. */
  readonly waits: number[];
  /** Progress that copies reported. */
  readonly progress: KeyCopyProgress[];
  /** Backups that copies started over with. */
  readonly startedOver: BackupIdentity[];
  /** Whether the account's master key signed the new backup. */
  isTargetSigned: boolean;
  worker: Pick<KeyWorker, "job">;
  account(side: Side): Account;
  client(side: Side): HomeserverClient;
  copy(changes?: Partial<KeyCopyRequest>): Promise<KeyCopyResult>;
  stop(): Promise<void>;
}

const OWNER = "@me:example.org";

export async function startKeyAccounts(
  sessions: { readonly source?: StoredRooms; readonly target?: StoredRooms } = {},
  keys: Readonly<Record<Side, BackupKeys>> = { source: createBackupKeys(), target: createBackupKeys() },
): Promise<KeyAccounts> {
  const log = pino({ enabled: false });
  const fetch = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  const worker = new KeyWorker({ log });
  const servers = {
    source: await startBackupServer({
      version: "3",
      publicKey: keys.source.publicKey,
      rooms: sessions.source ?? {},
    }),
    target: await startBackupServer({
      version: "7",
      publicKey: keys.target.publicKey,
      rooms: sessions.target ?? {},
    }),
  };
  const account = (side: Side): Account => ({
    owner: OWNER,
    side,
    userId: `@me:${side}.example`,
    baseUrl: servers[side].url,
    method: "password",
    deviceId: "BOT",
    signedInAt: 0,
  });
  const client = (side: Side) =>
    new HomeserverClient({ baseUrl: servers[side].url, fetch, log, accessToken: () => `token of ${side}` });
  const waits: number[] = [];
  const clock = {
    sleep: async (ms: number) => {
      waits.push(ms);
      await Promise.resolve();
    },
    random: () => 0,
    now: () => 0,
  };
  const copied = (side: Side): CopiedAccount => ({
    client: client(side),
    backup: async ({ isSignatureChecked }) => {
      const session = { userId: account(side).userId, request: client(side).request.bind(client(side)) };
      const backup = await readBackup(session, { isSignatureChecked: false });
      return isSignatureChecked && backup.kind === "known"
        ? ({ ...backup, isSigned: accounts.isTargetSigned } satisfies KnownKeyBackup)
        : backup;
    },
  });
  const progress: KeyCopyProgress[] = [];
  const startedOver: BackupIdentity[] = [];
  const accounts: KeyAccounts = {
    ...servers,
    ...{ keys, waits, progress, startedOver, worker, account, client },
    isTargetSigned: true,
    copy: async (changes = {}) => {
      const from: KeySource = {
        kind: "backup",
        account: account("source"),
        opened: { version: "3", publicKey: keys.source.publicKey, key: keys.source.privateKey },
      };
      const request: KeyCopyRequest = {
        from,
        target: account("target"),
        to: { version: "7", publicKey: keys.target.publicKey },
        hasStartedOver: false,
        batchSize: 100,
        onProgress: async (made) => {
          await Promise.resolve();
          progress.push(made);
        },
        onStartedOver: async (to) => {
          await Promise.resolve();
          startedOver.push(to);
        },
        signal: new AbortController().signal,
        ...changes,
      };
      const source = request.from.kind === "file" ? null : copied("source");
      return await copyKeys(request, {
        source,
        target: copied("target"),
        worker: accounts.worker,
        clock,
        log,
      });
    },
    stop: async () => {
      await Promise.all([servers.source.stop(), servers.target.stop(), fetch.close(), worker.stop()]);
    },
  };
  return accounts;
}

/** Sessions of one room, with names that begin alike. */
export function sessionsOf(
  publicKey: string,
  count: number,
  { prefix = "s", ...fields }: Partial<Omit<StoredEntry, "session_data">> & { prefix?: string } = {},
): Record<string, StoredEntry> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${prefix}${index}`,
      storedEntry(publicKey, sessionJson(fields.first_message_index ?? 0), fields),
    ]),
  );
}
