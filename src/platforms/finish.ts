import type { Account } from "../model/account.ts";
import type { PlannedStep } from "../model/step.ts";
import type { SignInProblem } from "./sign-in.ts";

/** What the end of a move needs of two accounts, besides their comparison. */
export interface FinishFacts {
  /** The old account's name; `null` if it has none. */
  readonly name: string | null;
  /** Whether that name says what the new account's ID is. */
  readonly isRenamed: boolean;
  /** Whether mentions of the old account reach the new one. */
  readonly hasMentionRule: boolean;
}

/**
 * Where the owner of an account ends all of its sessions. `here`: the bot can do it. `page`: only
 * on a page of the account's server, whose address may be unknown.
 */
export type SessionsEndedAt =
  { readonly kind: "here" } | { readonly kind: "page"; readonly page: string | null };

/** The sessions of an account. */
export interface OpenSessions {
  /** Those that are not the bot's. */
  readonly others: number;
  readonly endedAt: SessionsEndedAt;
}

/** How the end of all sessions of an account went. */
export type AllSessionsEnding =
  | { readonly status: "ended" }
  /** The bot's own session had ended before, so nothing was done. */
  | { readonly status: "session_ended" }
  | { readonly status: "on_page"; readonly page: string | null }
  | { readonly status: "not_done"; readonly problem: SignInProblem };

/**
 * Where an account is closed. `app`: its server has no page for that. `unknown`: the server does
 * not say just now.
 */
export type AccountClosing =
  { readonly kind: "page"; readonly page: string } | { readonly kind: "app" | "unknown" };

/** What a platform does for the end of a move. */
export interface PlatformFinish {
  /** The step by which mentions of the old account reach the new one, or no longer. */
  mentionStep(oldUserId: string, options: { isOff: boolean }): PlannedStep;
  /** Only reads. @throws UnreadableAccountError */
  sessions(account: Account): Promise<OpenSessions>;
  /**
   * Ends all sessions of an account, also those of its owner's apps and a pasted one.
   * @param onBegin awaited before the request that ends them
   */
  endAllSessions(account: Account, onBegin: () => Promise<void>): Promise<AllSessionsEnding>;
  /** Where an account is closed. The bot need not be signed in. Only reads. */
  closing(userId: string): Promise<AccountClosing>;
}
