import type { Account } from "../model/account.ts";
import type { AccountRefusal } from "./sign-in.ts";

/** The progress of what is read before something is decided. */
export type ReadProgress = RoomProgress | ServerProgress;

/** Rooms of an account, or rooms of a file about which a server was asked. */
export interface RoomProgress {
  of: "account" | "file";
  /** The server that is asked. */
  serverName: string;
  read: number;
  total: number;
}

/** Servers that a file names. They were asked whether they still exist. */
export interface ServerProgress {
  of: "servers";
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
