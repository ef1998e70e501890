import type { Account, Side } from "../../model/account.ts";
import type { BackupIdentity } from "../../model/key-backup.ts";
import { isSameBackup } from "../../model/key-backup.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import type { KeyFileContent } from "../../platforms/key-files.ts";
import type { KeyCopyProgress, KeyCopyResult, KeySource, PlatformKeys } from "../../platforms/keys.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import { passingCause } from "../run/kept-request.ts";
import type { ExportRunResult, NoFileContent } from "./results.ts";
import { openedBackupOf } from "./secrets.ts";

/**
 * - `signed_out`: an account was signed out meanwhile.
 * - `no_key`: what opens the keys is gone.
 * - `file_gone`: the key file cannot be downloaded any more.
 */
export type TransferResult =
  KeyCopyResult | ExportRunResult | { status: "signed_out" | "no_key" | "file_gone" };

export interface TransferOptions {
  accounts: Pick<Accounts, "get">;
  copies: Pick<KeyCopies, "apply" | "change" | "secret">;
  keys: Pick<PlatformKeys, "backup" | "copy">;
  /** The keys of an import. */
  readFile: (copy: KeyCopy, signal: AbortSignal) => Promise<KeyFileContent | NoFileContent>;
  runExport: (copy: KeyCopy, source: Account, signal: AbortSignal) => Promise<ExportRunResult>;
  /** Called when the progress or the state was stored. */
  changed: (copy: KeyCopy) => void;
}

/** Works on the keys of people: one call from one interruption to the next. */
export class KeyTransfer {
  readonly #options: TransferOptions;

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  async run(copy: KeyCopy, signal: AbortSignal): Promise<TransferResult> {
    const { owner } = copy;
    const source = copy.source === null ? null : await this.#account(owner, "source", copy.source);
    const target = copy.target === null ? null : await this.#account(owner, "target", copy.target);
    try {
      switch (copy.purpose) {
        case "copy":
          if (source === null || target === null) return { status: "signed_out" };
          return await this.#into(target, copy, () => this.#opened(copy, source), signal);
        case "import":
          if (target === null) return { status: "signed_out" };
          return await this.#into(target, copy, () => this.#file(copy, signal), signal);
        case "export":
          if (source === null) return { status: "signed_out" };
          return await this.#options.runExport(copy, source, signal);
      }
    } catch (error) {
      if (signal.aborted) return { status: "aborted" };
      if (!(error instanceof UnreadableAccountError)) throw error;
      return unread(error);
    }
  }

  async #opened(copy: KeyCopy, account: Account): Promise<KeySource | "no_key"> {
    const opened = openedBackupOf(await this.#options.copies.secret(copy.id));
    return opened === null ? "no_key" : { kind: "backup", account, opened };
  }

  async #file(copy: KeyCopy, signal: AbortSignal): Promise<KeySource | NoFileContent> {
    const content = await this.#options.readFile(copy, signal);
    return typeof content === "string" ? content : { kind: "file", content };
  }

  async #account(owner: string, side: Side, userId: string): Promise<Account | null> {
    const account = await this.#options.accounts.get(owner, side);
    return account?.userId === userId ? account : null;
  }

  /** @param read the keys, which are asked for once they can be written */
  async #into(
    target: Account,
    copy: KeyCopy,
    read: () => Promise<KeySource | NoFileContent>,
    signal: AbortSignal,
  ): Promise<TransferResult> {
    const { copies, keys, changed } = this.#options;
    const backup = await keys.backup(target, { isSignatureChecked: true, signal });
    if (backup.kind === "none")
      return { status: "no_target_backup", reason: backup.isSwitchedOff ? "switched_off" : "none" };
    if (backup.kind === "unknown_algorithm") return { status: "no_target_backup", reason: backup.kind };
    if (backup.isSigned !== true) return { status: "no_target_backup", reason: "unsigned" };
    const to: BackupIdentity = { version: backup.version, publicKey: backup.publicKey };
    const isAnother = copy.to !== null && !isSameBackup(copy.to, to);
    // It was replaced while the copy paused.
    if (isAnother && copy.hasStartedOver) return { status: "stopped", reason: "changed_again", text: "" };
    const from = await read();
    // The bot's own server is away. A message would not arrive before it is back.
    if (from === "unreachable") return { status: "wait", side: "target", waitingFor: "server", waitMs: null };
    if (typeof from === "string") return { status: from };
    const hasStartedOver = copy.hasStartedOver || isAnother;
    const again = isAnother ? { alreadyThere: null, done: 0 } : {};
    const { notBefore } = copy;
    if (copy.state !== "running" && (await copies.apply(copy.id, "continued", { notBefore })) === null)
      return { status: "aborted" };
    let current: KeyCopy = { ...copy, state: "running", reason: null, to, hasStartedOver };
    let isCompared = false;
    await store({ to, hasStartedOver, ...again });
    return keys.copy({
      from,
      target,
      to,
      hasStartedOver,
      batchSize: copy.batchSize,
      signal,
      onProgress: async ({ done, total, alreadyThere, batchSize }: KeyCopyProgress) => {
        // Only keys that the server took end a series of waits: each comparison reads both backups.
        const isTaken = isCompared && done > current.done;
        await store({
          ...{ done, total, batchSize, ...(isTaken && { waits: 0 }) },
          alreadyThere: current.alreadyThere ?? alreadyThere,
        });
        isCompared = true;
      },
      onStartedOver: async (next) => store({ to: next, hasStartedOver: true, alreadyThere: null, done: 0 }),
    });

    async function store(changes: Partial<KeyCopy> & Parameters<typeof copies.change>[1]): Promise<void> {
      current = { ...current, ...changes };
      await copies.change(copy.id, changes);
      changed(current);
    }
  }
}

/** What it means for the work that an account could not be read. */
export function unread({ account, refusal }: UnreadableAccountError): KeyCopyResult {
  const { side } = account;
  const passing = passingCause(account, refusal);
  if (passing === null) return { status: "refused", side, refusal };
  const waitingFor = passing.cause.code === "limited" ? "limit" : "server";
  return { status: "wait", side, waitingFor, waitMs: passing.waitMs };
}
