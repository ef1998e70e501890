import { z } from "zod";
import type { Account, Side } from "../../model/account.ts";
import type { BackupIdentity } from "../../model/key-backup.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import type {
  KeyCopyProgress,
  KeyCopyResult,
  KeySource,
  OpenedBackup,
  PlatformKeys,
} from "../../platforms/keys.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import { passingCause } from "../run/kept-request.ts";

/** What opens the old backup, as it is sealed with a copy. */
const openedBackupSchema = z.object({ version: z.string(), publicKey: z.string(), key: z.string() });

/** `null` for anything that is no opened backup. */
export function openedBackupOf(secret: unknown): OpenedBackup | null {
  return openedBackupSchema.safeParse(secret).data ?? null;
}

/** `signed_out`: an account was signed out meanwhile. `no_key`: what opens the keys is gone. */
export type TransferResult = KeyCopyResult | { status: "signed_out" | "no_key" };

export interface TransferOptions {
  accounts: Pick<Accounts, "get">;
  copies: Pick<KeyCopies, "apply" | "change" | "secret">;
  keys: Pick<PlatformKeys, "backup" | "copy">;
  /** Called when the progress or the state was stored. */
  changed: (copy: KeyCopy) => void;
}

/** Copies keys into the backup of the new account: one call from one interruption to the next. */
export class KeyTransfer {
  readonly #options: TransferOptions;

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  async run(copy: KeyCopy, signal: AbortSignal): Promise<TransferResult> {
    const { owner } = copy;
    const source = copy.source === null ? null : await this.#account(owner, "source", copy.source);
    const target = copy.target === null ? null : await this.#account(owner, "target", copy.target);
    if (source === null || target === null) return { status: "signed_out" };
    const opened = openedBackupOf(await this.#options.copies.secret(copy.id));
    if (opened === null) return { status: "no_key" };
    try {
      return await this.#into(target, copy, { kind: "backup", account: source, opened }, signal);
    } catch (error) {
      if (!(error instanceof UnreadableAccountError)) throw error;
      return signal.aborted ? { status: "aborted" } : unread(error);
    }
  }

  async #account(owner: string, side: Side, userId: string): Promise<Account | null> {
    const account = await this.#options.accounts.get(owner, side);
    return account?.userId === userId ? account : null;
  }

  async #into(target: Account, copy: KeyCopy, from: KeySource, signal: AbortSignal): Promise<TransferResult> {
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

function isSameBackup(one: BackupIdentity, other: BackupIdentity): boolean {
  return one.version === other.version && one.publicKey === other.publicKey;
}

/** What it means for the work that an account could not be read. */
export function unread({ account, refusal }: UnreadableAccountError): KeyCopyResult {
  const { side } = account;
  const passing = passingCause(account, refusal);
  if (passing === null) return { status: "refused", side, refusal };
  const waitingFor = passing.cause.code === "limited" ? "limit" : "server";
  return { status: "wait", side, waitingFor, waitMs: passing.waitMs };
}
