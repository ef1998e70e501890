import { z } from "zod";

/** Old account (`source`) and new account (`target`) of a move. */
export const sides = ["source", "target"] as const;
export type Side = (typeof sides)[number];

/** The other account's side. */
export function otherSide(side: Side): Side {
  return side === "source" ? "target" : "source";
}

/**
 * The origin of a session: confirmed by the user in a browser (OAuth 2.0), created by the bot with
 * a password, or a token that the user pasted.
 */
export const signInMethods = ["link", "password", "token"] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** A signed-in account of a person. Its session is stored separately and sealed. */
export interface Account {
  /** The user who commands the bot: either account or a third one. */
  owner: string;
  side: Side;
  userId: string;
  /** Client API address of its homeserver. */
  baseUrl: string;
  method: SignInMethod;
  deviceId: string | null;
  signedInAt: number;
}

/**
 * An old account that nobody has signed in. It is known from files that the person imported, who
 * has not proven to be its owner.
 */
export interface FileAccount {
  owner: string;
  side: "source";
  userId: string;
  method: "file";
  /** When the last file was imported, in milliseconds since the epoch. */
  importedAt: number;
  /** When the newest file was written, as far as files say it, in milliseconds since the epoch. */
  writtenAt: number;
}

/** The old account of a move: signed in, or known from files. */
export type OldAccount = Account | FileAccount;

/** Whether nobody has signed in the old account. */
export function isFromFile(account: OldAccount): account is FileAccount {
  return account.method === "file";
}

/** When the account was signed in, or the last file about it was imported. */
export function knownSince(account: OldAccount): number {
  return isFromFile(account) ? account.importedAt : account.signedInAt;
}

/** The two accounts of a move. */
export interface MovedAccounts {
  source: OldAccount;
  target: Account;
}

/** The tokens of a session: a secret. Only the account's platform reads further fields. */
export const sessionTokensSchema = z.looseObject({ accessToken: z.string().min(1) });
export type SessionTokens = z.output<typeof sessionTokensSchema>;

/** An account with the tokens of its session. */
export interface SignedInAccount {
  account: Account;
  tokens: SessionTokens;
}
