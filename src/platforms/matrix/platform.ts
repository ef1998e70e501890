import type { Logger } from "pino";
import type { Account } from "../../model/account.ts";
import { withRoomIds, wordsIn } from "../../model/filters.ts";
import { KeyedQueue } from "../../model/keyed-queue.ts";
import type { RoomList, RoomListFilters } from "../../model/room-list.ts";
import type { FindService } from "../../network/find-service.ts";
import { findService } from "../../network/find-service.ts";
import type { GuardedFetch } from "../../network/guarded-fetch.ts";
import type { Platform } from "../platform.ts";
import type { ReadProgress } from "../reading.ts";
import type { ClientIntroduction } from "../sign-in.ts";
import { accountPairs } from "./account-pair.ts";
import { convertNamedRoom } from "./convert-room.ts";
import { FileReader } from "./files/file-reader.ts";
import { createMatrixFiles } from "./files/platform-files.ts";
import { ServerHealth } from "./files/server-health.ts";
import { createMatrixFinish } from "./finish/platform-finish.ts";
import { serverNameOf } from "./ids/identifiers.ts";
import type { SessionDevices } from "./keys/emoji/crypto-accounts.ts";
import { createMatrixKeys } from "./keys/platform-keys.ts";
import { KeyWorker } from "./keys/worker/key-worker.ts";
import type { OpenAccountOptions } from "./open-account.ts";
import { guarded, openAccount, readOpenAccount } from "./open-account.ts";
import { listRooms } from "./planning/room-list.ts";
import { RATE_LIMITS } from "./rate-limits.ts";
import { roomsOfAliases } from "./reading/aliases.ts";
import { RecentLooks } from "./reading/recent-looks.ts";
import { matrixRuns } from "./runs/runs.ts";
import { createMatrixSignIn } from "./sign-in/provider.ts";
import type { SessionStore } from "./sign-in/sessions.ts";
import { Sessions } from "./sign-in/sessions.ts";

export interface MatrixPlatformOptions {
  sessionStore: SessionStore;
  devices: SessionDevices;
  fetch: GuardedFetch;
  /** Replaces the system's name servers. */
  findService?: FindService;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  introduction: ClientIntroduction;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

/**
 * The platform of Matrix homeservers. There is one for the process, so that each session has one
 * renewal at a time.
 */
export function createMatrixPlatform(options: MatrixPlatformOptions): Platform {
  const { sessionStore, fetch, servers, now, monotonicNow, log } = options;
  const sessions = new Sessions({ accounts: sessionStore, fetch, servers, now, monotonicNow, log });
  const opening = { sessions, log };
  const keyWorker = new KeyWorker({ log });
  const inTurn = new KeyedQueue();
  const health = new ServerHealth({
    fetch,
    findService: options.findService ?? findService,
    servers,
    monotonicNow,
    log,
  });
  const keys = createMatrixKeys({ ...opening, devices: options.devices, worker: keyWorker });
  return {
    name: "matrix",
    signIn: createMatrixSignIn({ ...options, sessions }),
    rateLimits: RATE_LIMITS,
    runs: matrixRuns,
    keys,
    finish: createMatrixFinish({ ...opening, fetch, servers }),
    files: createMatrixFiles({ reader: new FileReader({ log }), health, opening }),
    serverName: (userId) => serverNameOf(userId) ?? "",
    pair: accountPairs({
      ...opening,
      compareKeys: (accounts, signal) => keys.compare(accounts, signal),
      keyWorker,
      health,
      recentLooks: new RecentLooks(monotonicNow),
      inTurn,
      now,
    }),
    listRooms: (account, filters, onProgress) => readAndList(account, filters, onProgress, opening),
    convertRoom: (account, conversion) =>
      convertNamedRoom({ ...openAccount(account, opening), inTurn }, conversion),
  };
}

async function readAndList(
  account: Account,
  filters: RoomListFilters,
  onProgress: (progress: ReadProgress) => void,
  options: OpenAccountOptions,
): Promise<RoomList> {
  const opened = openAccount(account, options);
  // The membership of other users is not requested.
  const { snapshot } = await readOpenAccount(opened, account.userId, {
    onProgress,
    withLastActivity: true,
    isOtherMemberNeeded: false,
  });
  const aliases = await guarded(account, async () =>
    roomsOfAliases((await opened.readable()).reader, wordsIn(filters.rooms), snapshot.rooms),
  );
  return listRooms(snapshot, { ...filters, rooms: withRoomIds(filters.rooms, aliases) });
}
