import type { Account } from "../../model/account.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import type { PlatformKeys } from "../../platforms/keys.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import type { KeyCopyListener } from "./listener.ts";
import type { ExportRunResult } from "./results.ts";
import { exportSecretSchema, openedBackupOf } from "./secrets.ts";

/** How many sessions are written before the progress is stored again. */
const STORED_EVERY = 1_000;

/** A file could not be sent to the chat, and will not be. */
class FileNotSentError extends Error {
  override readonly name = "FileNotSentError";
}

export interface KeyExportsOptions {
  copies: Pick<KeyCopies, "change" | "secret">;
  keys: Pick<PlatformKeys, "export">;
  listener: Pick<KeyCopyListener, "changed" | "fileWritten">;
  /** The largest file that can be sent, in bytes. */
  uploadLimit: () => Promise<number>;
}

/** Exports of the old backup to key files. */
export class KeyExports {
  readonly #options: KeyExportsOptions;

  constructor(options: KeyExportsOptions) {
    this.#options = options;
  }

  /** @throws UnreadableAccountError */
  async run(copy: KeyCopy, source: Account, signal: AbortSignal): Promise<ExportRunResult> {
    const { copies, keys, listener, uploadLimit } = this.#options;
    const secret = await copies.secret(copy.id);
    const opened = openedBackupOf(secret);
    const { data: files } = exportSecretSchema.safeParse(secret);
    if (opened === null || files === undefined) return { status: "no_key" };
    const { passphrase, isPlainAllowed } = files;
    let number = 0;
    let stored = 0;
    try {
      const result = await keys.export({
        ...{ source, opened, passphrase, signal },
        maxBytes: await uploadLimit(),
        onFile: async (file) => {
          number += 1;
          const isSent = await listener.fileWritten(copy, { ...file, number }, { isPlainAllowed, signal });
          if (!isSent) throw new FileNotSentError("a file of keys was not sent");
        },
        onProgress: async ({ done, total }) => {
          if (done < stored + STORED_EVERY && done < total) return;
          stored = done;
          await copies.change(copy.id, { done, total, waits: 0 });
          listener.changed({ ...copy, done, total });
        },
      });
      if (result.status !== "exported") return result;
      const unusable = [...result.unusable.values()].reduce((sum, count) => sum + count, 0);
      const counts = { expected: result.keys + unusable, copied: result.keys, alreadyThere: 0, unusable };
      return { status: "exported", end: { counts, unusable: result.unusable, lost: new Map() } };
    } catch (error) {
      if (signal.aborted) return { status: "aborted" };
      if (error instanceof FileNotSentError) return { status: "file_not_sent" };
      throw error;
    }
  }
}
