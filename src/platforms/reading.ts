import type { Account } from "../model/account.ts";
import type { AccountRefusal } from "./sign-in.ts";

/** The progress of reading an account, or of asking about the rooms of a file, in rooms. */
export interface ReadProgress {
  /** The server that is asked. */
  serverName: string;
  isOfFile?: true;
  read: number;
  total: number;
}

/** A signed-in account could not be read. */
export class UnreadableAccountError extends Error {
  readonly account: Account;
  readonly refusal: AccountRefusal;

  constructor(account: Account, refusal: AccountRefusal) {
    super(`an account could not be read: ${refusal.code}`);
    this.name = "UnreadableAccountError";
    this.account = account;
    this.refusal = refusal;
  }
}

/**
 * An alias could not be resolved. The account's server works, but the alias's own server did not
 * answer it.
 */
export class UnansweredAliasError extends Error {
  override readonly name = "UnansweredAliasError";
  readonly alias: string;

  constructor(alias: string, cause: unknown) {
    super("no server resolved the alias", { cause });
    this.alias = alias;
  }
}
