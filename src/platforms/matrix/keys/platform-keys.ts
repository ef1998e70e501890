import type { Account } from "../../../model/account.ts";
import type { Platform } from "../../platform.ts";
import type { AccountDataSession } from "../api/account-data.ts";
import type { OpenAccountOptions } from "../open-account.ts";
import { guarded } from "../open-account.ts";
import { createReader } from "../reading/reader.ts";
import { readBackup } from "./backup.ts";
import { recoveryKeyMistake } from "./recovery-key.ts";

/** What the keys of encrypted history need. */
export type MatrixKeysOptions = OpenAccountOptions;

/** The keys of encrypted history on Matrix homeservers. */
export function createMatrixKeys(options: MatrixKeysOptions): Platform["keys"] {
  const { log } = options;
  return {
    backup: (account, { isSignatureChecked, signal }) =>
      guarded(account, () => readBackup(readingSession(account, options, signal), { isSignatureChecked })),
    recoveryKeyMistake,
    stop: () => {
      log.debug("the work on room keys has ended");
      return Promise.resolve();
    },
  };
}

/** A session that only reads, with repetitions. */
function readingSession(
  account: Account,
  { sessions, log }: MatrixKeysOptions,
  signal?: AbortSignal,
): AccountDataSession {
  const { request } = createReader({ client: sessions.client(account), log, signal });
  return { userId: account.userId, request };
}
