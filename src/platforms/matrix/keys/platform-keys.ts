import type { Account } from "../../../model/account.ts";
import type { Platform } from "../../platform.ts";
import type { AccountDataSession } from "../api/account-data.ts";
import type { OpenAccountOptions } from "../open-account.ts";
import { guarded } from "../open-account.ts";
import { createReader } from "../reading/reader.ts";
import { readBackup } from "./backup.ts";
import type { EmojiVerifierOptions } from "./emoji/emoji-verifier.ts";
import { EmojiVerifier } from "./emoji/emoji-verifier.ts";
import { openKeyFile } from "./key-file/open.ts";
import { openBackup } from "./open-backup.ts";
import { readOpeningWays } from "./opening-ways.ts";
import { readOwnKeys } from "./own-keys.ts";
import { recoveryKeyMistake } from "./recovery-key.ts";

/** What the keys of encrypted history need. */
export type MatrixKeysOptions = OpenAccountOptions & EmojiVerifierOptions;

/** The keys of encrypted history on Matrix homeservers. */
export function createMatrixKeys(options: MatrixKeysOptions): Platform["keys"] {
  const { log } = options;
  const emoji = new EmojiVerifier(options);
  return {
    backup: (account, { isSignatureChecked, signal }) =>
      guarded(account, () => readBackup(readingSession(account, options, signal), { isSignatureChecked })),
    ways: (source) => guarded(source, () => readOpeningWays(readingSession(source, options), source)),
    openFile: openKeyFile,
    recoveryKeyMistake,
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
    stop: async () => {
      await emoji.stop();
      log.debug("the work on room keys has ended");
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
