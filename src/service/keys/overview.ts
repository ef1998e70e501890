import type { Account, Side } from "../../model/account.ts";
import { sides } from "../../model/account.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import { isKeyCopyUnfinished } from "../../model/key-copy.ts";
import type { PlatformKeys } from "../../platforms/keys.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import { notRead } from "./opening.ts";
import type { BackupOfAccount, KeyStatus, WaysResult } from "./results.ts";

export interface KeyOverviewOptions {
  accounts: Pick<Accounts, "get">;
  copies: Pick<KeyCopies, "of" | "copied">;
  keys: Pick<PlatformKeys, "backup" | "ways" | "isVerified">;
}

/** Reads where the keys of a person stand. */
export class KeyOverview {
  readonly #options: KeyOverviewOptions;

  constructor(options: KeyOverviewOptions) {
    this.#options = options;
  }

  /** How the old backup can be opened. Starts nothing. */
  async ways(owner: string): Promise<WaysResult> {
    const { accounts, keys } = this.#options;
    const [source, target] = [await accounts.get(owner, "source"), await accounts.get(owner, "target")];
    const missing = sides.filter((side) => (side === "source" ? source : target) === null);
    if (source === null || target === null) return { status: "not_signed_in", missing };
    try {
      const [ways, ofTarget] = await Promise.all([keys.ways(source), this.#backup(target, "target")]);
      const backup = "backup" in ofTarget ? ofTarget.backup : null;
      return { status: "ways", ways, target: backup, copy: await this.unfinished(owner) };
    } catch (error) {
      return notRead(error);
    }
  }

  async status(owner: string): Promise<KeyStatus> {
    const { accounts, copies } = this.#options;
    const [source, target] = [await accounts.get(owner, "source"), await accounts.get(owner, "target")];
    const [ofSource, ofTarget, isVerified] = await Promise.all([
      source && this.#backup(source, "source"),
      target && this.#backup(target, "target"),
      source !== null && this.#isVerified(source),
    ]);
    return {
      backups: { ...(ofSource && { source: ofSource }), ...(ofTarget && { target: ofTarget }) },
      isVerified,
      copy: await copies.of(owner),
      copied: await copies.copied(owner),
    };
  }

  /** The work with keys of a person that is not over; `null` if there is none. */
  async unfinished(owner: string): Promise<KeyCopy | null> {
    const copy = await this.#options.copies.of(owner);
    return copy !== null && isKeyCopyUnfinished(copy) ? copy : null;
  }

  /** Where it cannot be read now, the backups are shown without it. */
  async #isVerified(source: Account): Promise<boolean> {
    try {
      return await this.#options.keys.isVerified(source);
    } catch (error) {
      if (error instanceof UnreadableAccountError) return false;
      throw error;
    }
  }

  async #backup(account: Account, side: Side): Promise<BackupOfAccount> {
    try {
      const isSignatureChecked = side === "target";
      return { account, backup: await this.#options.keys.backup(account, { isSignatureChecked }) };
    } catch (error) {
      return { account, refusal: notRead(error).refusal };
    }
  }
}
