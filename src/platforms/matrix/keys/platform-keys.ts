import type { Account } from "../../../model/account.ts";
import type { PlatformKeys } from "../../keys.ts";
import type { AccountDataSession } from "../api/account-data.ts";
import type { OpenAccountOptions } from "../open-account.ts";
import { guarded, openAccount } from "../open-account.ts";
import { BY_THE_CLOCK, createReader } from "../reading/reader.ts";
import { readBackup, readExistingBackup } from "./backup.ts";
import { checkRooms } from "./check/check-rooms.ts";
import type { ComparedAccount } from "./compare.ts";
import { compareBackups } from "./compare.ts";
import type { CopiedAccount } from "./copy/copy-keys.ts";
import { copyKeys } from "./copy/copy-keys.ts";
import type { EmojiVerifierOptions } from "./emoji/emoji-verifier.ts";
import { EmojiVerifier } from "./emoji/emoji-verifier.ts";
import { exportKeys } from "./key-file/export.ts";
import { openKeyFile } from "./key-file/open.ts";
import { ROUNDS } from "./key-file/write.ts";
import { openBackup } from "./opening/open-backup.ts";
import { readOpeningWays } from "./opening/opening-ways.ts";
import { readOwnKeys } from "./own-keys.ts";
import type { KeyWorker } from "./worker/key-worker.ts";

/** What the keys of encrypted history need. */
export type MatrixKeysOptions = OpenAccountOptions & EmojiVerifierOptions & { readonly worker: KeyWorker };

/** The keys of encrypted history on Matrix homeservers. */
export function createMatrixKeys(options: MatrixKeysOptions): PlatformKeys {
  const { worker, log } = options;
  const emoji = new EmojiVerifier(options);
  const clock = BY_THE_CLOCK;
  return {
    backup: (account, { isSignatureChecked, signal }) =>
      guarded(account, () => readBackup(readingSession(account, options, signal), { isSignatureChecked })),
    ways: (source) => guarded(source, () => readOpeningWays(readingSession(source, options), source)),
    openFile: openKeyFile,
    open: (source, secret) => guarded(source, () => openBackup(readingSession(source, options), secret)),
    isVerified: (source) =>
      // The device of a pasted token belongs to the person.
      source.method === "token"
        ? Promise.resolve(false)
        : guarded(source, async () => {
            const { devices } = await readOwnKeys(readingSession(source, options));
            return devices.some(
              ({ deviceId, isCrossSigned }) => deviceId === source.deviceId && isCrossSigned,
            );
          }),
    verify: (source, listener, signal) => emoji.verify(source, listener, signal),
    forgetDevice: (account) => emoji.forget(account),
    compare: ({ source, target }, signal) =>
      compareBackups(
        {
          source: comparedAccount(source, options, signal),
          target: comparedAccount(target, options, signal),
        },
        { worker, clock, signal },
      ),
    copy: (request) => {
      const { from, target, signal } = request;
      const source = from.kind === "file" ? null : copiedAccount(from.account, options, signal);
      return copyKeys(request, {
        ...{ source, worker, clock, log },
        target: copiedAccount(target, options, signal),
      });
    },
    check: ({ source, target, ...order }) => {
      const opened = { source: openAccount(source, options), target: openAccount(target, options) };
      return checkRooms(opened, order, log);
    },
    export: (request) =>
      guarded(request.source, () =>
        exportKeys(request, {
          ...{ worker, clock, rounds: ROUNDS },
          account: comparedAccount(request.source, options, request.signal),
        }),
      ),
    stop: async () => {
      await Promise.all([emoji.stop(), worker.stop()]);
    },
  };
}

/** A session that only reads, with repetitions. */
function readingSession(
  account: Account,
  { sessions, log }: MatrixKeysOptions,
  signal?: AbortSignal,
): AccountDataSession {
  const reader = createReader({ client: sessions.client(account), log, signal });
  return { userId: account.userId, request: (request) => reader.request(request) };
}

function comparedAccount(
  account: Account,
  options: MatrixKeysOptions,
  signal: AbortSignal | undefined,
): ComparedAccount {
  const session = readingSession(account, options, signal);
  return {
    account,
    client: options.sessions.client(account),
    backup: async () => (await readExistingBackup(session))?.backup ?? null,
  };
}

/** A copy repeats failed requests by rules of its own. */
function copiedAccount(
  account: Account,
  { sessions }: MatrixKeysOptions,
  signal: AbortSignal,
): CopiedAccount {
  const client = sessions.client(account);
  const session: AccountDataSession = {
    userId: account.userId,
    request: (request) => client.request({ ...request, signal }),
  };
  return { client, backup: (wanted) => readBackup(session, wanted) };
}
